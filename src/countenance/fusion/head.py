"""A head of one's own beside the shipped readings: its labels join each prediction as scores of their own.

The scores are named `<taxonomy>/<label>`, so that a label called `confusion` never takes the place of what the text
model says under that name. Where none of the head's modalities is there, or its surest label is less probable than
the threshold it was given at training, it says nothing, with the reason.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from countenance.contracts.call import Modality
from countenance.contracts.card import Card
from countenance.contracts.errors import BundleError
from countenance.contracts.readings import Abstain, Evidence, Prediction, Reason, Window
from countenance.contracts.stages import Fusion
from countenance.fusion.head_features import Floats, Layout
from countenance.inference.bundle import AGAIN, Bundle
from countenance.inference.capped import tried
from countenance.inference.shelf import Shelf

TASK = "head"
ENCODER = "encoder."
"""Keys of a card's input that name the bundles a head was trained on, with their sha256."""
TOLD = 3
"""Measured values named as evidence, at most."""
TRAIN = "Train the head again: countenance train head."


@dataclass(frozen=True, slots=True)
class HeadSpec:
    """What `calibration.json` says of a head beside its calibration."""

    taxonomy: str
    labels: tuple[str, ...]
    exclusive: bool
    abstain_below: float
    layout: Layout


class HeadFusion:
    """What an inner fusion says, and the labels of one head beside it; no state."""

    def __init__(self, inner: Fusion, bundle: Bundle) -> None:
        self._inner = inner
        self._bundle = bundle
        self._spec = spec_of(bundle)
        self._named = [(modality, name) for modality, names in self._spec.layout.values.items() for name in names]
        self._places = [self._spec.layout.place(modality, name) for modality, name in self._named]
        self._weights = self._effects()

    def fuse(self, windows: Sequence[Window]) -> Sequence[Prediction]:
        """One prediction per window, in order."""
        predictions = self._inner.fuse(windows)
        if not windows:
            return predictions
        matrix = self._spec.layout.matrix(windows)
        logits = self._bundle.model.run({"features": matrix})["scores"]
        said = self._bundle.calibration.distribution(logits) if self._spec.exclusive else self._each(logits)
        return [self._joined(*one) for one in zip(predictions, matrix, said, strict=True)]

    def _each(self, logits: Floats) -> Floats:
        return self._bundle.calibration.each(logits)

    def _joined(self, prediction: Prediction, row: Floats, said: Floats) -> Prediction:
        spec = self._spec
        why = self._unsaid(row, said)
        if why is not None:
            return replace(prediction, unsaid={**prediction.unsaid, spec.taxonomy: why})
        names = {f"{spec.taxonomy}/{label}": float(p) for label, p in zip(spec.labels, said, strict=False)}
        effects = {name: self._evidence(prediction, row, column) for column, name in enumerate(names)}
        return replace(
            prediction,
            scores={**prediction.scores, **names},
            evidence={**prediction.evidence, **effects},
            models=(*prediction.models, self._bundle.ref),
        )

    def _unsaid(self, row: Floats, said: Floats) -> Abstain | None:
        spans = self._spec.layout.spans
        if not any(row[start] > 0 for start, _ in spans.values()):
            return Abstain(Reason.OUT_OF_DOMAIN, f"the head was trained on {', '.join(spans)}, none of which is here")
        if said.max() < self._spec.abstain_below:
            return Abstain(Reason.OUT_OF_DOMAIN, "no label of the head stands out enough")
        return None

    def _evidence(self, prediction: Prediction, row: Floats, column: int) -> tuple[Evidence, ...]:
        """The measured values that moved a label most; a value that several modalities say counts once."""
        moved: dict[str, float] = {}
        for (_, name), place, effect in zip(self._named, self._places, self._weights[:, column], strict=True):
            moved[name] = moved.get(name, 0.0) + float(row[place] * effect)
        known = {name: value for name in moved if (value := _value(prediction, name)) is not None}
        strongest = sorted(known, key=lambda name: (-abs(moved[name]), name))[:TOLD]
        return tuple(Evidence(name, known[name], moved[name]) for name in strongest)

    def _effects(self) -> Floats:
        """What one unit of each measured value adds to the calibrated log-odds of each label, values x labels.

        The net is a matrix and an offset, so its answers to unit vectors are rows of the matrix. Among exclusive labels
        only differences count: the mean over the labels is taken off.
        """
        calibration = self._bundle.calibration
        units = np.zeros((len(self._places) + 1, self._spec.layout.width), np.float32)
        units[np.arange(1, len(units)), self._places] = 1.0
        answers = self._bundle.model.run({"features": units})["scores"]
        effects: Floats = (answers[1:] - answers[0]) * calibration.slope / np.float32(calibration.temperature)
        if self._spec.exclusive:
            effects -= effects.mean(axis=1, keepdims=True)
        return effects


