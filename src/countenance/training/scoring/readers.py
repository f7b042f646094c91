"""Which encoder a bundle belongs to, and how it reads rows."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from countenance.capture.faces import FaceFinder
from countenance.contracts.card import Card
from countenance.contracts.errors import UsageError
from countenance.contracts.readings import EMOTIONS, NOTHING
from countenance.encoders import face, text, voice
from countenance.encoders.adapters import KINDS
from countenance.inference.adapter import Adapter, is_adapter
from countenance.inference.bundle import Bundle
from countenance.inference.shelf import Shelf, has_card
from countenance.training.datasets.store import Row
from countenance.training.scoring.faces import expression, read_faces
from countenance.training.scoring.foreign import ForeignReader, adapter_in
from countenance.training.scoring.said import Said
from countenance.training.scoring.targets import Wanted
from countenance.training.scoring.texts import read_texts
from countenance.training.scoring.voices import read_voices

FINDER = "face-finder.v1"


@dataclass(frozen=True, slots=True)
class Reader:
    """One bundle, ready to read rows."""

    card: Card
    profile: str
    reads: str
    """What kind of answer: `face`, `voice`, `text`, `dimensions`."""
    says: tuple[str, ...]
    """The labels it can be asked for."""
    read: Callable[[Sequence[Row]], Iterable[Said]]
    protocol: str
    thresholds: Mapping[str, float] = field(default_factory=lambda: NOTHING)
    wanted: Wanted | None = None
    """What it is always asked, where no corpus decides."""


def loaded(bundle: str, shelf: Shelf) -> Bundle | Adapter:
    """A bundle by name or folder, or the folder of an adapter, if the profile allows it."""
    if is_adapter(Path(bundle)):
        return adapter_in(Path(bundle), shelf)
    return Bundle.load(Path(bundle), profile=shelf.profile) if Path(bundle).is_dir() else shelf.load(bundle)


def reader_of(bundle: Bundle | Adapter, shelf: Shelf) -> Reader:
    """How a bundle, or somebody else's weights, read rows."""
    if isinstance(bundle, Adapter):
        return _foreign(bundle, shelf)
    kind = (bundle.card.modality, bundle.card.task)
    if kind not in READERS:
        known = ", ".join(f"{modality} {task}" for modality, task in READERS)
        raise UsageError(f"nothing here measures a bundle for {' '.join(kind)}", f"Measured are: {known}.")
    return READERS[kind](bundle, shelf)


def _expression(bundle: Bundle, shelf: Shelf) -> Reader:
    encoder = face.FaceExpressionEncoder(bundle)
    finder = FaceFinder(shelf.load(FINDER)) if shelf.has(FINDER) else None
    return Reader(
        card=bundle.card,
        profile=shelf.profile.value,
        reads="face",
        says=bundle.card.outputs["scores"],
        read=lambda rows: read_faces(rows, encoder, finder, expression),
        protocol="through the expression encoder, one crop, no test-time augmentation",
    )


def _voice(bundle: Bundle, shelf: Shelf) -> Reader:
    encoder = voice.VoiceEncoder(bundle)
    return Reader(
        card=bundle.card,
        profile=shelf.profile.value,
        reads="voice",
        says=bundle.card.outputs["scores"],
        read=lambda rows: read_voices(rows, encoder),
        protocol="through the voice encoder, clips of a speaker in one seeded order, each normalised by what was heard "
        "of the speaker up to its end, mean over looks of 3 s; calm counts as neutral where the corpus has no calm",
    )


def _text(bundle: Bundle, shelf: Shelf) -> Reader:
    return Reader(
        card=bundle.card,
        profile=shelf.profile.value,
        reads="text",
        says=(*EMOTIONS, *text.ALONE),
        read=lambda rows: read_texts(rows, bundle),
        protocol="through the text encoder, each text alone",
        thresholds=bundle.calibration.thresholds,
    )


def _dimensions(bundle: Bundle, shelf: Shelf) -> Reader:
    emotion = _of_one_release(bundle, text.EMOTION_BUNDLE, shelf)
    return Reader(
        card=bundle.card,
        profile=shelf.profile.value,
        reads="dimensions",
        says=text.DIMENSIONS,
        read=lambda rows: read_texts(rows, emotion, bundle),
        protocol="through the text encoder, each text alone",
    )


def _of_one_release(bundle: Bundle, needed: str, shelf: Shelf) -> Bundle:
    """The bundle that another one was fitted on: the one that lies beside it, else the installed one."""
    beside = bundle.folder.parent / needed
    return Bundle.load(beside, profile=shelf.profile) if has_card(beside) else shelf.load(needed)


def _foreign(adapter: Adapter, shelf: Shelf) -> Reader:
    finder = FaceFinder(shelf.load(FINDER)) if shelf.has(FINDER) else None
    reader = ForeignReader(adapter, KINDS[adapter.spec.kind](adapter), finder)
    return Reader(
        card=adapter.card,
        profile=shelf.profile.value,
        reads=adapter.spec.kind,
        says=reader.says,
        read=reader.read,
        protocol=f"somebody else's weights through the adapter for {adapter.spec.kind}, as its card feeds them",
    )


READERS: Mapping[tuple[str, str], Callable[[Bundle, Shelf], Reader]] = {
    ("face", "expression"): _expression,
    ("voice", "emotion"): _voice,
    ("text", "emotion"): _text,
    ("text", "dimensions"): _dimensions,
}
