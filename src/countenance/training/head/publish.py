"""From labelled windows to a bundle that `analyze` loads: figures, network, calibration, taxonomy, card."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from countenance.aggregation.taxonomy import TAXONOMY, Label, Taxonomy
from countenance.contracts.card import Card
from countenance.contracts.errors import UsageError
from countenance.evaluation.assess import About, assess
from countenance.evaluation.report import Identities, Report, write_report
from countenance.evaluation.scores import Scores
from countenance.inference.bundle import sha256
from countenance.training.datasets.store import Split
from countenance.training.export import to_toml, write_bundle
from countenance.training.head.card import LICENCE, card_of
from countenance.training.head.fitting import Head, judged, train
from countenance.training.head.lessons import OTHER, Lessons, check_enough, folds, lessons
from countenance.training.head.onnx_file import write_linear
from countenance.training.head.recipe import HeadRecipe
from countenance.training.run import Run
from countenance.training.windows.labelled import LabelledWindow

BUNDLE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*\.v\d+")
DENOTES = """
The share of your raters who would pick this word for the same few seconds: an expression estimate from what could be
seen, heard and read, calibrated on people that the head had not learnt from."""
TITLE = "Own labelled calls"


@dataclass(frozen=True, slots=True)
class Published:
    """A finished head."""

    folder: Path
    report: Report
    """On people left out in turn; on the people of the split `test` where the data states one."""
    subsets: Mapping[str, Report]
    """Out of fold with only some modalities left, by their names."""
    lessons: Lessons


def bundle_name(taxonomy: Taxonomy) -> str:
    """The name of the bundle, with a version."""
    name = taxonomy.name if re.search(r"\.v\d+$", taxonomy.name) else f"{taxonomy.name}.v1"
    if not BUNDLE.fullmatch(name):
        raise UsageError(
            f"the taxonomy is named {taxonomy.name!r}", "Use small letters, digits and hyphens, such as support-states."
        )
    return name


def publish(
    windows: Sequence[LabelledWindow], taxonomy: Taxonomy, cards: Mapping[str, Card], folder: Path
) -> Published:
    """Train, measure and write everything below a run folder; the bundle lies in it under its name."""
    name = bundle_name(taxonomy)
    if not taxonomy.unfounded:
        raise UsageError(f"taxonomy {taxonomy.name}: every label has terms already", "Leave out `terms` and `direct`.")
    run = Run.open(folder, HeadRecipe(bundle=name))
    everything = lessons(windows, taxonomy.unfounded)
    held = np.array([window.split is Split.TEST for window in everything.windows])
    learnt = everything.only(~held)
    check_enough(learnt)
    with run.stage("train", windows=len(learnt.windows), people=len(set(learnt.groups))) as result:
        head = train(learnt, run.recipe.seed, _protocol(learnt))
        result |= {"penalty": head.penalty, "columns": head.layout.width, "abstain_below": head.abstain_below}
    write_linear(head.linear, folder / "model.onnx")
    with run.stage("measure"):
        told = _measured(head, everything.only(held) if held.any() else None, name, folder)
        subsets = {kept: _report(scores, name, folder, "out of fold") for kept, scores in head.without.items()}
    head.scores.write(folder / "scores.npz")
    for kept, report in {"": told, **subsets}.items():
        write_report(report, folder / f"metrics{'-' * bool(kept)}{kept}.json")
    with run.stage("bundle"):
        (folder / TAXONOMY).write_text(_taxonomy_text(taxonomy, head, name), encoding="utf-8")
        write_bundle(
            folder / name,
            folder / "model.onnx",
            card_of(name, head, learnt, told, _encoders(head, cards)),
            _calibration(name, head),
            {TAXONOMY: folder / TAXONOMY},
        )
    return Published(folder / name, told, subsets, learnt)


def _protocol(found: Lessons) -> str:
    count = int(folds(found).max()) + 1
    return (
        f"own labelled seconds, out of fold over {count} folds that tear no person and no call apart, calibrated on "
        "the other folds; the penalty was chosen on the same folds; intervals over people"
    )


def _measured(head: Head, held: Lessons | None, name: str, folder: Path) -> Report:
    if held is None:
        return _report(head.scores, name, folder, "out of fold")
    protocol = (
        "own labelled seconds of the split test, whose people and calls were not learnt from; intervals over people"
    )
    return _report(judged(head, held, protocol), name, folder, "test")


def _report(scores: Scores, name: str, folder: Path, split: str) -> Report:
    about = About(
        bundle=name,
        sha256=sha256(folder / "model.onnx"),
        profile="open",
        corpus="own_calls",
        title=TITLE,
        licence=LICENCE,
        split=split,
        rows=len(scores),
        cluster="people who share no call",
        identities=Identities(checked_against="the people and calls that the fit in question learnt from", shared=0),
    )
    return assess(about, scores)


def _encoders(head: Head, cards: Mapping[str, Card]) -> dict[str, Card]:
    """The bundles that decide what the head sees."""
    return {name: card for name, card in sorted(cards.items()) if card.modality in head.layout.values}


def _calibration(name: str, head: Head) -> dict[str, Any]:
    own = head.calibrated
    fitted: dict[str, Any] = {"method": "temperature", "temperature": own.temperature}
    if not own.exclusive:
        fitted = {"method": "slope_offset", "slope": _plain(own.slope), "offset": _plain(own.offset)}
    return {
        "id": f"{name}/out-of-fold",
        **fitted,
        "labels": list(head.scores.labels),
        "thresholds": head.enters,
        "head": {
            "taxonomy": name,
            "labels": [label for label in head.scores.labels if label != OTHER],
            "exclusive": own.exclusive,
            "abstain_below": head.abstain_below,
            "layout": head.layout.as_json(),
        },
    }


def _plain(values: np.ndarray[Any, Any]) -> list[float]:
    return [round(float(value), 6) for value in values]


def _taxonomy_text(taxonomy: Taxonomy, head: Head, name: str) -> str:
    """The taxonomy as it was given, with a score behind every label that had none."""
    told = taxonomy.model_dump(mode="json", exclude_none=True)
    told |= {
        "name": name,
        "calibration_id": taxonomy.calibration_id or f"{name}/out-of-fold",
        "denotes": taxonomy.denotes or DENOTES,
        "head": name,
        "label": [_label(label, head, name) for label in taxonomy.label],
    }
    return to_toml(told)


def _label(label: Label, head: Head, name: str) -> dict[str, Any]:
    told = label.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
    if label.name in head.enters:
        told["direct"] = f"score.{name}/{label.name}"
        told["enter"] = label.enter if "enter" in label.model_fields_set else head.enters[label.name]
    return {"name": label.name, "enter": label.enter, **told}
