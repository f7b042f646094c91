"""Figures of the voice nets from held-out predictions: nothing here was fitted on the rows it judges."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from countenance.evaluation import conformal
from countenance.evaluation.intervals import Interval, drawn, ends, interval
from countenance.evaluation.metrics import ACCURACY, AUC, BRIER, ECE, MACRO_F1, NLL, UAR, Measure
from countenance.evaluation.riskcoverage import risk_coverage, stopped, threshold_for
from countenance.evaluation.scores import Scores
from countenance.training.datasets.ravdess import LABELS
from countenance.training.voice_emotion.folds import COLD
from countenance.training.voice_emotion.ravdess import ORDERS
from countenance.training.voice_emotion.recipe import VoiceRecipe
from countenance.training.voice_emotion.tables import HeldOut, aroused, calibrated, fitted, named, together

PROTOCOL = (
    "RAVDESS actors 01-20, 5 folds by actor (two women, two men each), held-out predictions pooled; clips of a "
    "speaker in one seeded order, each normalised by what was heard of the speaker up to its end; interval: "
    "bootstrap over actors"
)
_IDEAL_DRAWS = 200


def report(heard: Mapping[str, HeldOut], recipe: VoiceRecipe) -> dict[str, Any]:
    """Every figure of the card, from the held-out predictions by way of listening."""
    data = heard["stream0"]
    every = together([heard[f"stream{order}"] for order in range(ORDERS)])
    scores = named(data, calibrated(data, every), PROTOCOL)
    other = data.only(~np.isin(data.folds, recipe.tuned_folds))
    parts = {"all": data, "other_folds": other}
    parts |= {name: data.only(data.genders == told) for name, told in (("women", "female"), ("men", "male"))}
    cold, orders = heard[COLD], [heard[f"stream{order}"] for order in range(ORDERS)]
    said = scores.probabilities.argmax(axis=1)
    return {
        "n": len(scores),
        "folds": int(data.folds.max()),
        "uar": {name: rounded(interval(UAR, _table(part, data, scores))) for name, part in parts.items()},
        "arousal_auc": {name: rounded(interval(AUC, aroused(part, PROTOCOL))) for name, part in parts.items()},
        "uar_women_minus_men": _gap(scores),
        "speakers": _speakers(scores),
        "accuracy": rounded(interval(ACCURACY, scores)),
        "macro_f1": rounded(interval(MACRO_F1, scores)),
        "uar_by_fold": [round(UAR(scores.only(data.folds == fold)), 4) for fold in np.unique(data.folds)],
        "uar_by_order": [round(UAR(named(one, calibrated(one, every), PROTOCOL)), 4) for one in orders],
        "recall": {
            LABELS[at]: round(float((said[data.labels == at] == at).mean()), 4) for at in np.unique(data.labels)
        },
        "cold_start": {
            "uar": rounded(interval(UAR, named(cold, calibrated(cold, every), PROTOCOL))),
            "arousal_auc": rounded(interval(AUC, aroused(cold, PROTOCOL))),
        },
        "calibrated": {one.name: rounded(interval(one, scores)) for one in (ECE, BRIER, NLL)},
        "calibrated_every_order": rounded(interval(ECE, named(every, calibrated(every, every), PROTOCOL))),
        "ece_of_a_perfect_one": _ideal(scores),
        "calibration": fitted(every).written(),
        **_choices(data, scores, recipe.abstain_risk),
    }


def rounded(found: Interval) -> dict[str, Any]:
    """An interval as JSON holds it, four digits."""
    return {k: round(v, 4) if isinstance(v, float) else v for k, v in asdict(found).items() if k != "clusters"}


def _share(right: NDArray[np.bool_]) -> float:
    return round(float(right.mean()), 4)


def _table(part: HeldOut, data: HeldOut, scores: Scores) -> Scores:
    return scores.only(np.isin(data.ids, part.ids))


def _gap(scores: Scores) -> dict[str, float | None]:
    """Women minus men, with an interval over actors, women and men drawn apart."""
    sides = [scores.only(scores.slices["gender"] == told) for told in ("female", "male")]
    values = [drawn([UAR.of(side)], side.clusters, seed)[0] for seed, side in enumerate(sides)]
    low, high = ends(values[0] - values[1])
    return {"value": round(UAR(sides[0]) - UAR(sides[1]), 4), "low": low, "high": high}


def _speakers(scores: Scores) -> dict[str, Any]:
    """UAR of every speaker; the worst with an interval over the speaker's own clips."""
    names = np.unique(scores.clusters)
    own = {str(name): scores.only(scores.clusters == name) for name in names}
    found = {name: round(UAR(part), 4) for name, part in own.items()}
    worst = min(found, key=lambda name: found[name])
    part = own[worst]
    values = drawn([UAR.of(part)], part.ids)[0]
    low, high = ends(values)
    return {"uar": found, "worst": {"speaker": worst, "n": len(part), "value": found[worst], "low": low, "high": high}}


def _ideal(scores: Scores) -> dict[str, float]:
    """What the calibration error of these very probabilities would be if they were right: its floor at this n."""
    rng = np.random.default_rng(0)
    sums = scores.probabilities.cumsum(axis=1)
    values = []
    for _ in range(_IDEAL_DRAWS):
        truth = (sums < rng.random((len(scores), 1)) * sums[:, -1:]).sum(axis=1)
        confident = scores.probabilities.max(axis=1)
        right = scores.probabilities.argmax(axis=1) == truth
        bins = np.minimum((confident * 15).astype(int), 14)
        gaps = np.bincount(bins, weights=right - confident, minlength=15)
        values.append(np.abs(gaps).sum() / len(scores))
    return {"mean": round(float(np.mean(values)), 4), "p95": round(float(np.percentile(values, 95)), 4)}


def _choices(data: HeldOut, scores: Scores, risk: float) -> dict[str, Any]:
    """Where to stop naming, and sets of names: chosen on the other folds, measured on the fold."""
    curve = risk_coverage(scores)
    folds = np.unique(data.folds)
    sides = [(scores.only(data.folds != fold), scores.only(data.folds == fold)) for fold in folds]
    stops = [stopped(own, threshold_for(others, risk) or 1.0) for others, own in sides]
    answered = [one.coverage * one.n for one in stops]
    whole = max(1.0, sum(answered))
    covers = [conformal.measure(conformal.fit(others), own).overall for others, own in sides]
    n = sum(one.n for one in covers)
    return {
        "risk_coverage": {
            "area": round(curve.area, 4),
            "points": [[round(value, 4) for value in point] for point in curve.thinned()],
        },
        "abstain": {
            "aim": risk,
            "threshold": round(threshold_for(scores, risk) or 1.0, 4),
            "coverage": round(sum(answered) / len(scores), 4),
            "risk": round(sum((one.risk or 0.0) * n for one, n in zip(stops, answered, strict=True)) / whole, 4),
        },
        "conformal": {
            "alpha": conformal.ALPHA,
            "quantile": round(conformal.fit(scores).quantile, 6),
            "coverage": round(sum((one.coverage or 0.0) * one.n for one in covers) / n, 4),
            "size": round(sum((one.size or 0.0) * one.n for one in covers) / n, 3),
            "n": n,
        },
    }


def measured_as(measure: Measure, scores: Scores) -> dict[str, Any]:
    """One measure with its interval, as JSON holds it."""
    return rounded(interval(measure, scores))


def write_scores(folder: Path, data: HeldOut, every: HeldOut) -> Path:
    """The table of the named classes, for `countenance eval`."""
    path = folder / "scores.npz"
    named(data, calibrated(data, every), PROTOCOL).write(path)
    return path
