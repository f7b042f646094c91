"""The single ratings of MSP-Podcast: who chose which emotion first, and which others beside it.

A rater's line is `WORKER00000001; Sad; Sad,Concerned; A:2.000000; V:4.000000; D:4.000000;`; the secondary part may be
absent, and a primary emotion may be free text after `Other-`.
"""

import csv
import io
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from countenance.contracts.errors import DatasetError
from countenance.training.datasets.label_files import wrong
from countenance.training.datasets.plain_lines import numbered_lines, text_of

PRIMARY = {
    "angry": "anger",
    "sad": "sad",
    "happy": "happy",
    "surprise": "surprise",
    "fear": "fear",
    "disgust": "disgust",
    "contempt": "contempt",
    "neutral": "neutral",
}
"""A rater's first choice in the names of the consensus; everything else is `other`."""
SECONDARY = (
    *("Angry", "Sad", "Happy", "Amused", "Neutral", "Frustrated", "Depressed", "Surprise", "Concerned"),
    *("Disgust", "Disappointed", "Excited", "Confused", "Annoyed", "Fear", "Contempt", "Other"),
)
_SPELLING = {name.lower(): name for name in SECONDARY} | {
    "dissapointed": "Disappointed",
    "dissappointed": "Disappointed",
}
_FILES = ("labels_detailed.csv", "labels_detailed.json", "labels.txt")


@dataclass(slots=True)
class Ratings:
    """What all raters of one clip chose."""

    primary: Counter[str] = field(default_factory=Counter)
    secondary: Counter[str] = field(default_factory=Counter)
    raters: int = 0

    def add(self, primary: str, secondary: Iterable[str]) -> None:
        """Count one rater."""
        self.primary[PRIMARY.get(primary.strip().lower(), "other")] += 1
        tags = {_SPELLING.get(tag.strip().lower(), "Other") for tag in secondary if tag.strip()}
        self.secondary.update(tags)
        self.raters += 1


def read_ratings(labels: Path) -> dict[str, Ratings]:
    """Ratings by file name, from the first of labels_detailed.csv, .json and labels.txt; empty without any."""
    readers = (_from_csv, _from_json, _from_text)
    for name, reader in zip(_FILES, readers, strict=True):
        if (labels / name).is_file():
            found: dict[str, Ratings] = {}
            for clip, primary, secondary in reader(labels / name):
                found.setdefault(clip, Ratings()).add(primary, secondary)
            return found
    return {}


def rater_line(text: str, path: Path, at: int) -> tuple[str, list[str]]:
    """The primary emotion and the secondary ones of a rater's line."""
    parts = [part.strip() for part in text.strip().rstrip(";").split(";")]
    scores = [part[:2] for part in parts[-3:]]
    if len(parts) < 5 or scores != ["A:", "V:", "D:"]:
        raise wrong(
            path, at, "is not a rater, a primary emotion, others if any, A:, V: and D:, with semicolons between"
        )
    chosen = parts[1:-3]
    # Free text may hold a semicolon of its own: what remains but its last part belongs to the first choice.
    return (";".join(chosen[:-1]), chosen[-1].split(",")) if len(chosen) > 1 else (chosen[0], [])


def _from_csv(path: Path) -> Iterator[tuple[str, str, list[str]]]:
    reader = csv.reader(io.StringIO(text_of(path)))
    for fields in reader:
        if not fields or not fields[0].endswith(".wav"):
            if reader.line_num > 1 and any(fields):
                raise wrong(path, reader.line_num, "does not start with a file name")
            continue
        if len(fields) != 2:
            raise wrong(path, reader.line_num, f"has {len(fields)} fields, not a file name and a rating")
        yield (fields[0], *rater_line(fields[1], path, reader.line_num))


def _from_json(path: Path) -> Iterator[tuple[str, str, list[str]]]:
    try:
        clips = json.loads(text_of(path))
        for clip, raters in clips.items():
            for rating in raters.values():
                yield clip, rating["EmoClass_Major"], rating.get("EmoClass_Second", "").split(",")
    except (json.JSONDecodeError, AttributeError, KeyError, TypeError) as error:
        problem = f"{path} is not a table of clips, raters and EmoClass_Major ({error})"
        raise DatasetError(problem, "Fetch the file again, or use labels_detailed.csv.") from error


def _from_text(path: Path) -> Iterator[tuple[str, str, list[str]]]:
    clip = None
    for at, line in numbered_lines(path):
        first = line.split(";", 1)[0].strip()
        if first.endswith(".wav"):
            clip = first
        elif first.startswith("WORKER") and clip is not None:
            yield (clip, *rater_line(line, path, at))
        elif first:
            raise wrong(path, at, "is neither a clip nor one of its raters")
