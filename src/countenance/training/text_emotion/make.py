"""The text bundles from one recipe: train every course, export, fit on dev, measure, write.

Every stage leaves its result in the run folder and is not repeated. Test and evaluation-only data are read by the
stage `measure` alone.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer

from countenance.evaluation import conformal
from countenance.evaluation.riskcoverage import threshold_for
from countenance.evaluation.scores import Scores
from countenance.evaluation.statistics import area
from countenance.inference.bundle import sha256
from countenance.inference.onnx import OnnxModel
from countenance.training.datasets import emobank
from countenance.training.datasets.call_lines import read_call_lines
from countenance.training.datasets.goemotions import LICENCE, GoEmotionsSplit, read_goemotions
from countenance.training.datasets.store import Split
from countenance.training.device import Device, begin
from countenance.training.export import write_bundle
from countenance.training.run import Run
from countenance.training.text_emotion import figures, tables
from countenance.training.text_emotion.batches import load_tokenizer
from countenance.training.text_emotion.cards import emotion_card, timed_row, vad_card
from countenance.training.text_emotion.exporting import TIMED, cpu_ms, write_model
from countenance.training.text_emotion.fitted import Fitted, fit, truth_of_scores
from countenance.training.text_emotion.lessons import lessons, shown, with_lines
from countenance.training.text_emotion.measure import Finished, measured
from countenance.training.text_emotion.net import POSITIONS, TextNet, load_minilm
from countenance.training.text_emotion.onnx_export import SCORES
from countenance.training.text_emotion.outputs import Reader, onnx_reader, remembered
from countenance.training.text_emotion.places import Places
from countenance.training.text_emotion.recipe import Course, TextRecipe
from countenance.training.text_emotion.teaching import finished, net_of, told
from countenance.training.text_emotion.train import Training, train
from countenance.training.text_emotion.vad import VadHead, export_vad, features_of, fit_vad, read_vad

VAD_BUNDLE = "text-vad.v1"
LINES = "call lines of this project, scenarios of their dev part, on which settings were chosen; one annotator"
Floats = NDArray[np.float64]


def make(recipe: TextRecipe, places: Places, device: Device, out: Path | None = None) -> tuple[Path, Path]:
    """Go through every stage that is not done yet; gives the folders of the two bundles."""
    run = Run.open(places.run, recipe)
    courses(run, recipe, places, device)
    tokenizer = load_tokenizer(places.base, POSITIONS)
    dev = read_goemotions(places.goemotions, "dev")
    _export(run, recipe, tokenizer, dev)
    read = remembered(onnx_reader(run.folder / "model.onnx", tokenizer))
    _fit(run, recipe, read, dev, places)
    _measure(run, recipe, places, (read, tokenizer), dev)
    _time(run, tokenizer, dev)
    return _write(run, recipe, tokenizer, out or run.folder)


def courses(run: Run, recipe: TextRecipe, places: Places, device: Device) -> None:
    """Train what is not trained yet, in order."""
    for course in recipe.course:
        if not (run.folder / f"{last_of(course)}.pt").is_file():
            _train(run, recipe, course, places, device)


def last_of(course: Course) -> str:
    """The checkpoint that a finished course leaves."""
    return f"{course.name}-{course.epochs}"


def _train(run: Run, recipe: TextRecipe, course: Course, places: Places, device: Device) -> None:
    place = begin(device, course.seed, recipe.threads)
    tokenizer = load_tokenizer(places.base)
    data, dev = (read_goemotions(places.goemotions, split) for split in ("train", "dev"))
    with run.stage(f"train {course.name}", device=str(place), terms=LICENCE) as result:
        rows = shown(data, course)
        texts = [data.texts[row] for row in rows]
        said = None if course.soft is None else told(run, course.soft.teachers, texts, tokenizer)
        material = lessons(data, rows, course, said)
        if course.call_lines:
            material = with_lines(material, read_call_lines(Split.TRAIN), course.call_lines)
        train(run, Training(course, material, _begun(run, course, places.base), place), tokenizer, dev)
        result.update({"rows_per_epoch": len(material.texts), "texts": len(data.texts)})


def _begun(run: Run, course: Course, base: Path) -> TextNet:
    """The net that a course begins with."""
    if course.goes_on_from:
        return net_of(run, *course.goes_on_from)
    torch.manual_seed(course.seed)
    net = TextNet()
    load_minilm(net, base)
    return net


def _export(run: Run, recipe: TextRecipe, tokenizer: Tokenizer, dev: GoEmotionsSplit) -> None:
    """Choose between 32 and 8 bits on dev."""
    if run.result("export") is not None:
        return
    begin("cpu", recipe.seed, recipe.threads)
    with run.stage("export") as result:
        result.update(write_model(finished(run, recipe.course[-1], recipe.average), tokenizer, dev, run.folder))


def _fit(run: Run, recipe: TextRecipe, read: Reader, dev: GoEmotionsSplit, places: Places) -> None:
    """Calibration, thresholds, conformal quantile and the bar of abstention from dev; the V/A/D head from EmoBank."""
    if run.result("fit") is not None:
        return
    begin("cpu", recipe.seed, recipe.threads)
    train_set, dev_set = (emobank.read_emobank(places.emobank, split) for split in ("train", "dev"))
    with run.stage("fit", terms=[LICENCE, emobank.LICENCE]) as result:
        said = read(dev.texts)
        fitted = fit(said, dev)
        shares = tables.shares_table(dev, said, fitted, "GoEmotions dev")
        sets, bar = conformal.fit(shares), threshold_for(shares, recipe.wanted_risk)
        written = {**fitted.written(), "conformal": {"alpha": sets.alpha, "quantile": round(sets.quantile, 5)}}
        head = fit_vad(features_of(read(train_set.texts)), train_set, recipe.vad)
        export_vad(head, run.folder / "vad.onnx")
        heard = head(features_of(read(dev_set.texts)))
        r = [np.corrcoef(heard[:, column], dev_set.vad[:, column])[0, 1] for column in range(3)]
        if bar is not None:
            written["abstain_below"] = round(bar, 5)
        result.update({"calibration": written, "bar": bar, "vad_dev_r": [round(float(one), 4) for one in r]})
        result["call_lines"] = figures.line_rows(_lines_table(read, fitted))
        result["below_the_bar"] = None if bar is None else _below(said.scores, fitted, dev, bar)


def _lines_table(read: Reader, fitted: Fitted) -> Scores:
    lines = read_call_lines(Split.DEV)
    return tables.lines_table(lines, read(lines.texts).scores, fitted, LINES)


def _below(logits: Floats, fitted: Fitted, dev: GoEmotionsSplit, bar: float) -> dict[str, float]:
    """What would be lost with the texts below the bar: how well confusion and frustration are told apart there."""
    unsure = fitted.shares(logits).max(axis=1) < bar
    said, truth = fitted.scores.probability(logits), truth_of_scores(dev.labels)
    found = {"share": float(unsure.mean())}
    for label in ("confusion", "frustration"):
        at = SCORES.index(label)
        found[f"{label}_auc"] = area(truth[:, at], said[:, at], unsure).value
        found[f"{label}_held"] = float(truth[unsure, at].sum() / max(1, truth[:, at].sum()))
    return {name: round(value, 4) for name, value in found.items()}


def _measure(
    run: Run, recipe: TextRecipe, places: Places, reading: tuple[Reader, Tokenizer], dev: GoEmotionsSplit
) -> None:
    if run.result("measure") is not None:
        return
    done: dict[str, Any] = run.result("fit") or {}
    head: VadHead = read_vad(run.folder / "vad.onnx")
    finished = Finished(*reading, Fitted.read(done["calibration"]), head, done["bar"], recipe.wanted_risk)
    with run.stage("measure") as result:
        result.update(measured(finished, places, dev, run.folder))
    stages = {name: run.result(name) for name in ("export", "fit", "measure")}
    (run.folder / "figures.json").write_text(json.dumps(stages, indent=1) + "\n", encoding="utf-8")


def _time(run: Run, tokenizer: Tokenizer, dev: GoEmotionsSplit) -> None:
    """A stage of its own: taken out of the record, it is done again on a quieter machine."""
    if run.result("time") is not None:
        return
    with run.stage("time") as result:
        model, head = (OnnxModel(run.folder / name) for name in ("model.onnx", "vad.onnx"))
        result["cpu_ms"] = cpu_ms(model, tokenizer, dev.texts, head)
        result["pieces"] = round(float(np.mean([len(tokenizer.encode(text).ids) for text in dev.texts[:TIMED]])), 1)


def _write(run: Run, recipe: TextRecipe, tokenizer: Tokenizer, out: Path) -> tuple[Path, Path]:
    exported, fitted, found = (run.result(name) or {} for name in ("export", "fit", "measure"))
    words = run.folder / "tokenizer.json"
    tokenizer.save(str(words), pretty=False)
    emotion, vad = out / recipe.bundle, out / VAD_BUNDLE
    calibration = {"id": f"{recipe.bundle}/goemotions-dev", **fitted["calibration"]}
    card = emotion_card(
        [*found["emotion"], *fitted["call_lines"], timed_row(run.result("time") or {})], exported, recipe
    )
    write_bundle(emotion, run.folder / "model.onnx", card, calibration, {"tokenizer.json": words})
    head = vad_card(found["vad"], sha256(emotion / "model.onnx"))
    write_bundle(vad, run.folder / "vad.onnx", head, {"id": f"{VAD_BUNDLE}/none", "method": "none"})
    return emotion, vad
