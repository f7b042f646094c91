"""GoEmotions: short comments with 27 emotions and neutral, several per text, in the official split.

Layout: `data/original/{train,dev,test}.tsv` (also `data/` itself), no header, lines of
`text TAB comma-separated label ids TAB comment id`. Source: Demszky et al. 2020, arXiv:2005.00547.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from countenance.contracts.errors import DatasetError

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
    for number, line in enumerate(_lines(path), start=1):
        text, row, comment = _parse(line, path, number)
        texts.append(text)
        labels.append(row)
        ids.append(comment)
    if not texts:
        raise DatasetError(f"{path} holds no rows", "Fetch the GoEmotions split again.")
    return GoEmotionsSplit(tuple(texts), np.stack(labels), tuple(ids))


def _split_file(folder: Path, split: str) -> Path:
    if split not in SPLITS:
        raise DatasetError(f"GoEmotions has no split '{split}'", f"Use one of {', '.join(SPLITS)}.")
    for place in (folder / "data" / "original", folder / "data", folder):
        if (place / f"{split}.tsv").is_file():
            return place / f"{split}.tsv"
    raise DatasetError(
        f"{folder / 'data' / 'original' / f'{split}.tsv'} is missing",
        "Point to a folder that holds the GoEmotions tsv files.",
    )


def _lines(path: Path) -> Iterator[str]:
    # Split on "\n" only: str.splitlines would also cut at characters that occur inside comments.
    for line in path.read_text(encoding="utf-8").split("\n"):
        if line.strip():
            yield line.rstrip("\r")


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
