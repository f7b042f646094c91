"""The card of the expression bundle; every figure comes from the measuring stage."""

from __future__ import annotations

from typing import Any

from countenance.inference.facecrop import SMALL_PX
from countenance.training.datasets import ferplus
from countenance.training.face_expression.export import MIRROR_BELOW
from countenance.training.face_expression.measure import RULES, WANTED_RISK
from countenance.training.face_expression.recipe import ExpressionRecipe


def card(recipe: ExpressionRecipe, results: dict[str, Any]) -> dict[str, Any]:
    """The model card; `results` holds what the stages `train`, `export`, `fit` and `measure` put down."""
    counts, exported = results["train"]["faces"], results["export"]
    repeats = counts["dropped_repeats_of_held_out_files"]
    identity, version = recipe.bundle.split(".")
    return {
        "id": identity,
        "version": version,
        "modality": "face",
        "task": "expression",
        "summary": "Says in which shares ten people would name the expression that one aligned face shows.",
        "outputs": {"scores": list(ferplus.EXPRESSIONS)},
        "licence": {
            "code": "Apache-2.0",
            "weights": "research use only, non-commercial",
            "data": "FER2013 images: none stated, collected by web image search; FER+ votes: MIT",
            "commercial": False,
            "notice": NOTICE,
            "ledger": ["countenance", "fer2013", "ferplus"],
        },
        "input": {
            "shape": f"n x 1 x {SMALL_PX} x {SMALL_PX}",
            "layout": "luma 0..1 of the inner square of an aligned crop, halved (inference.facecrop), float32",
        },
        "calibration": {
            "method": "slope_offset",
            "fitted_on": "PublicTest, plurality rule, hard labels: one slope, an offset per class; the offsets also "
            f"favour rare classes (lean {results['fit']['lean']}), chosen there",
        },
        "data": {
            "train": f"FER+ Training, {counts['kept']} faces: unknown and not-a-face dropped, and {repeats} files that "
            "repeat a PublicTest or PrivateTest file byte for byte",
            "run": f"{recipe.total} epochs, one seed; {results['train']['parameters']:,} parameters; convolutions in "
            f"{exported['bits']} bits; `countenance train face --recipe {identity}`",
            "demographics": DEMOGRAPHICS,
        },
        "limits": {"text": list(LIMITS)},
        "figures": _rows(results),
    }


NOTICE = (
    "The face expression network was trained on FER2013 (Goodfellow et al. 2013, arXiv:1307.0414; images without a "
    "stated licence) with FER+ votes (Barsoum et al. 2016, arXiv:1608.01041; MIT, (c) Microsoft Corporation). "
    "Research only."
)
DEMOGRAPHICS = (
    "Not recorded. Faces from web image search of 2013, children among them; the balance of age, gender and origin "
    "is unknown, and so is the background of the taggers."
)
LIMITS = (
    "It says how people would name a picture of a face, not what anybody thinks, wants or intends.",
    "Disgust, contempt and fear are rare in the data: see their F1 and n before using them.",
    "One seed, one set of still photographs; nothing was measured on video calls with true labels.",
    "It sees 48 x 48 grey values; profile views and mostly covered faces are rare in its data.",
    "Valence and arousal are derived from the shares by a fixed table, not learned from faces.",
    "GDPR and EU AI Act: reading expressions can be processing of personal data and is restricted at work and school.",
    "BIPA: a classifier of eight expressions; the weights hold no face templates and cannot tell who somebody is.",
    "The people in FER2013 were not asked. This is why the weights stay out of the commercial profile.",
)


def _rows(results: dict[str, Any]) -> list[dict[str, Any]]:
    figures, rows = results["measure"], []
    for rule, (_, meaning) in RULES.items():
        protocol = f"FER+ PrivateTest; {meaning}; {MIRRORED}"
        rows += [_row(name, figure, protocol) for name, figure in figures[rule]["metrics"].items()]
    plurality = figures["plurality"]
    for label, figure in plurality["by_class"].items():
        rows.append(_row(f"f1_{label}", figure, "FER+ PrivateTest, plurality rule; n counts the faces of this class"))
    for name, figure in figures["votes"].items():
        rows.append(_row(name, figure, "FER+ PrivateTest, all faces that no other column of votes beats"))
    rows += [_plain(name, value, plurality["n"], protocol) for name, value, protocol in _answering_less(plurality)]
    rows.append(_plain("read_twice", figures["read_twice"], plurality["n"], "FER+ PrivateTest, plurality rule; share"))
    rows.append(_plain("cpu_ms_per_crop", results["export"]["cpu_ms"], 300, SPEED))
    return rows


def _answering_less(plurality: dict[str, Any]) -> list[tuple[str, float, str]]:
    """Risk and coverage, abstention, conformal sets."""
    split = "FER+ PrivateTest, plurality rule"
    sets = plurality["conformal"]
    rows = [
        ("aurc", plurality["risk_coverage"]["aurc"], f"{split}; mean risk over all coverages"),
        ("conformal_coverage", sets["overall"]["coverage"], f"{split}; sets promised to hold 0.9, quantile from dev"),
        ("conformal_size", sets["overall"]["size"], f"{split}; mean number of expressions in a set"),
    ]
    if (stop := plurality["abstention"]) is not None:
        bar = f"{split}; answered at {stop['threshold']:.3f} or surer, chosen on dev for a risk of {WANTED_RISK}"
        rows.append(("abstention_coverage", stop["coverage"], bar))
        rows += [("abstention_risk", stop["risk"], bar)] if stop["risk"] is not None else []
    return rows


MIRRORED = f"one crop, and its mirror image where no expression reaches a raw share of {MIRROR_BELOW}"
SPEED = "one look; median of 5 rounds of 300 single calls, one thread, ONNX Runtime on the training machine"


def _row(metric: str, figure: dict[str, Any], protocol: str) -> dict[str, Any]:
    kept = {name: round(figure[name], 4) for name in ("value", "low", "high", "majority") if figure[name] is not None}
    return {"metric": metric, **kept, "n": figure["n"], "protocol": protocol}


def _plain(metric: str, value: float, n: int, protocol: str) -> dict[str, Any]:
    return {"metric": metric, "value": round(value, 4), "n": n, "protocol": protocol}
