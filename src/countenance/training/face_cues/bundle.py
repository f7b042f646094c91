"""Set the scales of the cues, measure the network on FairFace val and write the clean bundle ``face-cues.v1``.

``python -m countenance.training.face_cues.bundle --cache <unpacked archives> --shared <shared folder> --work <folder>
--out <models folder>`` also writes ``face-cues.json`` with every figure. Scales come from training faces kept for
development; FairFace val is only measured, and so is FER+ where it is given.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from countenance.encoders.geometry import NAMES
from countenance.inference.facecrop import INNER_PX
from countenance.inference.onnx import OnnxModel
from countenance.training.export import write_bundle
from countenance.training.face_cues import measure, people
from countenance.training.face_cues.net import CuesNet
from countenance.training.face_cues.teacher import CueFaces, cue_faces
from countenance.training.face_cues.train import DEV_EVERY, EDGE
from countenance.training.face_finder.teacher import labelled
from countenance.training.face_net import export_onnx, parameter_count

NAME = "face-cues.v1"
PROTOCOL = (
    "FairFace val, aligned by the five landmarks of the YuNet teacher, against the mesh teacher; mean distance of "
    f"{len(NAMES)} points in the picture divided by the outer eye distance"
)


def main() -> None:
    """Measure and write from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--shared", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--fer", type=Path, help="the unpacked face_fer2013 folder, to measure against people")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--remark", default="", help="how this run differs from the plain command; for the card")
    given = parser.parse_args()
    torch.set_num_threads(1)
    state = torch.load(given.work / "checkpoint.pt", weights_only=True)
    net = CuesNet(state["mean"]["mean_face"])
    net.load_state_dict(state["mean"])
    onnx_path = given.work / "model.onnx"
    export_onnx(net, onnx_path, side=INNER_PX, names=("face", "points"))
    model = OnnxModel(onnx_path)
    figures, calibration = measured(model, given.cache, given.shared)
    figures["people"] = people.named_by_people(model, given.fer) if given.fer else {}
    figures["network"] = {"parameters": parameter_count(net), "epochs": int(state["epoch"])}
    (given.work / "face-cues.json").write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    write_bundle(given.out / NAME, onnx_path, card(figures, given.remark), calibration)
    print(json.dumps(figures, indent=1))


def measured(model: OnnxModel, cache: Path, shared: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Fit scales and the level of the pitch on development faces; measure FairFace val."""
    faces = cue_faces(cache, shared, "fairface_train")
    kept = np.arange(len(faces)) % DEV_EVERY == 0
    dev = points_of(model, faces.take(kept))
    ends = measure.scales(dev)
    calibration: dict[str, Any] = {
        "id": f"{NAME}.dev",
        "method": "none",
        "scales": ends,
        "level_pitch_deg": round(float(np.median(measure.poses(dev)[:, 1])), 2),
    }
    test = cue_faces(cache, shared, "fairface_val")
    said = points_of(model, test)
    figures = measure.agreement(said, test.points, ends)
    shown = labelled(cache, shared, "fairface_val").take(test.rows)
    errors = measure.point_errors(said, test.points)
    figures["point_error_by_group"] = {
        name: measure.by_group(errors, getattr(shown, name)) for name in ("race", "gender", "age")
    }
    figures["training_faces"] = int((~kept).sum())
    return figures, calibration


def points_of(model: OnnxModel, faces: CueFaces, batch: int = 256) -> NDArray[np.float32]:
    """Points n x points x 3 in pixels of the canvas, from crops as alignment leaves them."""
    inside = slice(EDGE, EDGE + INNER_PX)
    squares = faces.canvases[:, None, inside, inside].astype(np.float32) / 255.0
    parts = [model.run({"face": squares[i : i + batch]})["points"] for i in range(0, len(squares), batch)]
    return np.concatenate(parts) + np.array([EDGE, EDGE, 0], dtype=np.float32)


def card(figures: dict[str, Any], remark: str) -> dict[str, Any]:
    """The model card of the bundle; figures come from `measured` alone."""
    return {
        "id": "face-cues",
        "version": "v1",
        "modality": "face",
        "task": "cues",
        "summary": "Places points on one aligned face; smile, brows, eyes, mouth and head pose are measured on them.",
        "outputs": {"points": [str(number) for number in NAMES]},
        "licence": {
            "code": "Apache-2.0",
            "weights": "Apache-2.0",
            "data": "CC BY 4.0 (FairFace)",
            "commercial": True,
            "notice": NOTICE,
            "ledger": ["countenance", "fairface", "yunet", "face-mesh"],
        },
        "input": {
            "shape": f"n x 1 x {INNER_PX} x {INNER_PX}",
            "layout": "luma 0..1 of the inner square of an aligned crop (countenance.inference.facecrop), float32",
        },
        "calibration": {"method": "none", "fitted_on": "scales: percentiles of training faces kept for development"},
        "data": {
            "train": f"FairFace train, {figures['training_faces']} faces of the project's subset seen by both teachers",
            "run": f"{figures['network']['epochs']} epochs, one seed. {remark}".strip(),
            "demographics": DEMOGRAPHICS,
        },
        "limits": {"text": list(LIMITS)},
        "figures": _rows(figures),
    }


NOTICE = (
    "face-cues.v1 was trained on faces of FairFace (Karkkainen and Joo, WACV 2021; CC BY 4.0) with points placed by "
    "the MediaPipe face landmark model (Google; Apache-2.0) as its teacher."
)
DEMOGRAPHICS = (
    "FairFace is balanced over seven groups of origin and two of gender, as annotated by others; ages 0-2 to over 70. "
    "The groups were used to report errors, never to train. What the teachers were trained on is not known here."
)
LIMITS = (
    "Cues are visible shapes. A smile is a wide mouth with raised corners; it does not say what anybody thinks.",
    "Scales are set on a population: a face at rest differs from face to face. Compare a person with that person.",
    "The teacher follows eyelids poorly: closed eyes stay partly open. Eye openness is weak, unfit to detect blinks.",
    "Agreement was measured with the teacher, not with annotations made by people.",
    "Beyond about 45 degrees of yaw the far half of the face is guessed.",
    "The points are used at once and not kept. Face geometry can be personal data all the same.",
)


def _rows(figures: dict[str, Any]) -> list[dict[str, Any]]:
    rows = [_row("point_error", figures["point_error"], PROTOCOL)]
    rows.append(
        _row("faces_over_10_percent", figures["faces_over_10_percent"], PROTOCOL + "; share of faces above 0.1")
    )
    for name, cue in figures["cues"].items():
        rows.append(
            _row(f"{name}_correlation", cue["correlation"], "FairFace val, with the same length from the teacher")
        )
        rows.append(
            _row(f"{name}_mean_error", cue["mean_error"], "FairFace val, on the scale 0..1, against the teacher")
        )
    for name, error in figures["pose_error_deg"].items():
        rows.append(_row(f"head_{name}_error_deg", error, "FairFace val, mean absolute, against the teacher"))
    for name, figure in figures["people"].items():
        rows.append(_row(name, figure, people.PROTOCOL.format(expression=name.rsplit("_", 1)[1])))
    for name in ("race", "gender", "age"):
        for group, error in figures["point_error_by_group"][name].items():
            rows.append(_row(f"point_error, {name} {group}", error, PROTOCOL))
    return rows


def _row(metric: str, figure: dict[str, Any], protocol: str) -> dict[str, Any]:
    return {
        "metric": metric,
        **{name: round(float(figure[name]), 4) for name in ("value", "low", "high")},
        "n": figure["n"],
        "protocol": protocol,
    }


if __name__ == "__main__":
    main()
