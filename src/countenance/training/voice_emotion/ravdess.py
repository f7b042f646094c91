"""RAVDESS speech clips: what the file names say, and folds in which no actor is on both sides."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from countenance.contracts.errors import DatasetError

LABELS = ("neutral", "calm", "happy", "sad", "angry", "fearful", "disgust", "surprised")
HIGH_AROUSAL = ("happy", "angry", "fearful", "surprised")
LOW_AROUSAL = ("neutral", "calm", "sad")  # disgust belongs to neither group

LICENCE = "RAVDESS (Livingstone and Russo, PLoS ONE 13(5), 2018), CC BY-NC-SA 4.0: non-commercial, share alike."

ORDERS = 5
"""Seeded orders in which a held-out speaker's clips are heard; the first is the headline, the others the spread."""

_FIELDS = 7
_SPEECH = ("03", "01")  # audio only, speech
_FOLD_ACTORS = 4


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
    files = sorted(path for kind in ("flac", "wav") for path in folder.glob(f"Actor_*/*.{kind}"))
    if not files:
        raise DatasetError(f"no Actor_XX/*.flac or *.wav in {folder}", "Unpack the speech archive of RAVDESS there")
    clips: dict[str, Clip] = {}
    for path in files:
        clips.setdefault(hashlib.sha256(path.read_bytes()).hexdigest(), parse_name(path))
    return list(clips.values())


def folds(actors: Iterable[int]) -> list[tuple[int, ...]]:
    """Groups of four consecutive actors, two men and two women each; every group is one fold's test side."""
    ordered = sorted(set(actors))
    if not ordered or len(ordered) % _FOLD_ACTORS:
        raise DatasetError(f"{len(ordered)} actors do not make folds of {_FOLD_ACTORS}", "Use actors 1 to 20")
    return [tuple(ordered[at : at + _FOLD_ACTORS]) for at in range(0, len(ordered), _FOLD_ACTORS)]


def split(clips: Sequence[Clip], test_actors: Iterable[int]) -> tuple[list[Clip], list[Clip]]:
    """Training and test clips of one fold."""
    held_out = set(test_actors)
    train = [clip for clip in clips if clip.actor not in held_out]
    test = [clip for clip in clips if clip.actor in held_out]
    refuse_overlap(train, test)
    return train, test


def refuse_overlap(train: Iterable[Clip], test: Iterable[Clip]) -> None:
    """Raise when an actor is on both sides, or a side is empty: such a score would flatter."""
    left, right = {clip.actor for clip in train}, {clip.actor for clip in test}
    if not left or not right:
        raise DatasetError("one side of the split is empty", "Name at least one actor for each side")
    if left & right:
        raise DatasetError(f"actors {sorted(left & right)} are on both sides", "Split by actor, never by clip")
