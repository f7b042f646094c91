"""The coach of one call: what it says, when, why, and what becomes of it."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest

from countenance.coaching.coach import Coach, Manner
from countenance.coaching.conditions import Side
from countenance.coaching.governor import Limits
from countenance.coaching.playbook import load
from countenance.coaching.prompts import Action, Arm, Change, Outcome, Prompt, Step, Withheld
from countenance.coaching.scene import Estimated, State, Tick, state_of
from countenance.contracts.errors import NotFoundError, PreconditionError
from countenance.contracts.media import SECOND_US, Utterance
from countenance.contracts.telemetry import Stretch

SALES = load("sales")
SHOWN = Limits(holdout_percent=0)
HELD = Limits(holdout_percent=50)
SIDES = {"ben": Side.COACH, "ana": Side.OTHER}
BOTH = frozenset(SIDES)


def fallen(seconds: int, high_s: int = 10, **changes: object) -> Iterator[Tick]:
    """Ana's estimate stands high, falls and stays there; nobody speaks unless said."""
    for second in range(1, seconds + 1):
        value = 0.7 if second <= high_s else 0.36
        labels = {"engaged": Estimated(value, value - 0.15, value + 0.15)}
        tick = Tick(second * SECOND_US, SIDES, (State("ana", labels),), measured=BOTH, reads=frozenset({"ana"}))
        yield replace(tick, **changes) if changes else tick  # type: ignore[arg-type]


def coach_of(limits: Limits = SHOWN, **changes: object) -> Coach:
    return Coach(SALES, replace(Manner("seed", limits=limits), **changes))  # type: ignore[arg-type]


def run(coach: Coach, ticks: Iterator[Tick] | Sequence[Tick]) -> list[Change]:
    return [change for tick in ticks for change in coach.step(tick)]


def prompted(coach: Coach) -> Prompt:
    run(coach, fallen(30))
    assert coach.live is not None
    return coach.live


def test_a_fall_of_twenty_seconds_gives_one_prompt_with_its_reason_and_three_features() -> None:
    coach = coach_of()
    changes = run(coach, fallen(70))
    issued = [change.prompt for change in changes if change.step is Step.ISSUED]
    assert [one.said for one in issued] == [
        "Buyer's engagement estimate fell for 20 s, confidence medium: consider a discovery question"
    ]
    assert issued[0].at_us == 30 * SECOND_US
    assert issued[0].onset_us == 10 * SECOND_US
    assert [one.words for one in issued[0].why] == [
        "engagement estimate",
        "engagement estimate before",
        "seconds they spoke",
    ]
    assert issued[0].budget_left == 5
    assert issued[0].coach_speaking is False


def test_prompts_come_in_the_language_of_the_coach() -> None:
    prompt = prompted(coach_of(language="de"))
    assert prompt.said == (
        "Geschätzte Beteiligung (Käuferseite) seit 20 s gesunken, Sicherheit mittel: "
        "stellen Sie vielleicht eine offene Frage"
    )


def test_nothing_is_said_over_the_sentence_of_the_coach_and_it_comes_after() -> None:
    coach = coach_of()
    for tick in fallen(33):
        talk = (Stretch(tick.end_us - SECOND_US, tick.end_us, "ben"),) if tick.end_us > 20 * SECOND_US else ()
        assert coach.step(replace(tick, talk=talk)) == []
    assert coach.withheld == {"engagement_fell": Withheld.SPEAKING}
    late = [replace(tick, end_us=tick.end_us + 33 * SECOND_US) for tick in fallen(2, high_s=0)]
    issued = [change.prompt for change in run(coach, late)]
    assert issued[0].reason.startswith("Buyer's engagement estimate fell for 24 s")
    assert coach.withheld == {}


def test_where_nobody_can_know_whether_the_coach_speaks_the_prompt_says_so() -> None:
    coach = coach_of()
    run(coach, fallen(30, measured=frozenset({"ana"})))
    assert coach.live is not None
    assert coach.live.coach_speaking is None


