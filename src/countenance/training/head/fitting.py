"""Penalty, calibration and abstention of a head, all from people that the fit in question has not seen."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from countenance.contracts.readings import Window
from countenance.evaluation.riskcoverage import threshold_for
from countenance.evaluation.scores import Scores
from countenance.fusion.head_features import Floats, Layout
from countenance.inference.calibration import sigmoid, softmax
from countenance.training.head.columns import standardised, survey, with_gaps
from countenance.training.head.lessons import OTHER, Lessons, folds
from countenance.training.head.logistic import Linear, fit

PENALTIES = (0.1, 0.03, 0.01, 0.003, 0.001, 0.0003, 0.0001)
"""From strong to weak; each fit begins where the stronger one ended."""
PATIENCE = 2
TEMPERATURES = np.exp(np.linspace(np.log(0.5), np.log(8.0), 57))
RISK = 0.25
"""A head of exclusive labels stays silent where, out of fold, more than this share of its surest labels were wrong."""
LEAST_COVERED = 0.5
"""No threshold is set that would silence more than half of the seconds."""
SMOOTH = 4.0
"""Labelled seconds that slope 1 and offset 0 weigh in the calibration of a label of its own."""

Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Calibrated:
    """One temperature for exclusive labels, or a slope and an offset per label."""

    temperature: float
    slope: Floats
    offset: Floats
    exclusive: bool

    def __call__(self, logits: Floats) -> Floats:
        """Probabilities, n x k."""
        scaled = logits * self.slope / np.float32(self.temperature) + self.offset
        return softmax(scaled) if self.exclusive else sigmoid(scaled)


Fits = list[tuple[Layout, Linear]]
"""One per fold, standardised and fitted on the other folds."""


@dataclass(frozen=True, slots=True, eq=False)
class OutOfFold:
    """A head as it is measured: each window is answered by the fit and the calibration of other people."""

    fits: Fits
    calibrated: list[Calibrated]
    """One per fold, from the other folds."""
    placed: Places
    """n: the fold of each window."""

    def __call__(self, windows: Sequence[Window]) -> Floats:
        """Probabilities of the labelled windows in their order, n x k, whatever is left of them; NaN of empty ones."""
        found = []
        for window, fold in zip(windows, self.placed.tolist(), strict=True):
            layout, linear = self.fits[fold]
            row = layout.matrix([window])
            said = self.calibrated[fold](linear(row))[0]
            found.append(said if layout.present(row).any() else np.full_like(said, np.nan))
        return np.stack(found)

    def only(self, rows: NDArray[np.bool_]) -> "OutOfFold":
        """The same for some of the windows."""
        return OutOfFold(self.fits, self.calibrated, self.placed[rows])


@dataclass(frozen=True, slots=True, eq=False)
class Head:
    """A fitted head with everything that a bundle states."""

    layout: Layout
    linear: Linear
    calibrated: Calibrated
    penalty: float
    abstain_below: float
    enters: dict[str, float]
    """Per label, the probability from which on saying it gave the best F1."""
    scores: Scores
    """Out of fold, calibrated by the other folds: what the figures are measured on."""
    without: dict[str, Scores]
    """The same with only some modalities left, by their names."""
    out_of_fold: OutOfFold
    """What answered them, to be asked of the same windows with less in them."""


def train(found: Lessons, seed: int, protocol: str) -> Head:
    """Choose out of fold, then fit on all."""
    windows = [labelled.window for labelled in found.windows]
    layout = survey(windows)
    raw = layout.raw(windows)
    placed = folds(found)
    penalty, fits = _chosen(found, layout, raw, placed, seed)
    logits = _out_of_fold(found, fits, raw, placed)
    crossed = _crossed(found, logits, placed)
    scores = scored(found, _through(crossed, logits, placed), protocol)
    final = standardised(layout, raw)
    linear = _fit(found, final, raw, np.ones(len(raw), np.bool_), penalty, seed, fits[0][1])
    return Head(
        layout=final,
        linear=linear,
        calibrated=calibrate(found, logits, found.weights),
        penalty=penalty,
        abstain_below=_abstain_below(scores) if found.exclusive else 0.0,
        enters={label: _enter(scores, column) for column, label in enumerate(found.labels) if label != OTHER},
        scores=scores,
        without=_subsets(found, fits, crossed, raw, placed, protocol),
        out_of_fold=OutOfFold(fits, crossed, placed),
    )


def judged(head: Head, found: Lessons, protocol: str) -> Scores:
    """The scores of a head on people it has not learnt from at all."""
    windows: list[Window] = [labelled.window for labelled in found.windows]
    return scored(found, head.calibrated(head.linear(head.layout.matrix(windows))), protocol)


def scored(found: Lessons, chances: Floats, protocol: str) -> Scores:
    """Probabilities beside what raters said, by second, clustered by people who share calls."""
    attributes = sorted({name for window in found.windows for name in window.demographics})
    return Scores(
        kind=found.kind,
        ids=np.array([labelled.id for labelled in found.windows]),
        labels=found.labels,
        probabilities=np.asarray(chances, np.float64),
        targets=np.asarray(found.targets, np.float64),
        protocol=protocol,
        clusters=np.array(found.groups),
        slices={a: np.array([window.demographics.get(a, "") for window in found.windows]) for a in attributes},
        self_reported=all(window.self_reported for window in found.windows),
        main=tuple(label for label in found.labels if label != OTHER),
    )


def calibrate(found: Lessons, logits: Floats, weights: Floats) -> Calibrated:
    """The calibration with the least surprise on these logits."""
    labels = logits.shape[1]
    ones, zeros = np.ones(labels, np.float32), np.zeros(labels, np.float32)
    if not found.exclusive:
        lines = [_line(logits[:, column], found.targets[:, column], weights) for column in range(labels)]
        slope, offset = (np.array(part, np.float32) for part in zip(*lines, strict=True))
        return Calibrated(1.0, slope, offset, exclusive=False)
    costs = [
        float((weights[:, None] * -found.targets * np.log(np.maximum(softmax(logits / np.float32(t)), 1e-7))).sum())
        for t in TEMPERATURES
    ]
    return Calibrated(round(float(TEMPERATURES[int(np.argmin(costs))]), 4), ones, zeros, exclusive=True)


def _chosen(found: Lessons, layout: Layout, raw: Floats, placed: Places, seed: int) -> tuple[float, Fits]:
    """The penalty that surprises least on people left out; from strong to weak, until two in a row gain nothing."""
    others = [np.asarray(placed != fold, np.bool_) for fold in range(int(placed.max()) + 1)]
    layouts = [standardised(layout, raw[rows]) for rows in others]
    starts: list[Linear | None] = [None] * len(others)
    least, best, idle = float("inf"), (PENALTIES[0], Fits()), 0
    for penalty in PENALTIES:
        fits = [
            (own, _fit(found, own, raw, rows, penalty, seed, start))
            for own, rows, start in zip(layouts, others, starts, strict=True)
        ]
        starts = [linear for _, linear in fits]
        surprise = _surprise(found, _out_of_fold(found, fits, raw, placed))
        idle = idle + 1 if surprise >= least else 0
        if surprise < least:
            least, best = surprise, (penalty, fits)
        if idle == PATIENCE:
            break
    return best


def _fit(
    found: Lessons,
    layout: Layout,
    raw: Floats,
    rows: NDArray[np.bool_],
    penalty: float,
    seed: int,
    start: Linear | None,
) -> Linear:
    shown, place = with_gaps(layout, layout.standardised(raw[rows]), np.random.default_rng(seed))
    copies = np.bincount(place, minlength=int(rows.sum()))[place]
    weights = np.asarray(found.weights[rows][place] / copies, np.float32)
    return fit(shown, found.targets[rows][place], weights, penalty, exclusive=found.exclusive, start=start)


def _out_of_fold(found: Lessons, fits: Fits, raw: Floats, placed: Places, gone: tuple[str, ...] = ()) -> Floats:
    """Logits of each row by the fit that has not seen its people."""
    logits = np.zeros((len(raw), len(found.labels)), np.float32)
    for fold, (layout, linear) in enumerate(fits):
        rows = placed == fold
        logits[rows] = linear(layout.without(layout.standardised(raw[rows]), gone))
    return logits


def _surprise(found: Lessons, logits: Floats) -> float:
    """Weighted mean cross-entropy after the best calibration."""
    chances = np.clip(calibrate(found, logits, found.weights)(logits), 1e-7, 1.0 - 1e-7)
    cost = -found.targets * np.log(chances)
    if not found.exclusive:
        cost -= (1.0 - found.targets) * np.log(1.0 - chances)
    return float((found.weights * cost.sum(axis=1)).mean())


def _crossed(found: Lessons, logits: Floats, placed: Places) -> list[Calibrated]:
    """For each fold the calibration of the other folds."""
    others = [np.asarray(placed != fold, np.bool_) for fold in range(int(placed.max()) + 1)]
    return [calibrate(found.only(rows), logits[rows], found.weights[rows]) for rows in others]


def _through(crossed: list[Calibrated], logits: Floats, placed: Places) -> Floats:
    """Probabilities of each fold."""
    chances = np.zeros_like(logits)
    for fold, own in enumerate(crossed):
        chances[placed == fold] = own(logits[placed == fold])
    return chances


def _subsets(
    found: Lessons, fits: Fits, crossed: list[Calibrated], raw: Floats, placed: Places, protocol: str
) -> dict[str, Scores]:
    """Out of fold with only some modalities left, on the rows that hold all of those."""
    layout = fits[0][0]
    names = tuple(layout.values)
    there = layout.present(np.nan_to_num(raw))
    told: dict[str, Scores] = {}
    for bits in range(1, 2 ** len(names)):
        kept = [name for place, name in enumerate(names) if bits >> place & 1]
        rows = np.asarray(there[:, [names.index(name) for name in kept]].all(axis=1))
        if rows.any():
            gone = tuple(name for name in names if name not in kept)
            chances = _through(crossed, _out_of_fold(found, fits, raw, placed, gone), placed)
            told["+".join(kept)] = scored(found.only(rows), chances[rows], f"{protocol}; only {' and '.join(kept)}")
    return told


def _abstain_below(scores: Scores) -> float:
    """The lowest confidence from which on at most RISK are wrong; 0 where that is not to be had for half of them."""
    threshold = threshold_for(scores, RISK)
    if threshold is None:
        return 0.0
    covered = float((scores.probabilities.max(axis=1) >= threshold).mean())
    return round(threshold, 4) if LEAST_COVERED <= covered < 1.0 else 0.0


def _enter(scores: Scores, column: int) -> float:
    """The probability from which on saying a label gives the best F1, 0.1 to 0.9."""
    true, chance = scores.targets[:, column] > 0.5, scores.probabilities[:, column]
    places = np.round(np.arange(0.1, 0.901, 0.02), 2)
    hits = np.array([(true & (chance >= place)).sum() for place in places], np.float64)
    said = np.array([(chance >= place).sum() for place in places])
    f1 = 2 * hits / np.maximum(said + true.sum(), 1)
    best = places[f1 >= f1.max() - 1e-9]
    return float(best[len(best) // 2])


def _line(logits: Floats, targets: Floats, weights: Floats) -> tuple[float, float]:
    """Slope and offset of one label by Newton's method, drawn towards 1 and 0 as by SMOOTH seconds of evidence."""
    slope, offset = 1.0, 0.0
    for _ in range(30):
        chance = sigmoid(np.asarray(slope * logits + offset, np.float32)).astype(np.float64)
        miss, bend = weights * (chance - targets), weights * chance * (1.0 - chance)
        gradient = np.array([(miss * logits).sum() + SMOOTH * (slope - 1.0), miss.sum() + SMOOTH * offset])
        cross = (bend * logits).sum()
        curve = np.array([[(bend * logits**2).sum() + SMOOTH, cross], [cross, bend.sum() + SMOOTH]])
        step = np.linalg.solve(curve, gradient)
        slope, offset = slope - float(step[0]), offset - float(step[1])
        if np.abs(step).max() < 1e-6:
            break
    return round(max(slope, 0.05), 4), round(offset, 4)
