"""Measure the trained expression network on FER+ and write it as the research bundle ``face-expression.v1``.

``python -m countenance.training.face_expression.bundle --data <face_fer2013> --work <folder> --out <models folder>``
also writes ``face-expression.json`` with every figure into the work folder. The temperature comes from PublicTest;
PrivateTest is only measured.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from countenance.inference.facecrop import SMALL_PX
from countenance.inference.onnx import OnnxModel
from countenance.training.datasets import ferplus
from countenance.training.export import write_bundle
from countenance.training.face_expression import measure
from countenance.training.face_expression.measure import Answers
from countenance.training.face_expression.train import expression_net
from countenance.training.face_net import FaceNet, export_onnx, parameter_count

NAME = "face-expression.v1"
RULES = {
    "plurality": (ferplus.has_plurality, "one expression alone has most votes, neither unknown nor not-a-face more"),
    "majority": (ferplus.has_majority, "an expression has over half of the votes left without single votes"),
}


def main() -> None:
    """Measure and write from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the unpacked face_fer2013 folder")
    parser.add_argument("--work", type=Path, required=True, help="folder with the checkpoint")
    parser.add_argument("--out", type=Path, required=True, help="folder of bundles to write into")
    parser.add_argument("--remark", default="", help="how this run differs from the plain command; for the card")
    given = parser.parse_args()
    torch.set_num_threads(1)
    net, epochs = load(given.work / "checkpoint.pt")
    onnx_path = given.work / "model.onnx"
    export_onnx(net, onnx_path, side=SMALL_PX, names=("face", "scores"))
    figures = measured(OnnxModel(onnx_path), given.data)
    figures["network"] = {"parameters": parameter_count(net), "epochs": epochs}
    (given.work / "face-expression.json").write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    calibration = {"id": f"{NAME}.publictest", "method": "temperature", "temperature": figures["temperature"]}
    write_bundle(given.out / NAME, onnx_path, card(figures, given.remark), calibration)
    print(json.dumps(figures, indent=1))


def load(checkpoint: Path) -> tuple[FaceNet, int]:
    """Give the running mean of the trained weights, and the epochs behind it."""
    state = torch.load(checkpoint, weights_only=True)
    net = expression_net()
    net.load_state_dict(state["mean"])
    return net.eval(), int(state["epoch"])


def measured(model: OnnxModel, data: Path) -> dict[str, Any]:
    """Fit the temperature on PublicTest, then measure PrivateTest under both vote rules."""
    dev, test = (ferplus.read_split(data, usage) for usage in ("PublicTest", "PrivateTest"))
    dev = dev.take(ferplus.has_plurality(dev.votes))
    temperature = measure.fit_temperature(logits_of(model, dev.images), leading(dev.votes))
    logits = logits_of(model, test.images)
    figures: dict[str, Any] = {"temperature": temperature, "training_faces": ferplus.training_faces(data)[1]}
    for rule, (holds, meaning) in RULES.items():
        chosen = holds(test.votes)
        figures[rule] = _under_rule(logits[chosen], leading(test.votes[chosen]), temperature)
        figures[rule]["rule"] = meaning
    chosen = ferplus.is_expression(test.votes)
    figures["votes"] = _against_votes(logits[chosen], test.votes[chosen], temperature)
    return figures


def _under_rule(logits: NDArray[np.float32], truth: NDArray[np.int64], temperature: float) -> dict[str, Any]:
    raw = Answers(measure.softmax(logits), truth)
    calibrated = Answers(measure.softmax(logits, temperature), truth)
    always = measure.majority(truth)
    figures: dict[str, Any] = {"n": len(truth)}
    for name, metric in measure.METRICS.items():
        low, high = measure.interval(metric, calibrated)
        figures[name] = {"value": metric(calibrated), "low": low, "high": high, "uncalibrated": metric(raw)}
        if name in ("accuracy", "macro_f1"):
            figures[name]["majority"] = metric(always)
    counts = np.bincount(truth, minlength=len(ferplus.EXPRESSIONS))
    figures["f1_by_class"] = {
        label: {"f1": float(f1), "n": int(n)}
        for label, f1, n in zip(ferplus.EXPRESSIONS, measure.class_f1(calibrated), counts, strict=True)
    }
    return figures


