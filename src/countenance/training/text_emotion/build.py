"""Checkpoint to bundles and figures: `python -m countenance.training.text_emotion.build --help`.

Everything that is chosen is chosen on dev; the test splits are read once, for the figures.
"""

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch

from countenance.contracts.errors import BundleError
from countenance.inference.bundle import sha256
from countenance.training.datasets.emobank import read_emobank
from countenance.training.datasets.goemotions import GoEmotionsSplit, read_goemotions
from countenance.training.datasets.maia_dqe import read_customers
from countenance.training.export import write_bundle
from countenance.training.text_emotion.cards import emotion_card, vad_card
from countenance.training.text_emotion.domain import domain_figures
from countenance.training.text_emotion.figures import (
    Fitted,
    Row,
    chat_figures,
    fit,
    goemotions_figures,
    truth_of_scores,
    vad_figures,
)
from countenance.training.text_emotion.labels import FINE
from countenance.training.text_emotion.net import TextNet
from countenance.training.text_emotion.onnx_export import SCORES, export_float, export_vad, quantise
from countenance.training.text_emotion.outputs import Reader, float_reader, onnx_reader, remembered, shipped_tokenizer
from countenance.training.text_emotion.quantisation import quantisation_figures
from countenance.training.text_emotion.vad import VadHead, fit_vad

_LARGEST_DIFFERENCE = 1e-3
Report = dict[str, dict[str, list[Row]]]
_ON_CARD = (
    "ekman7_macro_f1", "confusion_f1", "confusion_auc", "frustration_f1", "frustration_auc", "goemotions28_macro_f1",
    "ekman7_macro_f1_spoken", "top_label_ece", "distribution_top_label_ece", "brier", "nll", "maia_confusion_auc",
    "maia_frustration_auc", "maia_frustration_like_auc", "maia_confusion_auc_spoken", "english_refused",
    "foreign_refused_4_words",
)  # fmt: skip


def main() -> None:
    """Export, calibrate, fit the V/A/D head, measure, write both bundles, then measure float32 beside them."""
    args = _arguments()
    torch.set_num_threads(1)
    net = TextNet()
    net.load_state_dict(torch.load(args.checkpoint, weights_only=True)["net"])
    dev = read_goemotions(args.goemotions, "dev")
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        floats, shipped = _export(net, args.minilm, work, dev.texts[:100])
        head = fit_vad(shipped, read_emobank(args.emobank, "train"), read_emobank(args.emobank, "dev"))
        report = {} if args.quick else {"int8": _measure(shipped, dev, head, args)}
        _write_emotion(args.models, work, shipped, dev, report)
        _write_vad(args.models, work, head, report)
    if not args.quick:
        report["fp32"] = _measure(floats, dev, head, args)
        test = read_goemotions(args.goemotions, "test")
        report["quantisation"] = {"emotion": quantisation_figures(floats, shipped, dev, test)}
        args.figures.parent.mkdir(parents=True, exist_ok=True)
        args.figures.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


def _export(net: TextNet, minilm: Path, work: Path, probe: tuple[str, ...]) -> tuple[Reader, Reader]:
    """Write model.onnx and tokenizer.json to `work`; readers of the net in float32 and of the int8 file."""
    tokenizer = shipped_tokenizer(minilm)
    tokenizer.save(str(work / "tokenizer.json"), pretty=False)
    export_float(net, work / "float.onnx")
    floats = remembered(float_reader(net, tokenizer))
    difference = np.abs(floats(probe).scores - onnx_reader(work / "float.onnx", tokenizer)(probe).scores).max()
    if difference > _LARGEST_DIFFERENCE:
        raise BundleError(f"the exported net differs from the trained one by {difference:.4f}", "Check the export.")
    quantise(work / "float.onnx", work / "model.onnx")
    return floats, remembered(onnx_reader(work / "model.onnx", tokenizer))


def _measure(read: Reader, dev: GoEmotionsSplit, head: VadHead, args: argparse.Namespace) -> dict[str, list[Row]]:
    test = read_goemotions(args.goemotions, "test")
    chats = None if args.maia is None else read_customers(args.maia)
    emotion = goemotions_figures(read, dev, test)
    if chats is not None:
        emotion += chat_figures(read, chats)
    vad = vad_figures(read, head, read_emobank(args.emobank, "test"))
    domain = domain_figures(shipped_tokenizer(args.minilm), test, chats)
    for row in (*emotion, *vad, *domain):
        print(f"{row['metric']:34} {row['value']:.4f} [{row['low']:.4f}, {row['high']:.4f}] n {row['n']}", flush=True)
    return {"emotion": emotion, "vad": vad, "domain": domain}


def _write_emotion(models: Path, work: Path, reader: Reader, dev: GoEmotionsSplit, report: Report) -> None:
    shipped = report.get("int8", {})
    rows = [*shipped.get("emotion", []), *shipped.get("domain", [])]
    outputs = reader(dev.texts)
    scores = fit(outputs.scores, truth_of_scores(dev.labels))
    labels = fit(outputs.labels, dev.labels > 0.5)
    calibration = {
        "id": "text-emotion.v1/goemotions-dev",
        **_calibration(scores, SCORES),
        "distribution_power": scores.power,
        "goemotions": _calibration(labels, FINE),
    }
    write_bundle(
        models / "text-emotion.v1",
        work / "model.onnx",
        emotion_card([row for row in rows if row["metric"] in _ON_CARD]),
        calibration,
        {"tokenizer.json": work / "tokenizer.json"},
    )


def _calibration(fitted: Fitted, labels: tuple[str, ...]) -> dict[str, Any]:
    thresholds = (round(float(value), 4) for value in fitted.thresholds)
    return {
        "method": "slope_offset",
        "labels": list(labels),
        "slope": [round(float(value), 5) for value in fitted.slope],
        "offset": [round(float(value), 5) for value in fitted.offset],
        "thresholds": dict(zip(labels, thresholds, strict=True)),
    }


def _write_vad(models: Path, work: Path, head: VadHead, report: Report) -> None:
    export_vad(head.weights, head.offset, work / "vad.onnx")
    card = vad_card(report.get("int8", {}).get("vad", []), sha256(work / "model.onnx"))
    write_bundle(models / "text-vad.v1", work / "vad.onnx", card, {"id": "text-vad.v1/none", "method": "none"})


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Write the text bundles from a checkpoint, and their figures.")
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--minilm", type=Path, required=True, help="folder of MiniLM-L6 weights and tokenizer")
    parser.add_argument("--goemotions", type=Path, required=True)
    parser.add_argument("--emobank", type=Path, required=True)
    parser.add_argument("--maia", type=Path, help="MAIA-DQE, evaluation only; left out, its figures are left out")
    parser.add_argument("--models", type=Path, required=True, help="folder that holds the bundles")
    parser.add_argument("--figures", type=Path, default=Path("docs/figures/text.json"))
    parser.add_argument("--quick", action="store_true", help="bundles without figures, to try an early checkpoint")
    return parser.parse_args()


if __name__ == "__main__":
    main()
