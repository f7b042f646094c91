"""How coaching fares, in numbers of nobody: acceptance never alone, and nothing said of too few.

Intervals are 95 %: Wilson's for shares, percentiles of 1,000 draws with a fixed seed for all else.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from countenance.coaching.prompts import TAKEN, Arm, Outcome
from countenance.contracts.media import SECOND_US
from countenance.storage.coached import CoachedCall, PromptFact

ENOUGH = 20
"""Fewer prompts, or fewer labels, say nothing yet."""
REPEATS, SEED = 1_000, 0
NORMAL = 1.959964
"""The normal quantile of a 95 % interval."""
LIMIT_S = 60
"""A behaviour that did not follow in so many seconds counts as having taken that long."""
OVERRIDDEN = frozenset({Outcome.DISMISSED, Outcome.SNOOZED})
HOUR_US = 3600 * SECOND_US

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Figure:
    """A number with its interval; None where there is not enough data."""

    value: float | None
    low: float | None
    high: float | None
    n: int
    """Of the smaller group, where two are compared."""


@dataclass(frozen=True, slots=True)
class RuleFigures:
    """How one rule fares."""

    playbook: str
    rule_id: str
    shown: int
    acceptance: Figure
    override: Figure


@dataclass(frozen=True, slots=True)
class Compared:
    """The shown against those held back."""

    shown: Figure
    holdout: Figure
    difference: Figure
    """Shown less held back."""


@dataclass(frozen=True, slots=True)
class Kpis:
    """Everything that prompts are judged by."""

    hours: float
    shown: int
    holdout: int
    per_hour: float | None
    acceptance: Figure
    seen: Figure
    expired: Figure
    accepted_not_acted: Figure
    """Of those that were taken up and whose result is known."""
    by_rule: tuple[RuleFigures, ...]
    acted: Compared
    time_to_action_s: Compared
    """Seconds, cut at the limit."""
    latency_p95_ms: Figure


def kpis(facts: Sequence[PromptFact], calls: Sequence[CoachedCall]) -> Kpis:
    """From what was counted."""
    shown = [one for one in facts if one.arm == Arm.SHOWN]
    held = [one for one in facts if one.arm == Arm.HOLDOUT]
    hours = sum(one.media_us for one in calls) / HOUR_US
    taken = [one for one in shown if one.outcome in TAKEN and one.acted is not None]
    return Kpis(
        hours=hours,
        shown=len(shown),
        holdout=len(held),
        per_hour=len(shown) / hours if hours > 0 else None,
        acceptance=share([one.outcome in TAKEN for one in shown]),
        seen=share([bool(one.seen) for one in shown]),
        expired=share([one.outcome == Outcome.EXPIRED for one in shown]),
        accepted_not_acted=share([not one.acted for one in taken]),
        by_rule=tuple(_by_rule(shown)),
        acted=_compared(shown, held, lambda one: float(bool(one.acted))),
        time_to_action_s=_compared(shown, held, _seconds),
        latency_p95_ms=_p95([one.latency_us for one in shown if one.latency_us is not None]),
    )


def share(hits: Sequence[bool]) -> Figure:
    """A share with Wilson's interval."""
    n = len(hits)
    if n < ENOUGH:
        return Figure(None, None, None, n)
    p, square = sum(hits) / n, NORMAL * NORMAL
    middle = (p + square / (2 * n)) / (1 + square / n)
    half = NORMAL / (1 + square / n) * math.sqrt(p * (1 - p) / n + square / (4 * n * n))
    return Figure(p, max(0.0, middle - half), min(1.0, middle + half), n)


def mean(values: Sequence[float]) -> Figure:
    """A mean with the interval of its draws."""
    if len(values) < ENOUGH:
        return Figure(None, None, None, len(values))
    low, high = _ends(_means(values, SEED))
    return Figure(float(np.mean(values)), low, high, len(values))


def difference(of: Sequence[float], to: Sequence[float]) -> Figure:
    """The mean of one group less that of another."""
    n = min(len(of), len(to))
    if n < ENOUGH:
        return Figure(None, None, None, n)
    low, high = _ends(_means(of, SEED) - _means(to, SEED + 1))
    return Figure(float(np.mean(of) - np.mean(to)), low, high, n)


def _by_rule(shown: Sequence[PromptFact]) -> list[RuleFigures]:
    names = sorted({(one.playbook, one.rule_id) for one in shown})
    found = []
    for playbook, rule_id in names:
        own = [one for one in shown if (one.playbook, one.rule_id) == (playbook, rule_id)]
        acceptance = share([one.outcome in TAKEN for one in own])
        override = share([one.outcome in OVERRIDDEN for one in own])
        found.append(RuleFigures(playbook, rule_id, len(own), acceptance, override))
    return found


def _compared(
    shown: Sequence[PromptFact], held: Sequence[PromptFact], value: Callable[[PromptFact], float]
) -> Compared:
    """Of prompts of which it can be known whether the behaviour followed."""
    first = [value(one) for one in shown if one.acted is not None]
    second = [value(one) for one in held if one.acted is not None]
    return Compared(mean(first), mean(second), difference(first, second))


def _seconds(one: PromptFact) -> float:
    after_us = LIMIT_S * SECOND_US if one.acted_after_us is None else one.acted_after_us
    return min(after_us / SECOND_US, float(LIMIT_S))


def _p95(latencies_us: Sequence[int]) -> Figure:
    """The nearest rank."""
    n = len(latencies_us)
    if n < ENOUGH:
        return Figure(None, None, None, n)
    return Figure(sorted(latencies_us)[math.ceil(0.95 * n) - 1] / 1000, None, None, n)


def _means(values: Sequence[float], seed: int) -> Floats:
    drawn = np.random.default_rng(seed).integers(0, len(values), size=(REPEATS, len(values)))
    means: Floats = np.asarray(values, dtype=np.float64)[drawn].mean(axis=1)
    return means


def _ends(values: Floats) -> tuple[float, float]:
    low, high = np.percentile(values, (2.5, 97.5))
    return float(low), float(high)
