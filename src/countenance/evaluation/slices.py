"""The same measure for every group, with its distance to the whole: the vocabulary of fairlearn's `MetricFrame`."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from countenance.evaluation.intervals import REPEATS, draws, ends
from countenance.evaluation.metrics import Measure
from countenance.evaluation.scores import UNTOLD, Floats, Scores
from countenance.evaluation.statistics import Statistic, Truth

LEAST_ROWS = 50
LEAST_CLUSTERS = 2


@dataclass(frozen=True, slots=True)
class Slice:
    """One group under one measure.

    A group with too little data, or so few people that no interval can be drawn, has no figure: `enough` is False,
    never a pass.
    """

    attribute: str
    value: str
    measure: str
    n: int
    clusters: int
    enough: bool
    figure: float | None = None
    low: float | None = None
    high: float | None = None
    difference: float | None = None
    """The group's figure minus that of all rows; its interval is from the same draws."""
    difference_low: float | None = None
    difference_high: float | None = None
    shortfall: float | None = None
    """How much worse than the whole: the difference with its sign turned so that more is worse."""


def slices(
    measures: Sequence[Measure],
    scores: Scores,
    *,
    least: int = LEAST_ROWS,
    seed: int = 0,
    repeats: int = REPEATS,
) -> tuple[Slice, ...]:
    """Every group of every attribute under every measure: worst first, groups with too little data last."""
    found = [one for measure in measures for one in _by_group(measure, scores, least, (seed, repeats))]
    return tuple(sorted(found, key=_worst_first))


def groups(scores: Scores) -> list[tuple[str, str, Truth]]:
    """Attribute, value and rows of every group that somebody stated."""
    return [
        (attribute, str(value), np.asarray(values == value))
        for attribute, values in scores.slices.items()
        for value in np.unique(values)
        if value != UNTOLD
    ]


def _by_group(measure: Measure, scores: Scores, least: int, draw: tuple[int, int]) -> list[Slice]:
    whole = measure.of(scores)
    if not (parts := groups(scores)):
        return []
    kept, small, statistics = [], [], []
    for attribute, value, rows in parts:
        inner = measure.of(scores.only(rows))
        if not inner.n:
            continue
        clusters = len(np.unique(scores.clusters[rows]))
        named = Slice(attribute, value, measure.name, inner.n, clusters, enough=False)
        if inner.n < least or clusters < LEAST_CLUSTERS or np.isnan(inner.value):
            small.append(named)
            continue
        kept.append(named)
        statistics.append(_within(inner, rows))
    values = _drawn([whole, *statistics], scores, draw)
    pairs = zip(kept, statistics, values[1:], strict=True)
    return [_measured(name, one, whole, (drawn, values[0]), measure) for name, one, drawn in pairs] + small


def _measured(name: Slice, one: Statistic, whole: Statistic, drawn: tuple[Floats, Floats], measure: Measure) -> Slice:
    figure = one.value
    low, high = ends(drawn[0])
    if low is None:
        return name
    apart_low, apart_high = ends(drawn[0] - drawn[1])
    difference = figure - whole.value
    return Slice(
        attribute=name.attribute,
        value=name.value,
        measure=name.measure,
        n=name.n,
        clusters=name.clusters,
        enough=True,
        figure=figure,
        low=low,
        high=high,
        difference=difference,
        difference_low=apart_low,
        difference_high=apart_high,
        shortfall=-difference if measure.higher_is_better else difference,
    )


def _within(inner: Statistic, rows: Truth) -> Statistic:
    """A statistic of some rows, under weights of all rows."""
    return Statistic(inner.n, lambda weights: inner.at(weights[:, rows]), len(rows))


def _drawn(statistics: Sequence[Statistic], scores: Scores, draw: tuple[int, int]) -> list[Floats]:
    pieces = [[one.at(weights) for one in statistics] for weights in draws(scores.clusters, *draw)]
    return [np.concatenate([piece[at] for piece in pieces]) for at in range(len(statistics))]


def _worst_first(one: Slice) -> tuple[bool, float, str, str, str]:
    shortfall = one.shortfall if one.shortfall is not None else 0.0
    return (not one.enough, -shortfall, one.attribute, one.value, one.measure)
