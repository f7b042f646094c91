"""The face cues bundle from one recipe: train, export, set the scales, measure on FairFace val, write."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from countenance.contracts.errors import BundleError
from countenance.encoders.cues import Scale
from countenance.inference.facecrop import INNER_PX
from countenance.inference.onnx import OnnxModel
from countenance.training.device import Device, begin
from countenance.training.export import write_bundle
from countenance.training.face_cues import measure, people
from countenance.training.face_cues.bundle import card
from countenance.training.face_cues.net import CuesNet
from countenance.training.face_cues.recipe import CuesRecipe
from countenance.training.face_cues.teacher import CueFaces, cue_faces
from countenance.training.face_cues.train import CHECKPOINT, DEV_EVERY, EDGE, predicted, train
from countenance.training.face_finder.teacher import labelled
from countenance.training.face_net import export_onnx, parameter_count
from countenance.training.run import Run

CLOSE_PX = 0.05
"""Largest distance of a point between ONNX Runtime and torch."""


def make(recipe: CuesRecipe, data: Path, teachers: Path, folder: Path, device: Device, out: Path | None = None) -> Path:
    """Go through every stage that is not done yet; gives the folder of the bundle.

    `data` holds the unpacked `face_fairface_train` and `face_fairface_val`, and `face_fer2013` where people's names
    for expressions are to be compared with the cues.
    """
    run = Run.open(folder, recipe)
    _train(run, recipe, data, teachers, device)
    _measure(run, recipe, data, teachers)
    found = run.result("measure") or {}
    bundle = (out or folder) / recipe.bundle
    write_bundle(bundle, folder / "model.onnx", card(found["figures"]), found["calibration"])
    return bundle


def _train(run: Run, recipe: CuesRecipe, data: Path, teachers: Path, device: Device) -> None:
    if run.result("train") is not None:
        return
    place = begin(device, recipe.seed, recipe.threads)
    faces = cue_faces(data, teachers, "fairface_train")
    kept = np.arange(len(faces)) % DEV_EVERY == 0
    with run.stage("train", data=str(data), device=str(place)) as result:
        net = train(run, recipe, faces.take(~kept), faces.take(kept), place)
        result.update({"faces": int((~kept).sum()), "epochs": recipe.epochs, "parameters": parameter_count(net)})


def _measure(run: Run, recipe: CuesRecipe, data: Path, teachers: Path) -> None:
    """Scales and the level of the pitch from development faces; FairFace val is only measured, and so is FER+."""
    if run.result("measure") is not None:
        return
    trained, dev = run.result("train") or {}, _development(data, teachers)
    with run.stage("measure") as result:
        model = _exported(run, dev)
        calibration = _calibration(recipe, points_of(model, dev))
        figures = measured(model, data, teachers, calibration["scales"])
        fer = data / "face_fer2013"
        figures["people"] = people.named_by_people(model, fer) if (fer / "fer2013new.csv").is_file() else {}
        figures["network"] = {name: trained[name] for name in ("parameters", "epochs")}
        figures["training_faces"] = trained["faces"]
        result.update({"figures": figures, "calibration": calibration})
    (run.folder / "figures.json").write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


def _exported(run: Run, dev: CueFaces) -> OnnxModel:
    """Write the running mean of the weights as ONNX and compare it with torch."""
    state = run.load(CHECKPOINT)
    assert state is not None, "the stage train has left a checkpoint"
    net = CuesNet(state["mean"]["mean_face"])
    net.load_state_dict(state["mean"])
    path = run.folder / "model.onnx"
    export_onnx(net, path, side=INNER_PX, names=("face", "points"))
    few = dev.take(np.arange(min(64, len(dev))))
    model = OnnxModel(path)
    gap = float(np.abs(points_of(model, few) - predicted(net, few)).max())
    if gap > CLOSE_PX:
        raise BundleError(f"{path} differs from torch by {gap:.1e} px", "Export with the torch of the extra `train`.")
    return model


def _development(data: Path, teachers: Path) -> CueFaces:
    faces = cue_faces(data, teachers, "fairface_train")
    return faces.take(np.arange(len(faces)) % DEV_EVERY == 0)


def _calibration(recipe: CuesRecipe, dev: NDArray[np.float32]) -> dict[str, Any]:
    return {
        "id": f"{recipe.bundle}.dev",
        "method": "none",
        "scales": measure.scales(dev),
        "level_pitch_deg": round(float(np.median(measure.poses(dev)[:, 1])), 2),
    }


def measured(model: OnnxModel, data: Path, teachers: Path, ends: dict[str, Scale]) -> dict[str, Any]:
    """Agreement with the mesh teacher on FairFace val, as a whole and by group."""
    test = cue_faces(data, teachers, "fairface_val")
    said = points_of(model, test)
    figures = measure.agreement(said, test.points, ends)
    shown = labelled(data, teachers, "fairface_val").take(test.rows)
    errors = measure.point_errors(said, test.points)
    figures["point_error_by_group"] = {
        name: measure.by_group(errors, getattr(shown, name)) for name in ("race", "gender", "age")
    }
    return figures


def points_of(model: OnnxModel, faces: CueFaces, batch: int = 256) -> NDArray[np.float32]:
    """Points n x points x 3 in pixels of the canvas, from crops as alignment leaves them."""
    inside = slice(EDGE, EDGE + INNER_PX)
    squares = faces.canvases[:, None, inside, inside].astype(np.float32) / 255.0
    parts = [model.run({"face": squares[i : i + batch]})["points"] for i in range(0, len(squares), batch)]
    return np.concatenate(parts) + np.array([EDGE, EDGE, 0], dtype=np.float32)