def _against_votes(logits: NDArray[np.float32], votes: NDArray[np.int64], temperature: float) -> dict[str, Any]:
    """Distance from the votes themselves, which hard labels hide (arXiv:2008.07426)."""
    shares = votes[:, : len(ferplus.EXPRESSIONS)] / votes[:, : len(ferplus.EXPRESSIONS)].sum(axis=1, keepdims=True)
    figures: dict[str, Any] = {"n": len(votes)}
    for name, heat in (("uncalibrated", 1.0), ("calibrated", temperature)):
        said = measure.softmax(logits, heat)
        surprise = np.where(shares > 0, shares * np.log(np.maximum(shares, 1e-12) / np.maximum(said, 1e-12)), 0)
        figures[name] = {
            "kl_nats": float(surprise.sum(axis=1).mean()),
            "soft_brier": float(((said - shares) ** 2).sum(axis=1).mean()),
        }
    return figures


def leading(votes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Index of the expression with most votes."""
    return np.asarray(votes[:, : len(ferplus.EXPRESSIONS)].argmax(axis=1), dtype=np.int64)


def logits_of(model: OnnxModel, images: NDArray[np.uint8], batch: int = 256) -> NDArray[np.float32]:
    """Raw outputs of the exported network for grey images n x 48 x 48."""
    scaled = images[:, None].astype(np.float32) / 255.0
    parts = [model.run({"face": scaled[i : i + batch]})["scores"] for i in range(0, len(scaled), batch)]
    return np.concatenate(parts)


def card(figures: dict[str, Any], remark: str) -> dict[str, Any]:
    """The model card of the bundle; figures come from `measured` alone."""
    counts = figures["training_faces"]
    repeats = counts["dropped_repeats_of_held_out_files"]
    return {
        "id": "face-expression",
        "version": "v1",
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
        "calibration": {"method": "temperature", "fitted_on": "PublicTest, plurality rule, hard labels"},
        "data": {
            "train": f"FER+ Training, {counts['kept']} faces: unknown and not-a-face dropped, and {repeats} files that "
            "repeat a PublicTest or PrivateTest file byte for byte",
            "run": f"{figures['network']['epochs']} epochs, one seed. {remark}".strip(),
            "demographics": DEMOGRAPHICS,
        },
        "limits": {"text": list(LIMITS)},
        "figures": _rows(figures),
    }


NOTICE = (
    "face-expression.v1 was trained on FER2013 (Goodfellow et al. 2013, arXiv:1307.0414; images without a stated "
    "licence) with FER+ votes (Barsoum et al. 2016, arXiv:1608.01041; MIT, (c) Microsoft Corporation). Research only."
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


def _rows(figures: dict[str, Any]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for rule, (_, meaning) in RULES.items():
        protocol = f"FER+ PrivateTest; {meaning}; one crop, no test-time augmentation"
        part = figures[rule]
        for name in measure.METRICS:
            figure = part[name]
            row = {"metric": name, **{k: round(figure[k], 4) for k in ("value", "low", "high")}, "n": part["n"]}
            row["protocol"] = protocol
            if "majority" in figure:
                row["majority"] = round(figure["majority"], 4)
            rows.append(row)
        rows.append(
            {"metric": "ece_15_uncalibrated", "value": round(part["ece_15"]["uncalibrated"], 4), "n": part["n"]}
            | {"protocol": protocol}
        )
    for label, figure in figures["plurality"]["f1_by_class"].items():
        row = {"metric": f"f1_{label}", "value": round(figure["f1"], 4), "n": figure["n"]}
        rows.append(row | {"protocol": "FER+ PrivateTest, plurality rule; n counts the faces of this class"})
    return rows


if __name__ == "__main__":
    main()
