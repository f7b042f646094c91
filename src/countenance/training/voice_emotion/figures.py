"""Figures of the voice net from held-out predictions: `python -m countenance.training.voice_emotion.figures --help`."""

import argparse
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from countenance.inference.calibration import softmax
from countenance.training.datasets.ravdess import LABELS, Clip, read_clips
from countenance.training.voice_emotion.ravdess import HIGH_AROUSAL, LOW_AROUSAL, ORDERS

Array = NDArray[np.floating]
Measure = Callable[["HeldOut"], float]

BOOTSTRAPS = 2_000
TUNED_FOLD = 5
"""Batch size and dropout were chosen on its actors, so the figures without it stand beside those with it."""
_BINS = 15
_AROUSAL = 1  # column of the dimensions


@dataclass(frozen=True, slots=True)
class HeldOut:
    """What nets said of clips of actors they never heard, all folds together."""

    logits: Array
    dimensions: Array
    labels: NDArray[np.int64]
    actors: NDArray[np.int64]
    folds: NDArray[np.int64]

    def only(self, rows: Array) -> "HeldOut":
        """The chosen rows."""
        parts = (self.logits, self.dimensions, self.labels, self.actors, self.folds)
        return HeldOut(*(part[rows] for part in parts))


def read_held_out(folder: Path, clips: Sequence[Clip], kind: str) -> HeldOut:
    """Pool the predictions of every fold for one way of listening (`stream0`, `cold`)."""
    rows, logits, dimensions, numbers = [], [], [], []
    for number, path in enumerate(sorted(folder.glob("fold*.npz")), start=1):
        with np.load(path) as kept:
            rows.append(kept["rows"])
            logits.append(kept[kind])
            dimensions.append(kept[f"{kind}_dimensions"])
            numbers.append(np.full(len(kept["rows"]), number))
    order = np.concatenate(rows)
    labels = np.array([clips[row].label for row in order])
    actors = np.array([clips[row].actor for row in order])
    return HeldOut(np.concatenate(logits), np.concatenate(dimensions), labels, actors, np.concatenate(numbers))


def uar(data: HeldOut) -> float:
    """Unweighted average recall over the classes that occur."""
    said = data.logits.argmax(axis=1)
    return float(np.mean([(said[data.labels == label] == label).mean() for label in np.unique(data.labels)]))


def arousal_auc(data: HeldOut) -> float:
    """Area under the ROC curve of the arousal output, high-arousal classes against low ones; disgust is left out."""
    high, low = _aroused(data)
    return auc(data.dimensions[high, _AROUSAL], data.dimensions[low, _AROUSAL])


def _aroused(data: HeldOut) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    names = np.array(LABELS)[data.labels]
    return np.isin(names, HIGH_AROUSAL), np.isin(names, LOW_AROUSAL)


def auc(high: Array, low: Array) -> float:
    """Chance that a value of the first group lies above one of the second; a tie counts half."""
    ordered = np.sort(low)
    below, upto = np.searchsorted(ordered, high, "left"), np.searchsorted(ordered, high, "right")
    return float((below + upto).mean() / (2 * len(low)))


def accuracy(data: HeldOut) -> float:
    """Share of clips named right."""
    return float((data.logits.argmax(axis=1) == data.labels).mean())


def interval(data: HeldOut, measure: Measure, seed: int = 1) -> tuple[float, float]:
    """95 % bootstrap interval over actors: people, not clips, are drawn again."""
    rng = np.random.default_rng(seed)
    actors = np.unique(data.actors)
    rows = {actor: np.flatnonzero(data.actors == actor) for actor in actors}
    draws = [rng.choice(actors, len(actors)) for _ in range(BOOTSTRAPS)]
    values = [measure(data.only(np.concatenate([rows[actor] for actor in draw]))) for draw in draws]
    low, high = np.percentile(values, [2.5, 97.5])
    return float(low), float(high)


def temperature(logits: Array, labels: NDArray[np.int64]) -> float:
    """The temperature with the least negative log likelihood, by a search that narrows around the best of a grid."""
    low, high = -2.5, 2.5  # of its logarithm
    for _ in range(6):
        grid = np.linspace(low, high, 21)
        best = int(np.argmin([nll(softmax(logits / np.exp(step)), labels) for step in grid]))
        low, high = grid[max(0, best - 1)], grid[min(20, best + 1)]
    return float(np.exp((low + high) / 2))


def calibrated(data: HeldOut) -> Array:
    """Probabilities of every clip with the temperature fitted on the other folds only."""
    out = np.zeros_like(data.logits)
    for fold in np.unique(data.folds):
        others, own = data.folds != fold, data.folds == fold
        out[own] = softmax(data.logits[own] / temperature(data.logits[others], data.labels[others]))
    return out


