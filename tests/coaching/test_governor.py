"""The governor keeps its limits whatever is offered to it, in whatever order."""

from collections.abc import Sequence
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from countenance.coaching.governor import HOUR_US, Governor, Limits, Offer, draw_of
from countenance.coaching.prompts import Arm, Withheld
from countenance.contracts.media import SECOND_US

RULES = ("a", "b", "c")
LIMITS = Limits(holdout_percent=20)

offers = st.lists(
    st.tuples(
        st.integers(1, 400),  # seconds since the offer before
        st.sampled_from(RULES),
        st.booleans(),  # urgent
        st.sampled_from((None, False, True)),  # the coach speaks
        st.booleans(),  # quiet hours
        st.booleans(),  # answered at once
    ),
    max_size=60,
)
Made = list[tuple[int, str, bool, bool | None, bool, Arm]]


def run(asked: Sequence[tuple[int, str, bool, bool | None, bool, bool]], governor: Governor) -> Made:
    at_us, made = 0, []
    for gap_s, rule_id, urgent, speaking, quiet, answered in asked:
        at_us += gap_s * SECOND_US
        said = governor.ask(Offer(rule_id, urgent), at_us, speaking=speaking, quiet=quiet)
        if isinstance(said, Arm):
            made.append((at_us, rule_id, urgent, speaking, quiet, said))
            if answered:
                governor.answered()
    return made


@given(asked=offers)
@settings(deadline=None, max_examples=150)
def test_no_more_than_the_budget_is_given_in_any_hour(
    asked: list[tuple[int, str, bool, bool | None, bool, bool]],
) -> None:
    times = [at_us for at_us, *_ in run(asked, Governor("seed", LIMITS))]
    for start_us in times:
        assert sum(start_us <= at_us < start_us + HOUR_US for at_us in times) <= LIMITS.per_hour


@given(asked=offers)
@settings(deadline=None, max_examples=150)
def test_prompts_keep_their_distance(asked: list[tuple[int, str, bool, bool | None, bool, bool]]) -> None:
    made = run(asked, Governor("seed", LIMITS))
    for before, after in pairwise(made):
        assert after[0] - before[0] >= LIMITS.cooldown_s * SECOND_US
    for rule_id in RULES:
        own = [at_us for at_us, rule, *_ in made if rule == rule_id]
        assert all(after - before >= LIMITS.rule_cooldown_s * SECOND_US for before, after in pairwise(own))


@given(asked=offers)
@settings(deadline=None, max_examples=150)
def test_nothing_is_said_into_a_sentence_or_into_quiet_hours(
    asked: list[tuple[int, str, bool, bool | None, bool, bool]],
) -> None:
    for _, _, urgent, speaking, quiet, arm in run(asked, Governor("seed", LIMITS)):
        assert urgent or speaking is not True
        assert not quiet
        assert not (urgent and arm is Arm.HOLDOUT)


@given(asked=offers, snoozed=st.sets(st.sampled_from(RULES)), disabled=st.sets(st.sampled_from(RULES)))
@settings(deadline=None, max_examples=100)
def test_a_rule_that_is_off_or_snoozed_is_silent(
    asked: list[tuple[int, str, bool, bool | None, bool, bool]], snoozed: set[str], disabled: set[str]
) -> None:
    made = run(asked, Governor("seed", LIMITS, snoozed, disabled))
    assert not {rule_id for _, rule_id, *_ in made} & (snoozed | disabled)


@given(asked=offers)
@settings(deadline=None, max_examples=60)
def test_the_same_seed_gives_the_same_prompts_and_arms(
    asked: list[tuple[int, str, bool, bool | None, bool, bool]],
) -> None:
    assert run(asked, Governor("seed", LIMITS)) == run(asked, Governor("seed", LIMITS))


@given(asked=offers)
@settings(deadline=None, max_examples=60)
def test_both_arms_live_under_the_same_limits(asked: list[tuple[int, str, bool, bool | None, bool, bool]]) -> None:
    held = run(asked, Governor("seed", Limits(holdout_percent=50)))
    shown = run(asked, Governor("seed", Limits(holdout_percent=0)))
    assert [one[:-1] for one in held] == [one[:-1] for one in shown]


def test_one_in_ten_is_held_back() -> None:
    drawn = [draw_of(f"call {n}", "engagement_fell", n * SECOND_US) for n in range(4_000)]
    assert 0.08 < sum(one < 0.1 for one in drawn) / len(drawn) < 0.12


def test_every_reason_to_be_silent_is_told() -> None:
    governor = Governor("seed", Limits(per_hour=2, holdout_percent=0), {"b"}, {"c"})

    def ask(rule_id: str, at_s: int, *, speaking: bool | None = False, quiet: bool = False) -> Arm | Withheld:
        return governor.ask(Offer(rule_id, cooldown_s=90), at_s * SECOND_US, speaking=speaking, quiet=quiet)

    assert ask("b", 1) is Withheld.SNOOZED
    assert ask("c", 1) is Withheld.DISABLED
    assert ask("a", 1, quiet=True) is Withheld.QUIET_HOURS
    assert ask("a", 1, speaking=True) is Withheld.SPEAKING
    assert ask("a", 1, speaking=None) is Arm.SHOWN
    assert governor.budget_left(SECOND_US) == 1
    assert ask("d", 20) is Withheld.LIVE
    assert ask("d", 21) is Withheld.COOLDOWN
    assert ask("a", 90) is Withheld.RULE_COOLDOWN
    assert ask("a", 91) is Arm.SHOWN
    assert ask("d", 200) is Withheld.BUDGET
    assert governor.budget_left(3601 * SECOND_US) == 1
    assert ask("d", 3601) is Arm.SHOWN
