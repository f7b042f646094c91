"""The face finder's bundle from one recipe: draw scenes, train, export, choose the threshold and measure, write."""

from __future__ import annotations

import json
from pathlib import Path

import cv2

from countenance.training.device import Device, begin
from countenance.training.export import write_bundle
from countenance.training.face_finder.bundle import card
from countenance.training.face_finder.evaluate import report_on
from countenance.training.face_finder.export import export
from countenance.training.face_finder.net import FinderNet
from countenance.training.face_finder.recipe import FinderRecipe
from countenance.training.face_finder.shards import SHARD, draw_shard
from countenance.training.face_finder.teacher import labelled, split_dev
from countenance.training.face_finder.train import CHECKPOINT, Trainer
from countenance.training.face_net import parameter_count
from countenance.training.run import Run

UNCHOSEN = 0.5
"""The threshold before dev scenes have set it."""


def make(
    recipe: FinderRecipe, data: Path, teachers: Path, folder: Path, device: Device, out: Path | None = None
) -> Path:
    """Go through every stage that is not done yet; gives the folder of the bundle.

    `data` holds the unpacked `face_fairface_train` and `face_fairface_val`; agreement with the teacher on real
    pictures is measured where `face_natural` and `video_talking` lie beside them.
    """
    run = Run.open(folder, recipe)
    _draw(run, recipe, data, teachers)
    _train(run, recipe, device)
    _measure(run, recipe, data, teachers)
    report = json.loads((folder / "figures.json").read_text(encoding="utf-8"))
    bundle = (out or folder) / recipe.bundle
    _write(bundle, folder / "model.onnx", recipe, report)
    return bundle


def _draw(run: Run, recipe: FinderRecipe, data: Path, teachers: Path) -> None:
    """Scenes with the training part of FairFace train; finished files of scenes are not drawn again."""
    if run.result("draw") is not None:
        return
    cv2.setNumThreads(1)
    folder = run.folder / "scenes"
    folder.mkdir(exist_ok=True)
    with run.stage("draw", data=str(data), teachers=str(teachers)) as result:
        faces, _ = split_dev(labelled(data, teachers, "fairface_train"))
        for number in range(recipe.scenes // SHARD):
            draw_shard(folder, number, faces)
        result.update({"scenes": recipe.scenes, "faces": len(faces)})


def _train(run: Run, recipe: FinderRecipe, device: Device) -> None:
    if run.result("train") is not None:
        return
    place = begin(device, recipe.seed, recipe.threads)
    with run.stage("train", device=str(place)) as result:
        trainer = Trainer(run, recipe, place)
        trainer.go(run.folder / "scenes")
        result.update({"steps": trainer.step, "parameters": parameter_count(trainer.mean)})


def _measure(run: Run, recipe: FinderRecipe, data: Path, teachers: Path) -> None:
    """Export, choose the threshold on dev scenes, measure on scenes with FairFace val."""
    if run.result("measure") is not None:
        return
    begin("cpu", recipe.seed, recipe.threads)
    with run.stage("measure") as result:
        state = run.load(CHECKPOINT)
        assert state is not None, "the stage train has left a checkpoint"
        net = FinderNet()
        net.load_state_dict(state["mean"])
        result["gap"] = export(net, run.folder / "model.onnx")
        preliminary = run.folder / "preliminary" / recipe.bundle
        _write(preliminary, run.folder / "model.onnx", recipe, {})
        report = report_on(preliminary, data, teachers)
        (run.folder / "figures.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
        result.update({"threshold": report["thresholds"]["face"], "figures": report["figures"]})


def _write(bundle: Path, onnx_path: Path, recipe: FinderRecipe, report: dict[str, object]) -> None:
    calibration = {
        "id": f"{recipe.bundle}/dev",
        "method": "none",
        "thresholds": report.get("thresholds", {"face": UNCHOSEN}),
    }
    run = f"{recipe.scenes:,} scenes, {recipe.steps:,} steps of {recipe.batch}; countenance train face, one seed"
    write_bundle(bundle, onnx_path, card(report, run), calibration)
