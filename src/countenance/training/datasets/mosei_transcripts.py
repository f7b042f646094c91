"""The words of CMU-MOSEI: raw transcripts by segment, or else single words with their times."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from countenance.training.datasets.label_files import number, wrong
from countenance.training.datasets.plain_lines import numbered_lines

NEAR_S = 0.1
"""A line belongs to a labelled segment when start and end together are no farther off than this."""
PAUSE = "sp"
Words = Callable[[str, float, float], str | None]
"""Video, start and end in seconds to the words spoken there; None where they are not known."""


@dataclass(frozen=True, slots=True)
class Line:
    """One segment of a raw transcript."""

    start: float
    end: float
    text: str


def read_transcript(path: Path) -> tuple[Line, ...]:
    """The lines `id___clip___start___end___text` of one video; `___` may occur in its id and in the text."""
    prefix = f"{path.stem}___"
    lines = []
    for place, line in numbered_lines(path):
        if not line.strip():
            continue
        fields = line.removeprefix(prefix).split("___", 3)
        if not line.startswith(prefix) or len(fields) != 4:
            raise wrong(path, place, f"is not {prefix}clip___start___end___text")
        lines.append(Line(number(fields[1], path, place), number(fields[2], path, place), fields[3].strip()))
    return tuple(lines)


def from_transcripts(folder: Path) -> Words:
    """Words out of a folder with a transcript per video."""
    read: dict[str, tuple[Line, ...]] = {}

    def words(video: str, start: float, end: float) -> str | None:
        if video not in read:
            path = folder / f"{video}.txt"
            read[video] = read_transcript(path) if path.is_file() else ()
        near = [(abs(line.start - start) + abs(line.end - end), line.text) for line in read[video]]
        away, text = min(near, default=(NEAR_S, ""))
        return text if away < NEAR_S else None

    return words


def from_timed_words(data: Callable[[str], tuple[np.ndarray, np.ndarray] | None]) -> Words:
    """Words out of a sequence of single words; `data` gives their bytes and their intervals in seconds."""
    # Segments of one video are asked for one after the other.
    data = lru_cache(maxsize=1)(data)

    def words(video: str, start: float, end: float) -> str | None:
        found = data(video)
        if found is None:
            return None
        return " ".join(_between(*found, start, end)) or None

    return words


def _between(words: np.ndarray, intervals: np.ndarray, start: float, end: float) -> Iterator[str]:
    middles = intervals.mean(axis=1)
    for word in words.ravel()[(middles >= start) & (middles < end)]:
        text = word.decode("utf-8", errors="replace") if isinstance(word, bytes) else str(word)
        if text != PAUSE:
            yield text
