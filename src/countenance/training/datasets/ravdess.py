"""RAVDESS: twenty-four actors who say two sentences in eight emotions.

Layout: `Actor_XX/03-01-06-01-02-01-12.wav` (or flac), all labels in the name. Both sentences are said in every
emotion, so a row has no text: words tell nothing here. Source: Livingstone and Russo, PLoS ONE 13(5), 2018.
"""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from countenance.contracts.errors import DatasetError
from countenance.training.datasets.label_files import visible
from countenance.training.datasets.store import Corpus, Reading, Row, Split, check_splits, unique

LABELS = ("neutral", "calm", "happy", "sad", "angry", "fearful", "disgust", "surprised")
LICENCE = "RAVDESS (Livingstone and Russo, PLoS ONE 13(5), 2018), CC BY-NC-SA 4.0: non-commercial, share alike."

_FIELDS = 7
_SPEECH = ("03", "01")  # audio only, speech
_NAME = re.compile(r"\d\d(-\d\d){6}")
_PLACES = ("Actor_*", "audio_speech_actors_01-24/Actor_*")  # some copies hold the second folder inside the first


@dataclass(frozen=True, slots=True)
class Clip:
    """One spoken sentence and what its file name says of it."""

    path: Path
    label: int
    """index into LABELS"""
    strong: bool
    statement: int
    repetition: int
    actor: int

    @property
    def woman(self) -> bool:
        """RAVDESS gives women even numbers."""
        return self.actor % 2 == 0


def parse_name(path: Path) -> Clip:
    """Read a name: modality-channel-emotion-intensity-statement-repetition-actor, such as 03-01-06-01-02-01-12."""
    parts = path.stem.split("-")
    if len(parts) != _FIELDS or not all(part.isdigit() and len(part) == 2 for part in parts):
        raise DatasetError(f"{path.name} is not seven two-digit numbers", "Keep the original file names")
    if tuple(parts[:2]) != _SPEECH:
        raise DatasetError(f"{path.name} is not an audio-only speech clip", "Leave song and video files out")
    emotion, intensity, statement, repetition, actor = (int(part) for part in parts[2:])
    if not 1 <= emotion <= len(LABELS) or intensity not in (1, 2) or not 1 <= actor <= 24:
        raise DatasetError(f"{path.name} has codes that RAVDESS does not define", "Check the copy")
    return Clip(path, emotion - 1, intensity == 2, statement, repetition, actor)


def read_clips(folder: Path) -> list[Clip]:
    """Every speech clip under Actor_XX folders, in order of name; a byte-identical repetition is dropped."""
    files, _ = _named_once(folder)
    if not files:
        raise DatasetError(f"no Actor_XX/*.flac or *.wav in {folder}", "Unpack the speech archive of RAVDESS there")
    return _heard_once([parse_name(path) for path in files])


def read(folder: Path) -> Reading:
    """Every speech clip with the emotion its actor was asked for; the split is left open, by actor."""
    files, repeated = _named_once(folder)
    if not files:
        raise CORPUS.lacking(folder / "Actor_01")
    speech = [path for path in files if not _other_recording(path)]
    clips = _heard_once([parse_name(path) for path in speech])
    rows = tuple(_row(clip) for clip in clips)
    unique(rows)
    check_splits(rows)
    counts = {
        "clips stand twice under one name; the first was kept": repeated,
        "song or video files left out": len(files) - len(speech),
        "clips left out that repeat another byte for byte": len(speech) - len(clips),
    }
    return Reading(rows, notes=tuple(f"{count} {what}" for what, count in counts.items() if count))


def _row(clip: Clip) -> Row:
    return Row(
        uid=clip.path.stem,
        dataset="ravdess",
        split=Split.UNASSIGNED,
        source=f"file name {clip.path.parent.name}/{clip.path.name}",
        label=LABELS[clip.label],
        subject_id=f"{clip.actor:02d}",
        audio_path=clip.path,
        demographics={"gender": "female" if clip.woman else "male"},
    )


def _named_once(folder: Path) -> tuple[list[Path], int]:
    """The files of all actors, each name once, and how many stood again in a nested copy."""
    found: dict[str, Path] = {}
    count = 0
    for place in _PLACES:
        for path in visible(path for kind in ("flac", "wav") for path in folder.glob(f"{place}/*.{kind}")):
            found.setdefault(path.stem, path)
            count += 1
    return sorted(found.values()), count - len(found)


def _heard_once(clips: list[Clip]) -> list[Clip]:
    kept: dict[str, Clip] = {}
    for clip in clips:
        kept.setdefault(hashlib.sha256(clip.path.read_bytes()).hexdigest(), clip)
    return list(kept.values())


def _other_recording(path: Path) -> bool:
    return bool(_NAME.fullmatch(path.stem)) and tuple(path.stem.split("-")[:2]) != _SPEECH


def detect(path: Path) -> bool:
    """Folders of actors with names of seven two-digit numbers."""
    return any(
        _NAME.fullmatch(file.stem) and file.suffix in (".wav", ".flac")
        for place in _PLACES
        for file in path.glob(f"{place}/*-*.*")
    )


CORPUS = Corpus(
    name="ravdess",
    title="RAVDESS",
    licence=LICENCE,
    commercial="no",
    requested_at="Zenodo, record 1188976",
    labels=LABELS,
    detect=detect,
    read=read,
)