def with_heads(fusion: Fusion, folders: Iterable[Path], shelf: Shelf) -> tuple[Fusion, dict[str, Card]]:
    """A fusion with the heads of these folders around it, and their cards; a head that does not fit is an error.

    A head that is given by its path is tried in a capped process first, as the shelf tries all other weights.
    """
    cards, installed = {}, set(shelf.places(TASK).values())
    for folder in dict.fromkeys(folders):
        if folder not in installed:
            tried(folder)
        bundle = Bundle.load(folder, profile=shelf.profile)
        check_encoders(bundle, shelf)
        fusion = HeadFusion(fusion, bundle)
        cards[bundle.card.name] = bundle.card
    return fusion, cards


def check_encoders(bundle: Bundle, shelf: Shelf) -> None:
    """A head reads what certain nets saw: each must be here, loaded by the profile, with the very same weights."""
    asked = {k.removeprefix(ENCODER): v for k, v in bundle.card.input.items() if k.startswith(ENCODER)}
    for name, sha256 in asked.items():
        if name not in shelf.cards:
            why = shelf.left_out.get(name, "it is not installed")
            raise BundleError(f"{bundle.folder}: the head stands on {name}, which does not load here: {why}", TRAIN)
        found = shelf.cards[name].files["model.onnx"]
        if found != sha256:
            raise BundleError(
                f"{bundle.folder}: the head was trained on {name} {sha256[:12]}, installed is {found[:12]}", TRAIN
            )


def _value(prediction: Prediction, name: str) -> float | None:
    kind, _, key = name.partition(".")
    tables: dict[str, Mapping[str, float]] = {
        "score": prediction.scores,
        "dimension": prediction.dimensions,
        "cue": prediction.cues,
    }
    return tables[kind].get(key)


def spec_of(bundle: Bundle) -> HeadSpec:
    """The facts of a head, checked."""
    place = bundle.folder / "calibration.json"
    if bundle.card.task != TASK:
        raise BundleError(f"{bundle.folder}: its task is {bundle.card.task!r}, not {TASK!r}", AGAIN)
    told = bundle.calibration.extra.get("head")
    if not isinstance(told, dict):
        raise BundleError(f"{place}: nothing is said of the head", AGAIN)
    try:
        spec = HeadSpec(
            taxonomy=str(told["taxonomy"]),
            labels=tuple(map(str, told["labels"])),
            exclusive=bool(told["exclusive"]),
            abstain_below=float(told["abstain_below"]),
            layout=Layout.from_json(told["layout"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise BundleError(f"{place}: the head is not described as it must be ({error})", AGAIN) from error
    if spec.labels != bundle.card.outputs.get("scores", ())[: len(spec.labels)]:
        raise BundleError(f"{place}: its labels are not those of the card", AGAIN)
    return spec


def modalities_of(bundle: Bundle) -> tuple[Modality, ...]:
    """The modalities a head was trained on."""
    return tuple(spec_of(bundle).layout.values)
