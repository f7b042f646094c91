"""What coaching is judged by: acceptance never alone, and nothing of too few."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from countenance.coaching.kpis import ENOUGH, Figure, difference, kpis, mean, share
from countenance.coaching.labelled import NONE, Judged, brier, macro_f1
from countenance.coaching.prompts import Outcome
from countenance.storage.coached import CoachedCall, PromptFact

DAY, HOUR_US = "2026-11-23", 3_600_000_000
NOTHING = (None, None, None)


def fact(
    outcome: str = "accepted", arm: str = "shown", acted: int | None = 1, after_s: int | None = 10, rule: str = "a"
) -> PromptFact:
    after_us = None if after_s is None else after_s * 1_000_000
    return PromptFact(DAY, "sales.v1", rule, arm, outcome, 1, acted, after_us, 2_000_000, 150_000)


def bare(figure: Figure) -> tuple[float | None, float | None, float | None]:
    return figure.value, figure.low, figure.high


def test_of_too_few_nothing_is_said() -> None:
    found = kpis([fact()] * (ENOUGH - 1), [])
    for figure in (found.acceptance, found.seen, found.acted.shown, found.time_to_action_s.difference):
        assert bare(figure) == NOTHING
    assert (found.acceptance.n, found.shown, found.per_hour) == (ENOUGH - 1, ENOUGH - 1, None)
    assert found.latency_p95_ms.value is None


def test_acceptance_stands_beside_override_and_what_was_not_acted_on() -> None:
    facts = [
        *[fact()] * 20,
        *[fact("edited", acted=0, after_s=None)] * 20,
        *[fact("dismissed", rule="b")] * 15,
        *[fact("snoozed", rule="b")] * 5,
        *[fact("expired", rule="b", acted=None, after_s=None)] * 20,
        *[fact("not_shown", "holdout", acted=0, after_s=None)] * 25,
    ]
    found = kpis(facts, [CoachedCall(DAY, "sales.v1", 2 * HOUR_US)])
    assert (found.shown, found.holdout, found.hours, found.per_hour) == (80, 25, 2.0, 40.0)
    assert found.acceptance.value == 0.5
    assert found.expired.value == 0.25
    assert found.accepted_not_acted.value == 0.5
    assert [(one.rule_id, one.acceptance.value, one.override.value) for one in found.by_rule] == [
        ("a", 1.0, 0.0), ("b", 0.0, 0.5),
    ]  # fmt: skip
    assert found.latency_p95_ms.value == 150.0


def test_the_difference_to_what_was_held_back_has_its_interval() -> None:
    facts = [fact(after_s=10 + n % 5) for n in range(60)]
    facts += [fact("not_shown", "holdout", acted=n % 2, after_s=30 if n % 2 else None) for n in range(40)]
    found = kpis(facts, [])
    assert found.time_to_action_s.shown.value == pytest.approx(12)
    assert found.time_to_action_s.holdout.value == pytest.approx(45)
    gap = found.time_to_action_s.difference
    assert gap.value == pytest.approx(-33)
    assert gap.low is not None
    assert gap.high is not None
    assert gap.low < -33 < gap.high < 0
    assert gap.n == 40
    assert found.acted.difference.value == pytest.approx(0.5)


def test_figures_are_the_same_each_time() -> None:
    facts = [fact(after_s=n % 30) for n in range(40)]
    assert kpis(facts, []) == kpis(facts, [])


@given(hits=st.lists(st.booleans(), min_size=ENOUGH, max_size=200))
@settings(deadline=None)
def test_a_share_lies_in_its_interval(hits: list[bool]) -> None:
    found = share(hits)
    assert found.value is not None
    assert found.low is not None
    assert found.high is not None
    assert 0 <= found.low <= found.value <= found.high <= 1


@given(values=st.lists(st.floats(0, 60), min_size=ENOUGH, max_size=60))
@settings(deadline=None, max_examples=30)
def test_nothing_differs_from_itself(values: list[float]) -> None:
    assert difference(values, values).value == pytest.approx(0)
    found = mean(values)
    assert found.low is not None
    assert found.high is not None
    assert found.low - 1e-9 <= np.mean(values) <= found.high + 1e-9


def test_every_outcome_is_known_to_the_figures() -> None:
    facts = [fact(one) for one in Outcome for _ in range(ENOUGH)]
    assert kpis(facts, []).shown == len(facts)


def rows(pairs: Sequence[tuple[str, str]], people: int = 6) -> list[Judged]:
    return [
        Judged(f"p{n % people}", label, leading, {"engaged": 0.8 if leading == "engaged" else 0.2})
        for n, (label, leading) in enumerate(pairs)
    ]


def test_labels_judge_the_estimates() -> None:
    judged = rows([("engaged", "engaged")] * 15 + [(NONE, "engaged")] * 5 + [(NONE, NONE)] * 10)
    f1 = macro_f1(judged)
    # engaged: 2*15/(15+20); none: 2*10/(15+10)
    assert f1.value == pytest.approx((30 / 35 + 20 / 25) / 2)
    assert f1.low is not None
    assert f1.n == 30
    score = brier(judged)
    assert score.value == pytest.approx((15 * 0.04 + 5 * 0.64 + 10 * 0.04) / 30)


def test_few_labels_say_nothing_and_few_people_have_no_interval() -> None:
    assert bare(macro_f1(rows([("engaged", "engaged")] * 5))) == NOTHING
    few = macro_f1(rows([("engaged", "engaged")] * 30, people=2))
    assert (few.value, few.low, few.high) == (1.0, None, None)
    silent = [Judged(f"p{n}", NONE, NONE, {}) for n in range(30)]
    assert bare(brier(silent)) == NOTHING
