"""EmoBank: English sentences with valence, arousal and dominance, each from 1 to 5.

Layout: `corpus/emobank.csv` with a header `id,split,V,A,D,text`; texts may be quoted, with doubled quotes inside.
Source: Buechel and Hahn, EACL 2017. Licence CC BY-SA 4.0: only a head of its own may be fitted to it.
"""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from countenance.contracts.errors import DatasetError

SPLITS = ("train", "dev", "test")
DIMENSIONS = ("valence", "arousal", "dominance")
LICENCE = "EmoBank: CC BY-SA 4.0 (README of JULIELab/EmoBank)"
_COLUMNS = ("id", "split", "V", "A", "D", "text")


@dataclass(frozen=True, slots=True)
class EmoBankSplit:
    """The sentences of one split and their ratings."""

    texts: tuple[str, ...]
    vad: NDArray[np.float64]
    """n x 3 on the scale of the raters: 1 to 5, 3 is neither."""
    ids: tuple[str, ...]


def read_emobank(folder: Path, split: str) -> EmoBankSplit:
    """Read one split by the `split` column of emobank.csv."""
    if split not in SPLITS:
        raise DatasetError(f"EmoBank has no split '{split}'", f"Use one of {', '.join(SPLITS)}.")
    path = _file(folder)
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        missing = [name for name in _COLUMNS if name not in (reader.fieldnames or ())]
        if missing:
            raise DatasetError(f"{path} has no column {', '.join(missing)}", "Use the weighted emobank.csv.")
        rows = [row for row in reader if row["split"] == split]
    if not rows:
        raise DatasetError(f"{path} holds no rows of split '{split}'", "Fetch the file again.")
    vad = np.array([[_rating(row, name, path) for name in "VAD"] for row in rows])
    return EmoBankSplit(tuple(row["text"] for row in rows), vad, tuple(row["id"] for row in rows))


def _file(folder: Path) -> Path:
    for place in (folder / "corpus" / "emobank.csv", folder / "emobank.csv"):
        if place.is_file():
            return place
    raise DatasetError(
        f"{folder / 'corpus' / 'emobank.csv'} is missing", "Point to a folder that holds the EmoBank corpus."
    )


def _rating(row: dict[str, str], name: str, path: Path) -> float:
    try:
        value = float(row[name])
    except ValueError:
        value = float("nan")
    if not 1 <= value <= 5:
        problem = f"{path}, sentence {row['id']}: {name} is '{row[name]}', not a rating of 1 to 5"
        raise DatasetError(problem, "Fetch the file again.")
    return value
