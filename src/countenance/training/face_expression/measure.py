"""What the expression network says on FER+, as tables of scores, and every figure of the card from them."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from countenance.capture.faces import Face
from countenance.capture.quality import judge
from countenance.capture.quality import measure as gauge
from countenance.contracts.media import Box
from countenance.evaluation import conformal
from countenance.evaluation.intervals import interval
from countenance.evaluation.metrics import (
    ACCURACY,
    BRIER,
    BRIER_VOTES,
    ECE,
    KL_VOTES,
    MACRO_F1,
    NLL,
    UAR,
    Measure,
    f1_of,
)
from countenance.evaluation.riskcoverage import risk_coverage, stopped, threshold_for
from countenance.evaluation.scores import Floats, Kind, Scores
from countenance.inference.facecrop import INNER_PX, MARGIN_PX
from countenance.inference.onnx import OnnxModel
from countenance.training.datasets import ferplus
from countenance.training.face_expression.calibrate import Fitted, softmax
from countenance.training.face_expression.distortions import DISTORTIONS
from countenance.training.face_expression.export import outputs_of

RULES = {
    "plurality": (ferplus.has_plurality, "one expression alone has most votes, neither unknown nor not-a-face more"),
    "majority": (ferplus.has_majority, "an expression has over half of the votes left without single votes"),
}
MEASURES = (ACCURACY, MACRO_F1, UAR, ECE, BRIER, NLL)
WANTED_RISK = 0.1
"""Share of wrong answers that the abstention threshold is chosen for, on dev."""


def scores_of(faces: ferplus.FerPlus, usage: str, probabilities: Floats, protocol: str) -> Scores:
    """The table of one split or part of it; targets are the shares of the votes for the eight expressions."""
    votes = faces.votes[:, : len(ferplus.EXPRESSIONS)].astype(np.float64)
    return Scores(
        kind=Kind.DISTRIBUTION,
        ids=np.array([f"{usage}/{row:08d}" for row in faces.rows]),
        labels=ferplus.EXPRESSIONS,
        probabilities=probabilities,
        targets=votes / votes.sum(axis=1, keepdims=True),
        protocol=protocol,
        hard=leading(faces.votes),
    )


def leading(votes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Index of the expression with most votes."""
    return np.asarray(votes[:, : len(ferplus.EXPRESSIONS)].argmax(axis=1), dtype=np.int64)


def dev_scores(faces: ferplus.FerPlus, logits: NDArray[np.float32], fitted: Fitted | None = None) -> Scores:
    """PublicTest under the plurality rule; without `fitted` as the network says it."""
    said = softmax(logits) if fitted is None else fitted.probabilities(logits)
    return scores_of(faces, "PublicTest", said, "FER+ PublicTest, plurality rule")


def figures(test: ferplus.FerPlus, logits: NDArray[np.float32], fitted: Fitted, dev: Scores) -> dict[str, Any]:
    """Every figure of PrivateTest; thresholds and quantiles come from `dev`, which is calibrated."""
    found: dict[str, Any] = {}
    for rule, (holds, meaning) in RULES.items():
        chosen = holds(test.votes)
        protocol = f"FER+ PrivateTest; {meaning}; one crop, mirrored as well where unsure"
        table = scores_of(test.take(chosen), "PrivateTest", fitted.probabilities(logits[chosen]), protocol)
        raw = scores_of(test.take(chosen), "PrivateTest", softmax(logits[chosen]), protocol)
        found[rule] = {"rule": meaning, "n": len(table), "metrics": _measured(table, MEASURES)}
        found[rule]["uncalibrated"] = {one.name: one(raw) for one in (ECE, BRIER, NLL)}
        if rule == "plurality":
            found[rule]["by_class"] = _by_class(table)
            found[rule] |= answering_less(table, dev)
    chosen = ferplus.is_expression(test.votes)
    told = scores_of(test.take(chosen), "PrivateTest", fitted.probabilities(logits[chosen]), "FER+ PrivateTest")
    found["votes"] = _measured(told, (BRIER_VOTES, KL_VOTES))
    return found


def answering_less(test: Scores, dev: Scores) -> dict[str, Any]:
    """Risk and coverage, the threshold of abstention, and conformal sets: chosen on dev, measured on test."""
    curve, bar = risk_coverage(test), threshold_for(dev, WANTED_RISK)
    fitted = conformal.fit(dev)
    return {
        "risk_coverage": {"aurc": curve.area, "points": curve.thinned()},
        "abstention": None if bar is None else {"wanted_risk": WANTED_RISK, **asdict(stopped(test, bar))},
        "conformal": {**asdict(fitted), **asdict(conformal.measure(fitted, test))},
    }


def robustness(model: OnnxModel, faces: ferplus.FerPlus, fitted: Fitted, bar: float | None) -> list[dict[str, Any]]:
    """Each of DISTORTIONS drawn on the same faces: accuracy, macro-F1, calibration, and what is not answered."""
    rows = []
    pictures = faces.images.astype(np.float32) / np.float32(255)
    for name, spoil in DISTORTIONS.items():
        spoilt = np.asarray(np.round(spoil(pictures) * 255), dtype=np.uint8)
        said = fitted.probabilities(outputs_of(model, spoilt))
        table = scores_of(faces, "PrivateTest", said, f"FER+ PrivateTest, plurality rule; distortion: {name}")
        row: dict[str, Any] = {"distortion": name, "n": len(table), **_measured(table, (ACCURACY, MACRO_F1, ECE))}
        if bar is not None:
            row["answered"] = asdict(stopped(table, bar))
        row["refused_for_low_light"] = float(np.mean([refused(picture) for picture in spoilt]))
        rows.append(row)
    return rows


def refused(picture: NDArray[np.uint8]) -> bool:
    """Whether the quality gate would refuse a grey face as too dark or too flat; a face of 96 pixels, uncovered."""
    large = np.pad(picture.repeat(2, axis=0).repeat(2, axis=1), MARGIN_PX, mode="edge")
    side = float(INNER_PX)
    face = Face(Box(0.0, 0.0, side, side), np.zeros((5, 2), np.float32), 1.0, np.zeros(5, np.float32))
    return judge(gauge(np.repeat(large[:, :, None], 3, axis=2), face)).value == 0.0


def _measured(table: Scores, measures: tuple[Measure, ...]) -> dict[str, Any]:
    return {one.name: asdict(interval(one, table)) for one in measures}


def _by_class(table: Scores) -> dict[str, Any]:
    counts = np.bincount(table.hard, minlength=len(table.labels))
    return {
        label: {**asdict(interval(f1_of(label), table)), "n": int(count)}
        for label, count in zip(table.labels, counts, strict=True)
    }
