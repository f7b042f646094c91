"""How sure a change is. Changes are turned so that more is worse, whatever the measure counts."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import sqrt

import numpy as np

from countenance.contracts.errors import UsageError
from countenance.evaluation.intervals import REPEATS, drawn, ends
from countenance.evaluation.metrics import Measure
from countenance.evaluation.scores import Floats, Scores
from countenance.evaluation.statistics import Statistic, Truth


class How(StrEnum):
    """What an interval rests on."""

    SAME = "same weights"
    """Both sides name the same weights and say the same: the change is nothing, not an estimate of nothing."""
    PAIRED = "paired"
    """Both sides on the same rows, drawn together: what rows have in common cancels."""
    APART = "apart"
    """Two published intervals, taken as independent: wider than need be where both saw the same rows."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A change for the worse with its 95 % interval; None where too little is there to say."""

    change: float | None
    low: float | None
    high: float | None
    how: How


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its interval, as a report has it."""

    value: float | None
    low: float | None
    high: float | None


NOTHING = Evidence(0.0, 0.0, 0.0, How.SAME)


def apart(before: Estimate, after: Estimate, higher_is_better: bool) -> Evidence:
    """The change between two independent estimates, by the square-and-add rule (Zou and Donner 2008)."""
    if before.value is None or after.value is None:
        return Evidence(None, None, None, How.APART)
    change = before.value - after.value if higher_is_better else after.value - before.value
    if before.low is None or before.high is None or after.low is None or after.high is None:
        return Evidence(change, None, None, How.APART)
    # An interval by drawing again need not hold its own point; an arm of less than nothing counts as none.
    down = (max(0.0, before.value - before.low), max(0.0, after.value - after.low))
    up = (max(0.0, before.high - before.value), max(0.0, after.high - after.value))
    if higher_is_better:
        return Evidence(change, change - _root(down[0], up[1]), change + _root(up[0], down[1]), How.APART)
    return Evidence(change, change - _root(up[0], down[1]), change + _root(down[0], up[1]), How.APART)


@dataclass(frozen=True, slots=True)
class PairedChange:
    """What one measure did on the same rows: over everybody, and per group its own fall and its gap."""

    whole: Evidence
    fall: tuple[Evidence, ...]
    gap: tuple[Evidence, ...]


def paired(
    asked: Measure, before: Scores, after: Scores, groups: Sequence[Truth], repeats: int = REPEATS
) -> PairedChange:
    """Draw whole clusters of both tables together, `repeats` times with one seed; `groups` are rows of both."""
    worse = -1.0 if asked.higher_is_better else 1.0
    left, right = (_statistics(asked, side, groups) for side in (before, after))
    values = drawn([*left, *right], before.clusters, repeats=repeats)
    change = worse * (values[len(left) :] - values[: len(left)])
    point = [worse * (two.value - one.value) for one, two in zip(left, right, strict=True)]
    groups_at = range(1, len(point))
    return PairedChange(
        whole=_evidence(point[0], change[0]),
        fall=tuple(_evidence(point[n], change[n]) for n in groups_at),
        gap=tuple(_evidence(point[n] - point[0], change[n] - change[0]) for n in groups_at),
    )


def aligned(before: Scores, after: Scores) -> tuple[Scores, Scores] | None:
    """Both tables in the order of their ids; None when they are not of the same rows, people, labels and truth."""
    if set(before.ids) != set(after.ids) or before.labels != after.labels or before.kind is not after.kind:
        return None
    left, right = (side.only(np.argsort(side.ids, kind="stable")) for side in (before, after))
    same = (
        np.array_equal(left.targets, right.targets, equal_nan=True)
        and np.array_equal(left.hard, right.hard)
        and np.array_equal(left.clusters, right.clusters)
        and left.main == right.main
        and left.slices.keys() == right.slices.keys()
        and all(np.array_equal(left.slices[name], right.slices[name]) for name in left.slices)
    )
    if not same:
        raise UsageError(
            "two tables of scores hold the same ids with another truth, other people or other groups",
            "Measure both bundles again on the same data.",
        )
    return left, right


def lost_rows(before: int, after: int) -> Evidence:
    """The share of the rows judged before that is judged no more, with its Wilson interval."""
    if before == 0:
        return Evidence(None, None, None, How.APART)
    lost = max(0, before - after) / before
    z = 1.96
    middle = (lost + z * z / (2 * before)) / (1 + z * z / before)
    arm = z * sqrt(lost * (1 - lost) / before + z * z / (4 * before * before)) / (1 + z * z / before)
    return Evidence(lost, max(0.0, middle - arm) if lost else 0.0, min(1.0, middle + arm), How.APART)


def _statistics(asked: Measure, scores: Scores, groups: Sequence[Truth]) -> list[Statistic]:
    return [asked.of(scores), *(_within(asked.of(scores.only(rows)), rows) for rows in groups)]


def _within(inner: Statistic, rows: Truth) -> Statistic:
    return Statistic(inner.n, lambda weights: inner.at(weights[:, rows]), len(rows))


def _evidence(point: float, values: Floats) -> Evidence:
    low, high = ends(values + 0.0)  # no change is 0, not -0
    return Evidence(None if np.isnan(point) else point + 0.0, low, high, How.PAIRED)


def _root(first: float, second: float) -> float:
    return sqrt(first * first + second * second)
