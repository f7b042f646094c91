"""`countenance train fusion`: from labelled calls or label-matched tuples to a bundle with its card."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from countenance.contracts.card import Card
from countenance.contracts.errors import DatasetError
from countenance.contracts.readings import EMOTIONS
from countenance.inference.ledger import Ledger, Use
from countenance.training.datasets.store import Split
from countenance.training.device import Device, begin
from countenance.training.fusion.bundle import Origin, publish
from countenance.training.fusion.examples import Calls, Source, Tuples, labels_of
from countenance.training.fusion.fit import dev_batch, fit
from countenance.training.fusion.match import EXPLAINED
from countenance.training.fusion.parts import models_of, read_side
from countenance.training.fusion.recipe import FusionRecipe
from countenance.training.run import Run
from countenance.training.windows.labelled import LabelledWindow, groups_of

DEV_SHARE = 0.2
"""Share of the groups of people and calls that the dev side takes when the calls name no split."""
TUPLE_ROWS = ("countenance", "fer2013", "ferplus", "ravdess", "goemotions", "minilm-l6", "fairface", "yunet")


@dataclass(frozen=True, slots=True)
class Sides:
    """What is learnt from and what is judged on, with where it came from."""

    train: Source
    dev: Source
    origin: Origin
    facts: Mapping[str, object]
    """For the run's record."""


def make_fusion(recipe: FusionRecipe, sides: Sides, run_folder: Path, device: Device, out: Path | None) -> Path:
    """Train, export, check, calibrate; gives the bundle's folder."""
    run = Run.open(run_folder, recipe)
    chosen = begin(device, recipe.seed, recipe.threads)
    with run.stage("fit", **sides.facts) as result:
        net = fit(run, recipe, sides.train, sides.dev, chosen)
        result["epochs"] = len([row for row in run.curves() if row["stage"] == "fit"])
    with run.stage("bundle") as result:
        folder = publish(
            net, recipe, said_as(sides.train.labels), dev_batch(sides.dev, recipe), sides.origin, out or run_folder
        )
        result["bundle"] = str(folder)
    return folder


def said_as(labels: tuple[str, ...]) -> tuple[str, ...]:
    """The names of scores: labels of one's own never take the place of what an encoder says under the same name."""
    return labels if labels == EMOTIONS else tuple(f"calls/{label}" for label in labels)


def tuple_sides(folder: Path, recipe: FusionRecipe) -> Sides:
    """Label-matched tuples: they show that the machinery works, and the card says so first."""
    parts = {side: read_side(folder, side) for side in ("train", "dev")}
    train, dev = (Tuples(recipe.task, parts[side], recipe.each) for side in ("train", "dev"))
    origin = Origin(
        data="label-matched tuples of FER+ PublicTest, RAVDESS folds and GoEmotions dev, as the encoders read them",
        ledger=TUPLE_ROWS,
        commercial=False,
        notice=f"{EXPLAINED} Research use only.",
        limits=(
            EXPLAINED,
            "It was not trained on anybody seen, heard and read at once; the shipped default is the pool.",
        ),
    )
    return Sides(train, dev, origin, {"tuples": str(folder), "models": models_of(parts["train"].values())})


def call_sides(windows: Sequence[LabelledWindow], cards: Mapping[str, Card], recipe: FusionRecipe) -> Sides:
    """Own labelled calls: their own split where they name one, else a share of the people and their calls is dev."""
    labelled = [w for w in windows if w.votes]
    train, dev = divided(labelled)
    labels = labels_of([w.votes for w in labelled])
    rows = sorted({"countenance", "own-calls", *(row for card in cards.values() for row in card.licence.rows)})
    ledger = Ledger.shipped()
    clean = all(Use.COMMERCIAL in ledger.rows[row].allowed for row in rows if row in ledger.rows)
    origin = Origin(
        data=f"own labelled calls: {len(train)} seconds to train on, {len(dev)} to judge on",
        ledger=tuple(rows),
        commercial=clean,
        notice="Trained on the operator's own labelled calls, within the consent of the people recorded.",
        limits=("It says what the operator's raters would say of such calls, nothing about an inner state.",),
    )
    facts = {"train_windows": len(train), "dev_windows": len(dev), "labels": labels}
    return Sides(Calls(recipe.task, train, labels), Calls(recipe.task, dev, labels), origin, facts)


def divided(labelled: Sequence[LabelledWindow]) -> tuple[list[LabelledWindow], list[LabelledWindow]]:
    """Training and dev windows; test windows are left alone, and nobody stands on both sides."""
    named = {side: [w for w in labelled if w.split is side] for side in (Split.TRAIN, Split.DEV)}
    if all(named.values()):
        return named[Split.TRAIN], named[Split.DEV]
    free = [w for w in labelled if w.split is not Split.TEST]
    groups = groups_of(free)
    names = sorted(set(groups))
    if len(names) < 2:
        raise DatasetError("the labelled calls are of one group of people", "Label calls of other people too.")
    count = max(1, round(DEV_SHARE * len(names)))
    chosen = set(np.random.default_rng(0).permutation(names)[:count].tolist())
    sides = [(w, group in chosen) for w, group in zip(free, groups, strict=True)]
    return [w for w, dev in sides if not dev], [w for w, dev in sides if dev]
