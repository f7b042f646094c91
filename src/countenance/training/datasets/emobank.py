"""EmoBank: English sentences with valence, arousal and dominance, each from 1 to 5.

Layout: `corpus/emobank.csv` with a header `id,split,V,A,D,text`; texts may be quoted, with doubled quotes inside.
Source: Buechel and Hahn, EACL 2017. Licence CC BY-SA 4.0: only a head of its own may be fitted to it.

`emobank.csv` is the mean of two perspectives, weighted by their raters: what a reader of the sentence makes of it and
what its writer meant. `reader.csv` and `writer.csv` (`id,V,A,D,stdV,stdA,stdD,N`) hold each for itself. In the store a
rating r becomes (r - 3) / 2. The official split is by category of text, and most documents stand in several of its
splits: sentences therefore carry no group.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from countenance.contracts.errors import DatasetError
from countenance.training.datasets.label_files import centred
from countenance.training.datasets.label_tables import Line, header, read_table
from countenance.training.datasets.store import Corpus, Reading, Row, Split, unique

SPLITS = ("train", "dev", "test")
DIMENSIONS = ("valence", "arousal", "dominance")
LICENCE = "EmoBank: CC BY-SA 4.0 (README of JULIELab/EmoBank)"
PERSPECTIVES = ("reader", "writer")
_COLUMNS = ("id", "split", "V", "A", "D", "text")
_RATED = ("id", "V", "A", "D", "N")
_SHARED = "sentences of one document stand in several official splits: a figure on them says nothing of new documents"


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
    rows = [line.values for line in read_table(path, _COLUMNS) if line.values["split"] == split]
    if not rows:
        raise DatasetError(f"{path} holds no rows of split '{split}'", "Fetch the file again.")
    vad = np.array([[_rating(row, name, path) for name in "VAD"] for row in rows])
    return EmoBankSplit(tuple(row["text"] for row in rows), vad, tuple(row["id"] for row in rows))


def detect(folder: Path) -> bool:
    """Whether the folder holds emobank.csv with its columns."""
    path = _found(folder)
    return path is not None and set(_COLUMNS) <= set(header(path))


def read(folder: Path) -> Reading:
    """Every sentence with its weighted ratings; raters are those of both perspectives where their files are there."""
    path = _file(folder)
    files = [path.with_name(f"{name}.csv") for name in PERSPECTIVES]
    counts = [{key: _raters(row, file) for key, row in _by_id(file).items()} for file in files if file.is_file()]
    rows = []
    for line in read_table(path, _COLUMNS):
        raters = sum(count.get(line.values["id"], 0) for count in counts) if len(counts) == len(PERSPECTIVES) else 0
        rows.append(_row(line, line.values, raters))
    unique(rows)
    told = () if len(counts) == len(PERSPECTIVES) else ("reader.csv or writer.csv is absent: raters are not known",)
    return Reading(tuple(rows), notes=(_SHARED, *told))


def read_perspective(folder: Path, perspective: str) -> Reading:
    """Every sentence with the ratings of one perspective alone, `reader` or `writer`."""
    if perspective not in PERSPECTIVES:
        raise DatasetError(f"EmoBank has no perspective '{perspective}'", f"Use one of {', '.join(PERSPECTIVES)}.")
    path = _file(folder)
    rated = path.with_name(f"{perspective}.csv")
    if not rated.is_file():
        raise CORPUS.lacking(rated)
    ratings = _by_id(rated)
    lines = read_table(path, _COLUMNS)
    pairs = [(line, ratings[line.values["id"]]) for line in lines if line.values["id"] in ratings]
    rows = [_row(line, rating, _raters(rating, rated)) for line, rating in pairs]
    unique(rows)
    return Reading(tuple(rows), notes=(_SHARED, f"{len(lines) - len(rows)} sentences have no {perspective} rating"))


def _by_id(path: Path) -> dict[str, Mapping[str, str]]:
    return {line.values["id"]: line.values for line in read_table(path, _RATED)}


def _row(line: Line, rating: Mapping[str, str], raters: int) -> Row:
    if line.values["split"] not in SPLITS:
        raise line.wrong(f"'{line.values['split']}' is no split", f"Use the file with {', '.join(SPLITS)}.")
    return Row(
        uid=line.values["id"],
        dataset="emobank",
        split=Split(line.values["split"]),
        source=line.source,
        raters=raters,
        dimensions={name: centred(_rating(rating, name[0].upper(), line.path), 1, 5) for name in DIMENSIONS},
        text=line.values["text"],
    )


def _raters(row: Mapping[str, str], path: Path) -> int:
    if not row["N"].isdigit():
        raise DatasetError(f"{path}, sentence {row['id']}: N is '{row['N']}', not a count", "Fetch the file again.")
    return int(row["N"])


def _found(folder: Path) -> Path | None:
    places = (folder / "corpus" / "emobank.csv", folder / "emobank.csv")
    return next((place for place in places if place.is_file()), None)


def _file(folder: Path) -> Path:
    path = _found(folder)
    if path is None:
        raise CORPUS.lacking(folder / "corpus" / "emobank.csv")
    return path


def _rating(row: Mapping[str, str], name: str, path: Path) -> float:
    try:
        value = float(row[name])
    except ValueError:
        value = float("nan")
    if not 1 <= value <= 5:
        problem = f"{path}, sentence {row['id']}: {name} is '{row[name]}', not a rating of 1 to 5"
        raise DatasetError(problem, "Fetch the file again.")
    return value


CORPUS = Corpus(
    name="emobank",
    title="EmoBank",
    licence=LICENCE,
    commercial="yes",
    requested_at="https://github.com/JULIELab/EmoBank",
    labels=(),
    detect=detect,
    read=read,
)
