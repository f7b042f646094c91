"""Write the finder's bundle: ONNX checked against torch, card with the measured figures, thresholds from dev."""

from __future__ import annotations

import argparse
import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch

from countenance.inference.onnx import OnnxModel
from countenance.training.export import write_bundle
from countenance.training.face_finder.net import FinderNet
from countenance.training.face_finder.scenery import HEIGHT, WIDTH

CLOSE = 2e-3


def main() -> None:
    """Export `finder.pt` of the out folder and write `face-finder.v1` into the models folder."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--out", type=Path, required=True, help="the folder that `train` wrote")
    parser.add_argument("--models", type=Path, required=True, help="where bundles live")
    parser.add_argument("--figures", type=Path, help="what `evaluate` wrote; without it the bundle is preliminary")
    options = parser.parse_args()
    figures = json.loads(options.figures.read_text(encoding="utf-8")) if options.figures else {}
    onnx_path = options.out / "finder.onnx"
    gap = export(options.out / "finder.pt", onnx_path)
    thresholds = figures.get("thresholds", {"face": 0.5})
    calibration = {"id": "face-finder.v1/dev", "method": "none", "thresholds": thresholds}
    write_bundle(options.models / "face-finder.v1", onnx_path, card(figures), calibration)
    print(f"largest difference to torch {gap:.2e}; {onnx_path.stat().st_size} bytes")


def export(weights: Path, target: Path) -> float:
    """Export to ONNX and return the largest difference to torch on random frames."""
    state = torch.load(weights)
    net = FinderNet()
    net.load_state_dict(state.get("mean", state))
    net.eval()
    frames = torch.rand(3, 3, HEIGHT, WIDTH, generator=torch.Generator().manual_seed(3))
    with warnings.catch_warnings():
        # The tracing exporter is deprecated but needs no further package and folds batch norm by itself.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            net,
            (frames,),
            str(target),
            input_names=["frames"],
            output_names=["grid"],
            dynamic_axes={"frames": {0: "n"}, "grid": {0: "n"}},
            opset_version=17,
            dynamo=False,
        )
    with torch.no_grad():
        wanted = net(frames).numpy()
    got = OnnxModel(target).run({"frames": frames.numpy()})["grid"]
    gap = float(np.abs(got - wanted).max())
    if gap > CLOSE:
        raise RuntimeError(f"{target} differs from torch by {gap:.2e}; nothing was published")
    return gap


def card(figures: dict[str, Any]) -> dict[str, Any]:
    """The model card; every figure comes from the evaluation's file."""
    return {
        "id": "face-finder",
        "version": "v1",
        "modality": "face",
        "task": "find",
        "summary": "Finds the faces in a video-call frame: a box, five landmarks and which landmarks are covered.",
        "outputs": {"grid": ["score", "box", "landmarks", "covered"]},
        "licence": {
            "code": "Apache-2.0",
            "weights": "Apache-2.0",
            "data": "CC BY 4.0",
            "commercial": True,
            "notice": (
                "Face finder trained by this project on FairFace (Karkkainen and Joo, WACV 2021; CC BY 4.0): crops "
                "were shrunk and put into drawn scenes, boxes and landmarks read by YuNet (Apache-2.0)."
            ),
            "ledger": ["countenance", "fairface", "yunet"],
        },
        "input": {
            "shape": "n x 3 x 96 x 160",
            "layout": "RGB, 0..1, float32, letterboxed with grey (127) bars, proportions kept",
        },
        "calibration": {"method": "none", "fitted_on": "thresholds: scenes of a dev part of FairFace train"},
        "data": {
            "train": (
                "80,000 drawn call-like scenes with 10,754 FairFace training faces; labels by the YuNet teacher; 6,800 "
                "steps of 64 scenes (begun with a schedule for 9,000 that was shortened at steps 3,600 and 5,200)"
            ),
            "demographics": (
                "FairFace has race (7), gender (2) and age (9) by other people's judgement, near balanced by race. "
                "No skin tone. Dark faces, judged by pixels, are drawn more often. No race, age or gender is learnt."
            ),
            "teacher": "YuNet weights are Apache-2.0; the data they were trained on was not verified",
        },
        "limits": {
            "text": [
                "No real face-free pictures were trained on: cloth and hands may fire; in video ask for two of three.",
                "The scenes of the evaluation are drawn by the code that drew those of the training, with other faces.",
                "Truth is the teacher's reading of a clean crop: what it misses is learnt with it.",
                "Faces under 20 px wide in the 160 x 96 input are often missed; faces on their side were hardly seen.",
                "Covered landmarks were learnt from drawn hands, masks, cups and sunglasses only.",
                "It finds faces. It does not tell people apart and keeps no template of anybody.",
            ]
        },
        "figures": figures.get("figures", []),
    }


if __name__ == "__main__":
    main()
