"""Makes the parts of label-matched tuples: from pictures, clips, the voice run that holds their folds, and texts.

Sides share no picture, actor or comment. FER+ PublicTest and GoEmotions dev, on which the encoders were calibrated,
give training and dev sides in halves; PrivateTest and the official test split are the test side. Of RAVDESS the folds
are divided (`voice_folds`), each actor heard by the net that never heard them.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from countenance.capture.faces import FaceFinder
from countenance.contracts.call import FACE, TEXT, VOICE
from countenance.contracts.errors import UsageError
from countenance.encoders.face import FaceExpressionEncoder
from countenance.encoders.text import TextEncoder
from countenance.encoders.voice import BUNDLE as VOICE_BUNDLE
from countenance.inference.bundle import sha256
from countenance.inference.shelf import Profile, Shelf
from countenance.training.datasets.ravdess import read_clips
from countenance.training.device import progress
from countenance.training.fusion import faces, texts, voice_folds, voices
from countenance.training.fusion.parts import CONDITIONS, SIDES, Item, Part, by_condition, write_part

MOST = 120
"""Pictures or comments of one label on one side."""
SEED = 7
USED = ("face-finder.v1", "face-expression.v1", "text-emotion.v1", VOICE_BUNDLE)


@dataclass(frozen=True, slots=True)
class Sources:
    """Where the corpora lie."""

    faces: Path
    """The unpacked face_fer2013 folder."""
    voices: Path
    """The unpacked RAVDESS folder."""
    voice_run: Path
    """The run folder of `countenance train voice`."""
    texts: Path
    """The text_goemotions folder."""


def make(sources: Sources, out: Path) -> Iterator[Part]:
    """Write every part into `out`, and give each as it is done; what is there from an interrupted run stays."""
    out.mkdir(parents=True, exist_ok=True)
    shelf = Shelf.installed(Profile.OPEN)
    _same_as_before(out / "about.json", sources, shelf)
    for modality, read in ((TEXT, _words), (VOICE, _sounds), (FACE, _pictures)):
        wanted = [f"{modality}-{side}-{condition}.json.gz" for side in SIDES for condition in CONDITIONS[modality]]
        if not all((out / name).is_file() for name in wanted):
            for part in read(sources, shelf, out):
                write_part(part, out)
                yield part


def _same_as_before(path: Path, sources: Sources, shelf: Shelf) -> None:
    """An interrupted run goes on only with the networks and sizes that it was begun with."""
    folds = {file.name: sha256(file) for file in sorted(sources.voice_run.glob("fold*.pt"))}
    asked = {"most": MOST, "seed": SEED, "models": _hashes(shelf, *USED), "folds": folds}
    if path.is_file() and json.loads(path.read_text(encoding="utf-8")) != asked:
        raise UsageError(f"{path.parent} holds tuples of other networks or sizes", "Give another --out folder.")
    path.write_text(json.dumps(asked, indent=1) + "\n", encoding="utf-8")


def _pictures(sources: Sources, shelf: Shelf, work: Path) -> Iterator[Part]:  # noqa: ARG001 - one of three
    finder, encoder = FaceFinder(shelf.load("face-finder.v1")), FaceExpressionEncoder.from_shelf(shelf)
    models = _hashes(shelf, "face-finder.v1", "face-expression.v1")
    for usage, wanted in (("PublicTest", SIDES[:2]), ("PrivateTest", SIDES[2:])):
        pictures, labels, rates = faces.labelled(sources.faces, usage, MOST * len(wanted), SEED)
        rows = _watched(f"faces {usage}", faces.read(pictures, labels, finder, encoder), len(labels))
        for at, side in enumerate(wanted):
            yield from by_condition(FACE, side, rows[at :: len(wanted)], models, rates)


def _words(sources: Sources, shelf: Shelf, work: Path) -> Iterator[Part]:  # noqa: ARG001 - one of three
    encoder = TextEncoder.from_shelf(shelf)
    models = _hashes(shelf, *encoder.needs)
    for split, wanted in (("dev", SIDES[:2]), ("test", SIDES[2:])):
        comments, rates = texts.labelled(sources.texts, split, MOST * len(wanted), SEED)
        rows = _watched(f"texts {split}", texts.read(comments, encoder), len(comments))
        for at, side in enumerate(wanted):
            yield from by_condition(TEXT, side, rows[at :: len(wanted)], models, rates)


def _sounds(sources: Sources, shelf: Shelf, work: Path) -> Iterator[Part]:
    clips = read_clips(sources.voices)
    encoders, models = voice_folds.encoders(sources.voice_run, clips, shelf.load(VOICE_BUNDLE), work)
    for side, actors in voice_folds.sides(clips).items():
        own = [clip for clip in clips if clip.actor in actors]
        rows = _watched(f"voices {side}", voices.read(own, encoders), len(own))
        yield from by_condition(VOICE, side, rows, models)


def _watched(title: str, rows: Iterator[list[Item]], total: int) -> list[list[Item]]:
    done = []
    with progress(title, total) as report:
        for row in rows:
            done.append(row)
            if len(done) % 100 == 0 or len(done) == total:
                report(len(done), "")
    return done


def _hashes(shelf: Shelf, *names: str) -> dict[str, str]:
    return {name: shelf.load(name).ref.sha256 for name in names}