def test_a_prompt_that_nobody_answers_expires_and_is_not_dismissed() -> None:
    coach = coach_of()
    changes = run(coach, fallen(100))
    fates = [(change.step, change.prompt.outcome, change.prompt.answered_us) for change in changes]
    assert fates == [
        (Step.ISSUED, None, None),
        (Step.RESOLVED, Outcome.EXPIRED, 50 * SECOND_US),
        (Step.SETTLED, Outcome.EXPIRED, 50 * SECOND_US),
    ]
    assert changes[-1].prompt.acted is False
    assert coach.live is None


def test_what_is_accepted_is_looked_at_for_a_minute() -> None:
    coach = coach_of()
    prompt = prompted(coach)
    changes = coach.act(prompt.id, Action.ACCEPTED, 33 * SECOND_US)
    assert [change.step for change in changes] == [Step.SEEN, Step.RESOLVED]
    talk = [
        replace(
            tick, end_us=tick.end_us + 30 * SECOND_US,
            talk=(Stretch(tick.end_us + 29 * SECOND_US, tick.end_us + 30 * SECOND_US, "ana"),),
        )
        for tick in fallen(12, high_s=0)
    ]  # fmt: skip
    (settled,) = run(coach, talk)
    assert (settled.step, settled.prompt.outcome, settled.prompt.acted) == (Step.SETTLED, Outcome.ACCEPTED, True)
    assert settled.prompt.time_to_action_us == 8 * SECOND_US


def test_a_prompt_whose_behaviour_cannot_be_known_says_nothing_of_it() -> None:
    coach = coach_of()
    changes = run(coach, fallen(100, measured=frozenset(), reads=frozenset()))
    assert changes[-1].step is Step.SETTLED
    assert changes[-1].prompt.acted is None


@pytest.mark.parametrize("action", [Action.DISMISSED, Action.SNOOZED, Action.EDITED])
def test_a_prompt_is_answered_once(action: Action) -> None:
    coach = coach_of()
    prompt = prompted(coach)
    assert coach.act(prompt.id, action, 31 * SECOND_US)[-1].prompt.outcome == action.value
    with pytest.raises(PreconditionError, match="already"):
        coach.act(prompt.id, Action.ACCEPTED, 32 * SECOND_US)
    assert ("engagement_fell" in coach.governor.snoozed) is (action is Action.SNOOZED)


def test_what_was_seen_is_noted_once() -> None:
    coach = coach_of()
    prompt = prompted(coach)
    assert [change.step for change in coach.act(prompt.id, Action.SEEN, 31 * SECOND_US)] == [Step.SEEN]
    assert coach.act(prompt.id, Action.SEEN, 32 * SECOND_US) == ()
    assert coach.prompts[prompt.id].seen_us == 31 * SECOND_US


def test_a_prompt_is_not_answered_after_its_time() -> None:
    coach = coach_of()
    prompt = prompted(coach)
    with pytest.raises(PreconditionError, match="expired"):
        coach.act(prompt.id, Action.ACCEPTED, 50 * SECOND_US)


def test_one_that_is_held_back_is_computed_and_followed_but_cannot_be_answered() -> None:
    seed = next(
        seed
        for seed in map(str, range(99))
        if run(Coach(SALES, Manner(seed, limits=HELD)), fallen(30))[0].prompt.arm is Arm.HOLDOUT
    )
    coach = Coach(SALES, Manner(seed, limits=HELD))
    changes = run(coach, fallen(100))
    assert [change.step for change in changes] == [Step.ISSUED, Step.SETTLED]
    assert changes[-1].prompt.outcome is Outcome.NOT_SHOWN
    assert changes[-1].prompt.acted is False
    assert coach.live is None
    with pytest.raises(NotFoundError):
        coach.act(changes[0].prompt.id, Action.ACCEPTED, 31 * SECOND_US)


def test_an_unknown_prompt_is_not_found() -> None:
    with pytest.raises(NotFoundError):
        coach_of().act("pr_0", Action.SEEN, 0)


def test_the_same_seconds_give_the_same_prompts() -> None:
    first, second = coach_of(HELD), coach_of(HELD)
    assert run(first, fallen(300)) == run(second, fallen(300))


def test_the_end_of_a_call_settles_everything() -> None:
    coach = coach_of()
    prompt = prompted(coach)
    changes = coach.finish(35 * SECOND_US)
    assert [change.step for change in changes] == [Step.RESOLVED, Step.SETTLED]
    assert coach.prompts[prompt.id].outcome is Outcome.EXPIRED
    assert coach.prompts[prompt.id].acted is None
    assert coach.finish(36 * SECOND_US) == []