def nll(chances: Array, labels: NDArray[np.int64]) -> float:
    """Mean negative log likelihood of the true class."""
    return float(-np.log(chances[np.arange(len(labels)), labels] + 1e-12).mean())


def brier(chances: Array, labels: NDArray[np.int64]) -> float:
    """Mean squared distance to the one-hot truth, 0..2."""
    return float(((chances - np.eye(chances.shape[1])[labels]) ** 2).sum(axis=1).mean())


def ece(chances: Array, labels: NDArray[np.int64]) -> float:
    """Expected calibration error of the leading class, 15 bins of equal width."""
    sure, right = chances.max(axis=1), chances.argmax(axis=1) == labels
    bins = np.minimum((sure * _BINS).astype(int), _BINS - 1)
    gaps = [abs(right[bins == b].mean() - sure[bins == b].mean()) * (bins == b).mean() for b in np.unique(bins)]
    return float(np.sum(gaps))


def report(folder: Path, clips: Sequence[Clip]) -> dict[str, object]:
    """Every figure of the card, from the folder of held-out predictions."""
    data = read_held_out(folder, clips, "stream0")
    women = data.actors % 2 == 0
    untuned = data.only(data.folds != TUNED_FOLD)
    sliced = {"all": data, "untuned_folds": untuned, "women": data.only(women), "men": data.only(~women)}
    cold = read_held_out(folder, clips, "cold")
    orders = [read_held_out(folder, clips, f"stream{at}") for at in range(ORDERS)]
    chances, raw = calibrated(data), softmax(data.logits)
    counts = np.bincount(data.labels)
    said = data.logits.argmax(axis=1)
    return {
        "n": len(data.labels),
        "folds": int(data.folds.max()),
        "uar": {name: _with_interval(part, uar) for name, part in sliced.items()},
        "uar_women_minus_men": _gap(data),
        "arousal_auc": {name: _with_interval(part, arousal_auc) for name, part in sliced.items()},
        "accuracy": _with_interval(data, accuracy),
        "uar_by_fold": [round(uar(data.only(data.folds == fold)), 4) for fold in np.unique(data.folds)],
        "uar_by_order": [round(uar(one), 4) for one in orders],
        "recall": {name: round(float((said[data.labels == at] == at).mean()), 4) for at, name in enumerate(LABELS)},
        "majority": {"uar": round(1 / len(LABELS), 4), "accuracy": round(float(counts.max() / counts.sum()), 4)},
        "cold_start": {"uar": _with_interval(cold, uar), "arousal_auc": _with_interval(cold, arousal_auc)},
        "temperature": round(temperature(data.logits, data.labels), 4),
        "calibrated": _quality(chances, data.labels),
        "uncalibrated": _quality(raw, data.labels),
    }


def _quality(chances: Array, labels: NDArray[np.int64]) -> dict[str, float]:
    parts = {"ece15": ece, "brier": brier, "nll": nll}
    return {name: round(measure(chances, labels), 4) for name, measure in parts.items()}


def _with_interval(data: HeldOut, measure: Measure) -> dict[str, float | int]:
    low, high = interval(data, measure)
    count = int(np.sum(_aroused(data))) if measure is arousal_auc else len(data.labels)
    return {"value": round(measure(data), 4), "low": round(low, 4), "high": round(high, 4), "n": count}


def _gap(data: HeldOut) -> dict[str, float]:
    """Difference in UAR with an interval over actors, women and men drawn apart."""
    women, men = data.only(data.actors % 2 == 0), data.only(data.actors % 2 == 1)
    rng = np.random.default_rng(2)
    values = [uar(_drawn(women, rng)) - uar(_drawn(men, rng)) for _ in range(BOOTSTRAPS)]
    low, high = np.percentile(values, [2.5, 97.5])
    return {"value": round(uar(women) - uar(men), 4), "low": round(float(low), 4), "high": round(float(high), 4)}


def _drawn(data: HeldOut, rng: np.random.Generator) -> HeldOut:
    actors = np.unique(data.actors)
    rows = [np.flatnonzero(data.actors == actor) for actor in rng.choice(actors, len(actors))]
    return data.only(np.concatenate(rows))


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the figures and write them to `figures.json` beside the predictions."""
    parser = argparse.ArgumentParser(description="Figures of the voice net from the held-out predictions of its folds.")
    parser.add_argument("--ravdess", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True, help="the folder that the folds command wrote")
    asked = parser.parse_args(arguments)
    text = json.dumps(report(asked.out, read_clips(asked.ravdess)), indent=1)
    (asked.out / "figures.json").write_text(text + "\n")
    print(text)


if __name__ == "__main__":
    main()
