"""GoEmotions: short comments with 27 emotions and neutral, several per text, in the official split.

Layout: `data/original/{train,dev,test}.tsv` (also `data/` itself), no header, lines of
`text TAB comma-separated label ids TAB comment id`. Source: Demszky et al. 2020, arXiv:2005.00547.

In the store every label of a text is one vote; the hard label is the only label of a text, and none where it has
several. How many raters read a text is not in these files, so `raters` is 0.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from countenance.contracts.errors import DatasetError
from countenance.training.datasets.plain_lines import first_line, numbered_lines
from countenance.training.datasets.store import Corpus, Reading, Row, Split, check_splits, unique

SPLITS = ("train", "dev", "test")
LICENCE = "GoEmotions: CC BY 4.0 as stated by its authors (upstream statement not verified)"
_CHECK = "Every line is: text TAB label ids TAB comment id."
LABELS = (
    "admiration", "amusement", "anger", "annoyance", "approval", "caring", "confusion",
    "curiosity", "desire", "disappointment", "disapproval", "disgust", "embarrassment",
    "excitement", "fear", "gratitude", "grief", "joy", "love", "nervousness", "optimism",
    "pride", "realization", "relief", "remorse", "sadness", "surprise", "neutral",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class GoEmotionsSplit:
    """The texts of one split and their labels."""

    texts: tuple[str, ...]
    labels: NDArray[np.float32]  # n x 28, 0 or 1, columns in the order of LABELS
    ids: tuple[str, ...]


def read_goemotions(folder: Path, split: str) -> GoEmotionsSplit:
    """Read one official split; quotes are plain characters and tabs inside a text are kept."""
    path = _split_file(folder, split)
    texts, labels, ids = [], [], []
    for _, text, row, comment in _rows(path):
        texts.append(text)
        labels.append(row)
        ids.append(comment)
    if not texts:
        raise DatasetError(f"{path} holds no rows", "Fetch the GoEmotions split again.")
    return GoEmotionsSplit(tuple(texts), np.stack(labels), tuple(ids))


def detect(folder: Path) -> bool:
    """Whether the folder holds the training file and its first line ends in label ids and a comment id."""
    path = _found(folder, "train")
    if path is None:
        return False
    fields = first_line(path).rsplit("\t", 2)
    ids = fields[1].strip('"').split(",") if len(fields) == 3 else []
    return bool(ids) and all(part.strip().isdigit() and int(part) < len(LABELS) for part in ids)


def read(folder: Path) -> Reading:
    """Every comment of the three official splits."""
    rows = []
    for split in SPLITS:
        path = _split_file(folder, split)
        rows += [_row(path, Split(split), *fields) for fields in _rows(path)]
    unique(rows)
    check_splits(rows)
    several = sum(len(row.votes) > 1 for row in rows)
    return Reading(tuple(rows), notes=(f"{several} texts carry several labels, and so no hard label",))


def _row(path: Path, split: Split, number: int, text: str, labels: NDArray[np.float32], comment: str) -> Row:
    votes = {LABELS[i]: 1.0 for i in np.flatnonzero(labels)}
    return Row(
        uid=comment,
        dataset="goemotions",
        split=split,
        source=f"{path.name} line {number}",
        label=next(iter(votes)) if len(votes) == 1 else None,
        votes=votes,
        text=text,
    )


def _found(folder: Path, split: str) -> Path | None:
    places = (folder / "data" / "original", folder / "data", folder)
    return next((place / f"{split}.tsv" for place in places if (place / f"{split}.tsv").is_file()), None)


def _split_file(folder: Path, split: str) -> Path:
    if split not in SPLITS:
        raise DatasetError(f"GoEmotions has no split '{split}'", f"Use one of {', '.join(SPLITS)}.")
    path = _found(folder, split)
    if path is None:
        raise CORPUS.lacking(folder / "data" / "original" / f"{split}.tsv")
    return path


def _rows(path: Path) -> Iterator[tuple[int, str, NDArray[np.float32], str]]:
    for number, line in numbered_lines(path):
        if line.strip():
            yield number, *_parse(line, path, number)


def _parse(line: str, path: Path, number: int) -> tuple[str, NDArray[np.float32], str]:
    fields = line.rsplit("\t", 2)
    if len(fields) != 3:
        raise DatasetError(f"{path}, line {number}: fewer than three tab-separated fields", _CHECK)
    text, ids, comment = fields
    row = np.zeros(len(LABELS), np.float32)
    for part in ids.strip('"').split(","):
        if not part.strip().isdigit() or int(part) >= len(LABELS):
            raise DatasetError(f"{path}, line {number}: '{part}' is no label id of 0 to 27", _CHECK)
        row[int(part)] = 1.0
    return text, row, comment


CORPUS = Corpus(
    name="goemotions",
    title="GoEmotions",
    licence=LICENCE,
    commercial="yes",
    requested_at="https://github.com/google-research/google-research/tree/master/goemotions",
    labels=LABELS,
    detect=detect,
    read=read,
)
