"""RAVDESS as the voice net uses it: groups of arousal, and folds in which no actor is on both sides."""

from collections.abc import Iterable, Sequence

from countenance.contracts.errors import DatasetError
from countenance.training.datasets.ravdess import Clip

HIGH_AROUSAL = ("happy", "angry", "fearful", "surprised")
LOW_AROUSAL = ("neutral", "calm", "sad")  # disgust belongs to neither group

ORDERS = 5
"""Seeded orders in which a held-out speaker's clips are heard; the first is the headline, the others the spread."""

_FOLD_ACTORS = 4


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
