"""From what raters marked on a call to labelled stretches with votes.

Raters seldom agree on where a state begins. The call is cut at every boundary anybody set; each piece carries one vote
per rater who marked it with a label. A rater who looked at the call and marked nothing there counts as a rater without
a vote.
"""

from collections import Counter, deque
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from countenance.contracts.errors import DatasetError
from countenance.training.datasets.store import Split

SPLIT_NAMES = {
    "train": Split.TRAIN,
    "training": Split.TRAIN,
    "dev": Split.DEV,
    "val": Split.DEV,
    "valid": Split.DEV,
    "validation": Split.DEV,
    "test": Split.TEST,
    "unassigned": Split.UNASSIGNED,
    "": Split.UNASSIGNED,
}
"""How people name splits; `val` is dev, never test."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One label that one rater gave to one stretch."""

    rater: str
    label: str
    start_us: int | None
    """None with `end_us`: the whole call."""
    end_us: int | None


@dataclass(frozen=True, slots=True)
class Stretch:
    """A piece of a call and the votes on it."""

    start_us: int | None
    end_us: int | None
    votes: Mapping[str, float]


def stretches(marks: Iterable[Mark]) -> Iterator[Stretch]:
    """The pieces of a call that anybody marked, in order of time; labels of the whole call come first, as one piece."""
    marks = list(marks)
    whole = [mark for mark in marks if mark.start_us is None]
    if whole:
        yield Stretch(None, None, _votes(whole))
    timed = [
        (mark.start_us, mark.end_us, mark) for mark in marks if mark.start_us is not None and mark.end_us is not None
    ]
    waiting = deque(sorted(timed, key=lambda entry: entry[:2]))
    inside: list[tuple[int, int, Mark]] = []
    for start, end in pairwise(sorted({bound for first, last, _ in timed for bound in (first, last)})):
        inside = [entry for entry in inside if entry[1] > start]
        while waiting and waiting[0][0] <= start:
            inside.append(waiting.popleft())
        if inside:
            yield Stretch(start, end, _votes([mark for *_, mark in inside]))


def majority(votes: Mapping[str, float], raters: int) -> str | None:
    """The label that more than half of the raters gave and no other label equals; None when there is none such."""
    if not votes:
        return None
    highest = max(votes.values())
    winners = [label for label, count in votes.items() if count == highest]
    return winners[0] if len(winners) == 1 and highest * 2 > raters else None


def split_named(name: str, where: str) -> Split:
    """The split that a person's word for it means; DatasetError for any other word."""
    if name.strip().lower() not in SPLIT_NAMES:
        raise DatasetError(f"{where}: {name!r} is no split", "Use train, dev (or val) and test.")
    return SPLIT_NAMES[name.strip().lower()]


def beside(folder: Path, name: str) -> Path | None:
    """A media file named by an export, in its folder or below by the same relative path; None when it is not there."""
    for candidate in (folder / name, folder / Path(name).name):
        if name and candidate.is_file():
            return candidate
    return None


def placed(name: str, start_us: int | None, end_us: int | None) -> str:
    """A uid: the name alone for the whole, else with its time."""
    return name if start_us is None else f"{name}@{start_us}-{end_us}"


def left_out(counts: Mapping[str, int]) -> tuple[str, ...]:
    """Notes of what was left out, with counts, in order; nothing is said of what did not occur."""
    return tuple(f"{count} {what}" for what, count in counts.items() if count)


def _votes(marks: Collection[Mark]) -> dict[str, float]:
    # A rater who marks the same label twice over one stretch still has one vote.
    given = sorted({(mark.label, mark.rater) for mark in marks})
    return {label: float(count) for label, count in Counter(label for label, _ in given).items()}