def test_quiet_hours_and_rules_that_are_off_are_kept() -> None:
    assert run(coach_of(quiet=lambda _at_us: True), fallen(40)) == []
    assert run(coach_of(disabled=frozenset({"engagement_fell"})), fallen(40)) == []


def test_a_fall_has_one_prompt_and_the_next_needs_a_height_of_its_own() -> None:
    coach = coach_of()
    run(coach, fallen(200))
    assert len(coach.prompts) == 1
    again = [replace(tick, end_us=tick.end_us + 200 * SECOND_US) for tick in fallen(60, high_s=20)]
    run(coach, again)
    assert len(coach.prompts) == 2


def test_a_second_without_an_estimate_is_no_low_estimate() -> None:
    coach = coach_of()
    ticks = [tick if n % 2 else replace(tick, states=()) for n, tick in enumerate(fallen(60))]
    assert run(coach, ticks) == []


def test_somebody_who_left_raises_nothing() -> None:
    coach = coach_of()
    run(coach, fallen(29))
    gone = next(tick for tick in fallen(30) if tick.end_us == 30 * SECOND_US)
    assert coach.step(replace(gone, sides={"ben": Side.COACH})) == []


def test_words_raise_a_prompt_of_their_own_side_alone() -> None:
    said = Utterance("", "ana", 0, SECOND_US, "This is too expensive!", 1.0, "en")
    tick = Tick(SECOND_US, SIDES, words=(said,), measured=BOTH, reads=frozenset({"ana"}))
    (change,) = coach_of().step(tick)
    assert change.prompt.reason == "Buyer said “too expensive”"
    assert change.prompt.confidence is None
    assert coach_of().step(replace(tick, words=(replace(said, participant_id="ben"),))) == []


def test_a_prompt_about_the_talk_of_the_coach_is_about_the_coach() -> None:
    coach = coach_of()
    talk = [
        Tick(end * SECOND_US, SIDES, talk=(Stretch((end - 1) * SECOND_US, end * SECOND_US, "ben"),), measured=BOTH)
        for end in range(1, 96)
    ]
    assert run(coach, talk) == []
    assert coach.withheld == {"long_turn": Withheld.SPEAKING}
    (change,) = coach.step(Tick(96 * SECOND_US, SIDES, measured=BOTH))
    assert (change.prompt.rule_id, change.prompt.about) == ("long_turn", "ben")
    assert change.prompt.reason == "You have spoken for 95 s without a break"


def test_a_state_is_read_from_what_went_out() -> None:
    data = {
        "subject": {"participant_id": "ana", "role": "customer"},
        "label": "engaged",
        "labels": {"engaged": {"probability": 0.7, "interval": [0.6, 0.8]}},
        "evidence": [{"feature": "cue.smile", "value": 0.5, "effect": 0.2}],
    }
    state = state_of(data)
    assert state.labels["engaged"].width == pytest.approx(0.2)
    assert (state.label, state.evidence) == ("engaged", (("cue.smile", 0.5),))
    assert state_of({"subject": {"participant_id": "ana"}, "evidence": []}).labels == {}


def test_a_prompt_that_could_not_be_given_is_taken_back() -> None:
    coach = coach_of()
    prompt = prompted(coach)
    coach.retract(prompt.id)
    assert coach.live is None
    assert coach.finish(40 * SECOND_US) == []
    assert coach.governor.budget_left(40 * SECOND_US) == 5


def test_of_somebody_who_is_erased_nothing_is_known_any_more() -> None:
    coach = coach_of()
    said = Utterance("", "ana", 0, SECOND_US, "Well.", 1.0, "en")
    for tick in fallen(30):
        coach.step(replace(tick, words=(said,), talk=(Stretch(tick.end_us - 9, tick.end_us, "ana"),)))
    assert coach.live is not None
    coach.forget("ana")
    assert (dict(coach.prompts), dict(coach.scene.states), list(coach.scene.words)) == ({}, {}, [])
    assert not coach.scene.spans("ana")
    assert coach.finish(40 * SECOND_US) == []
    coach.forget("ana")
