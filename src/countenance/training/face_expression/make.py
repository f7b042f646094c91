"""The face expression bundle from one recipe: train, export, fit on dev, measure on test, write.

Every stage leaves its result in the run folder and is not repeated; PrivateTest is read by the last two alone.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from countenance.evaluation import conformal
from countenance.evaluation.metrics import ACCURACY, MACRO_F1, NLL
from countenance.evaluation.riskcoverage import threshold_for
from countenance.inference.mirroring import unsure
from countenance.inference.onnx import OnnxModel
from countenance.training.datasets import ferplus
from countenance.training.device import Device, begin
from countenance.training.export import write_bundle
from countenance.training.face_expression import measure
from countenance.training.face_expression.bundle import card
from countenance.training.face_expression.calibrate import Fitted, choose
from countenance.training.face_expression.export import (
    MIRROR_BELOW,
    MIRROR_TRIED,
    cpu_ms,
    export,
    in_eight_bits,
    outputs_of,
    read_twice,
)
from countenance.training.face_expression.recipe import ExpressionRecipe
from countenance.training.face_expression.train import CHECKPOINT, expression_net, train
from countenance.training.face_net import parameter_count
from countenance.training.run import Run

MOST_LOST = 0.005
"""Accuracy on dev that 8 bits may cost."""
RANGES_FROM = 512
"""Training faces that set the ranges of 8-bit values."""


def make(recipe: ExpressionRecipe, data: Path, folder: Path, device: Device, out: Path | None = None) -> Path:
    """Go through every stage that is not done yet; gives the folder of the bundle."""
    run = Run.open(folder, recipe)
    _train(run, recipe, data, device)
    _export(run, recipe, data)
    _fit(run, data)
    _measure(run, data)
    results = {name: run.result(name) or {} for name in ("train", "export", "fit", "measure")}
    bundle = (out or folder) / recipe.bundle
    calibration = {"id": f"{recipe.bundle}.publictest", **results["fit"]["calibration"]}
    write_bundle(bundle, folder / "model.onnx", card(recipe, results), calibration)
    return bundle


def _train(run: Run, recipe: ExpressionRecipe, data: Path, device: Device) -> None:
    if run.result("train") is not None:
        return
    place = begin(device, recipe.seed, recipe.threads)
    faces, counts = ferplus.training_faces(data)
    with run.stage("train", data=str(data), device=str(place), terms=ferplus.LICENCE) as result:
        learner = train(run, recipe, faces, _dev(data), place)
        result.update({"faces": counts, "epochs": learner.epoch, "parameters": parameter_count(learner.mean)})


def _export(run: Run, recipe: ExpressionRecipe, data: Path) -> None:
    """Choose between 32 and 8 bits: the faster one, unless it costs more than MOST_LOST on dev."""
    if run.result("export") is not None:
        return
    begin("cpu", recipe.seed, recipe.threads)
    state = run.load(CHECKPOINT)
    assert state is not None, "the stage train has left a checkpoint"
    net = expression_net(recipe)
    net.load_state_dict(state["mean"])
    dev, paths = _dev(data), {32: run.folder / "float.onnx", 8: run.folder / "int8.onnx"}
    with run.stage("export") as result:
        result["gap"] = export(net.eval(), paths[32], dev.images[:64])
        faces, _ = ferplus.training_faces(data)
        drawn = np.random.default_rng(recipe.seed).choice(len(faces), min(RANGES_FROM, len(faces)), replace=False)
        in_eight_bits(paths[32], paths[8], faces.images[drawn])
        rows = {bits: _tried(OnnxModel(path), dev) for bits, path in paths.items()}
        lost = rows[32]["dev_accuracy"] - rows[8]["dev_accuracy"]
        bits = 8 if rows[8]["cpu_ms"] < rows[32]["cpu_ms"] and lost <= MOST_LOST else 32
        shutil.copyfile(paths[bits], run.folder / "model.onnx")
        result.update({"bits": bits, "cpu_ms": rows[bits]["cpu_ms"], "tried": rows})


def _tried(model: OnnxModel, dev: ferplus.FerPlus) -> dict[str, float]:
    said = measure.dev_scores(dev, outputs_of(model, dev.images))
    rounds = [cpu_ms(model) for _ in range(5)]
    return {"dev_accuracy": ACCURACY(said), "cpu_ms": round(float(np.median(rounds)), 3)}


def _fit(run: Run, data: Path) -> None:
    """Calibration, threshold of abstention and conformal quantile, all from PublicTest."""
    if run.result("fit") is not None:
        return
    dev = _dev(data)
    model = OnnxModel(run.folder / "model.onnx")
    logits = outputs_of(model, dev.images)
    with run.stage("fit") as result:
        result["mirrored"] = [_mirrored(model, dev, below) for below in MIRROR_TRIED]
        fitted, leans = choose(logits, measure.dev_scores(dev, logits))
        said = measure.dev_scores(dev, logits, fitted)
        said.write(run.folder / "scores-dev.npz")
        calibration = fitted.written() | {"mirror_below": MIRROR_BELOW}
        sets = conformal.fit(said)
        calibration["conformal"] = {"alpha": sets.alpha, "quantile": round(sets.quantile, 5)}
        if (bar := threshold_for(said, measure.WANTED_RISK)) is not None:
            calibration["abstain_below"] = round(bar, 5)
        result.update({"lean": fitted.lean, "leans": leans, "dev_accuracy": ACCURACY(said), "calibration": calibration})


def _mirrored(model: OnnxModel, dev: ferplus.FerPlus, below: float) -> dict[str, float]:
    """What reading unsure faces twice is worth on dev, each with its own calibration."""
    once = outputs_of(model, dev.images, 0.0)
    logits = outputs_of(model, dev.images, below)
    plain = measure.dev_scores(dev, logits)
    said = measure.dev_scores(dev, logits, choose(logits, plain)[0])
    share = float(unsure(once, below).mean())
    return {"below": below, "share": share, "accuracy": ACCURACY(said), "macro_f1": MACRO_F1(said), "nll": NLL(said)}


def _measure(run: Run, data: Path) -> None:
    """PrivateTest, as it is and spoilt."""
    if run.result("measure") is not None:
        return
    fitted, bar = _fitted(run)
    model = OnnxModel(run.folder / "model.onnx")
    test, dev = ferplus.read_split(data, "PrivateTest"), _dev(data)
    with run.stage("measure") as result:
        logits = outputs_of(model, test.images)
        said = measure.dev_scores(dev, outputs_of(model, dev.images), fitted)
        result.update(measure.figures(test, logits, fitted, said))
        plain = ferplus.has_plurality(test.votes)
        chosen = fitted.probabilities(logits[plain])
        measure.scores_of(test.take(plain), "PrivateTest", chosen, "FER+ PrivateTest, plurality rule").write(
            run.folder / "scores-test.npz"
        )
        result["read_twice"] = read_twice(model, test.images[plain])
        result["robustness"] = measure.robustness(model, test.take(plain), fitted, bar)
    (run.folder / "figures.json").write_text(json.dumps(run.result("measure"), indent=1) + "\n", encoding="utf-8")


def _fitted(run: Run) -> tuple[Fitted, float | None]:
    found: dict[str, Any] = (run.result("fit") or {})["calibration"]
    offset: NDArray[np.float64] = np.array(found["offset"])
    return Fitted(float(found["slope"][0]), offset), found.get("abstain_below")


def _dev(data: Path) -> ferplus.FerPlus:
    """PublicTest under the plurality rule."""
    faces = ferplus.read_split(data, "PublicTest")
    return faces.take(ferplus.has_plurality(faces.votes))
