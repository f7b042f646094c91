"""The face cues bundle from one recipe: train, export, set the scales, measure on FairFace val, write."""

from __future__ import annotations

import json
import shutil
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
from countenance.training.face_bits import quantise
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
MOST_LOST = 0.0005
"""Point error on development faces that 8 bits may cost."""
RANGES_FROM = 512
"""Training faces that set the ranges of 8-bit values."""
EXACT = ("/stages/stages.0/", "/stages/stages.1/stages.1.0/")
"""Nodes that stay as they are: the brightness is taken out, and the first convolution sees the picture itself."""


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
    faces, dev = parted(cue_faces(data, teachers, "fairface_train"))
    with run.stage("train", data=str(data), device=str(place)) as result:
        net = train(run, recipe, faces, dev, place)
        result.update({"faces": len(faces), "epochs": recipe.epochs, "parameters": parameter_count(net)})


def _measure(run: Run, recipe: CuesRecipe, data: Path, teachers: Path) -> None:
    """Scales and the level of the pitch from development faces; FairFace val is only measured, and so is FER+."""
    if run.result("measure") is not None:
        return
    trained, (train, dev) = run.result("train") or {}, parted(cue_faces(data, teachers, "fairface_train"))
    with run.stage("measure") as result:
        model = _chosen(run, _exported(run, dev), train, dev, recipe.seed)
        calibration = _calibration(recipe, points_of(model, dev))
        figures = measured(model, data, teachers, calibration["scales"])
        fer = data / "face_fer2013"
        figures["people"] = people.named_by_people(model, fer) if (fer / "fer2013new.csv").is_file() else {}
        figures["network"] = {name: trained[name] for name in ("parameters", "epochs")}
        figures["training_faces"] = trained["faces"]
        result.update({"figures": figures, "calibration": calibration})
    (run.folder / "figures.json").write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


def _exported(run: Run, dev: CueFaces) -> Path:
    """Write the running mean of the weights as ONNX and compare it with torch."""
    state = run.load(CHECKPOINT)
    assert state is not None, "the stage train has left a checkpoint"
    net = CuesNet(state["mean"]["mean_face"])
    net.load_state_dict(state["mean"])
    path = run.folder / "float.onnx"
    export_onnx(net, path, side=INNER_PX, names=("face", "points"))
    few = dev.take(np.arange(min(64, len(dev))))
    gap = float(np.abs(points_of(OnnxModel(path), few) - predicted(net, few)).max())
    if gap > CLOSE_PX:
        raise BundleError(f"{path} differs from torch by {gap:.1e} px", "Export with the torch of the extra `train`.")
    return path


def in_eight_bits(path: Path, target: Path, faces: CueFaces, seed: int) -> None:
    """Write the blocks of the network in 8 bits; gates, the first convolution and the head stay exact.

    Ranges come from some of `faces`, which are training faces.
    """
    drawn = np.random.default_rng(seed).choice(len(faces), min(RANGES_FROM, len(faces)), replace=False)
    quantise(path, target, squares_of(faces.take(np.sort(drawn))), _inside)


def _inside(name: str) -> bool:
    """Whether a node belongs to the blocks, and is no gate."""
    return name.startswith("/stages/") and "/gate/" not in name and not name.startswith(EXACT)


def _chosen(run: Run, exact: Path, train: CueFaces, dev: CueFaces, seed: int) -> OnnxModel:
    """8 bits, unless they cost more than MOST_LOST on development faces."""
    small, path = run.folder / "int8.onnx", run.folder / "model.onnx"
    in_eight_bits(exact, small, train, seed)
    errors = [float(measure.point_errors(points_of(OnnxModel(one), dev), dev.points).mean()) for one in (exact, small)]
    shutil.copyfile(small if errors[1] - errors[0] <= MOST_LOST else exact, path)
    return OnnxModel(path)


def parted(faces: CueFaces) -> tuple[CueFaces, CueFaces]:
    """Faces to train on, and those kept for development."""
    kept = np.arange(len(faces)) % DEV_EVERY == 0
    return faces.take(~kept), faces.take(kept)


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
    squares = squares_of(faces)
    parts = [model.run({"face": squares[i : i + batch]})["points"] for i in range(0, len(squares), batch)]
    return np.concatenate(parts) + np.array([EDGE, EDGE, 0], dtype=np.float32)


def squares_of(faces: CueFaces) -> NDArray[np.float32]:
    """Inner squares of crops as alignment leaves them, n x 1 x INNER_PX x INNER_PX in 0..1."""
    inside = slice(EDGE, EDGE + INNER_PX)
    return faces.canvases[:, None, inside, inside].astype(np.float32) / np.float32(255)
