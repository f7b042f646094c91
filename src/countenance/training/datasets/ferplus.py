"""FER2013 images with the FER+ votes of ten taggers.

Layout: ``<Usage>/<8-digit row>.jpg`` (or ``.png``) and ``fer2013new.csv``; a row of the csv belongs to the image of
the same number, for the image name is empty in many rows. Labels: MIT (Microsoft, arXiv:1608.01041). Images: no
licence stated; collected by web image search and released for research (arXiv:1307.0414).
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from countenance.contracts.errors import DatasetError

EXPRESSIONS = ("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt")
"""The eight FER+ classes, in the order of the columns of ``fer2013new.csv``."""
HEADER = ("Usage", "Image name", *EXPRESSIONS, "unknown", "NF")
SPLITS = ("Training", "PublicTest", "PrivateTest")
SIDE = 48
UNPACK = "Unpack the face_fer2013 archive again."
LICENCE = (
    "FER2013 images: no licence stated, released for research; FER+ votes: MIT, (c) Microsoft Corporation. "
    "Weights trained on them are for research only."
)


@dataclass(frozen=True, slots=True)
class FerPlus:
    """One split: grey images and the votes they received."""

    rows: NDArray[np.int64]
    """Row numbers in ``fer2013new.csv``, shape n."""
    images: NDArray[np.uint8]
    """Grey values, shape n x 48 x 48."""
    votes: NDArray[np.int64]
    """Votes per column of `EXPRESSIONS`, then unknown and not-a-face, shape n x 10."""

    def __len__(self) -> int:
        """Give the number of faces."""
        return len(self.rows)

    def take(self, chosen: NDArray[np.bool_]) -> FerPlus:
        """Give the faces for which `chosen` is true."""
        return FerPlus(self.rows[chosen], self.images[chosen], self.votes[chosen])


def read_split(root: Path, usage: str) -> FerPlus:
    """Read one split; the votes are joined to the images by row number."""
    if usage not in SPLITS:
        raise DatasetError(f"FER+ has no split {usage!r}", f"Use one of {', '.join(SPLITS)}.")
    rows, votes = read_votes(root / "fer2013new.csv", usage)
    images = np.stack([_read_grey(picture(root, usage, row)) for row in rows])
    return FerPlus(np.array(rows), images, np.array(votes))


def picture(root: Path, usage: str, row: int) -> Path:
    """Where the picture of a row stands: a jpg, or a png written from the pixels of ``fer2013.csv``."""
    jpg = root / usage / f"{row:08d}.jpg"
    png = jpg.with_suffix(".png")
    return png if png.is_file() and not jpg.is_file() else jpg


def read_votes(path: Path, usage: str) -> tuple[list[int], list[list[int]]]:
    """Read the row numbers and the ten vote columns of one split."""
    if not path.is_file():
        raise DatasetError(f"FER+ votes are missing: {path}", UNPACK)
    rows: list[int] = []
    votes: list[list[int]] = []
    with path.open(newline="", encoding="utf-8") as lines:
        reader = csv.reader(lines)
        if tuple(next(reader, ())) != HEADER:
            raise DatasetError(f"{path} has another header", f"Expected {','.join(HEADER)}.")
        for row, fields in enumerate(reader):
            if len(fields) != len(HEADER):
                raise DatasetError(f"{path} row {row} has {len(fields)} fields, not {len(HEADER)}", UNPACK)
            if fields[0] == usage:
                if not all(field.strip().isdecimal() for field in fields[2:]):
                    raise DatasetError(f"{path} row {row} has a field that is no number of votes", UNPACK)
                rows.append(row)
                votes.append([int(field) for field in fields[2:]])
    if not rows:
        raise DatasetError(f"{path} has no row of the split {usage}", UNPACK)
    return rows, votes


def _read_grey(path: Path) -> NDArray[np.uint8]:
    if not path.is_file():
        raise DatasetError(f"the FER2013 image {path} is missing", UNPACK)
    with Image.open(path) as image:
        grey = np.asarray(image.convert("L"), dtype=np.uint8)
    if grey.shape != (SIDE, SIDE):
        raise DatasetError(f"{path} is {grey.shape[1]}x{grey.shape[0]}, not {SIDE}x{SIDE}", UNPACK)
    return grey


def without_singles(votes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Drop single votes, which the FER+ authors count as outliers."""
    return np.where(votes == 1, 0, votes)


def is_expression(votes: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Say of each face whether no other column beats its best expression (drops unknown and not-a-face)."""
    best: NDArray[np.bool_] = votes.argmax(axis=1) < len(EXPRESSIONS)
    return best


def has_plurality(votes: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Say of each face whether one expression alone has most votes (3,395 faces of PrivateTest)."""
    expressions = votes[:, : len(EXPRESSIONS)]
    alone = (expressions == expressions.max(axis=1, keepdims=True)).sum(axis=1) == 1
    chosen: NDArray[np.bool_] = alone & is_expression(votes)
    return chosen


def has_majority(votes: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Say of each face whether an expression has over half the votes left without singles (3,153 of PrivateTest)."""
    left = without_singles(votes)
    chosen: NDArray[np.bool_] = left[:, : len(EXPRESSIONS)].max(axis=1) * 2 > left.sum(axis=1)
    return chosen


def soft_targets(votes: NDArray[np.int64]) -> NDArray[np.float32]:
    """Give the share of each expression among the votes, single votes dropped, shape n x 8."""
    left = without_singles(votes)[:, : len(EXPRESSIONS)].astype(np.float32)
    every = votes[:, : len(EXPRESSIONS)].astype(np.float32)
    left = np.where(left.sum(axis=1, keepdims=True) > 0, left, every)
    total = left.sum(axis=1, keepdims=True)
    if np.any(total == 0):
        raise DatasetError("a face without any vote for an expression has no target", "Drop it with is_expression.")
    shares: NDArray[np.float32] = left / total
    return shares


def file_digests(root: Path, split: FerPlus, usage: str) -> list[str]:
    """Give the SHA-256 of every image file of a split, in its order."""
    return [hashlib.sha256(picture(root, usage, row).read_bytes()).hexdigest() for row in split.rows]


def not_repeated(digests: Sequence[str], held_out: set[str]) -> NDArray[np.bool_]:
    """Say of each digest whether it is absent from the held-out ones."""
    return np.array([digest not in held_out for digest in digests], dtype=bool)


def training_faces(root: Path) -> tuple[FerPlus, dict[str, int]]:
    """Read the faces to train on, and count what was left out and why."""
    train = read_split(root, "Training")
    held_out = set[str]()
    for usage in SPLITS[1:]:
        held_out.update(file_digests(root, read_split(root, usage), usage))
    fresh = not_repeated(file_digests(root, train, "Training"), held_out)
    usable = is_expression(train.votes)
    counts = {
        "read": len(train),
        "dropped_repeats_of_held_out_files": int((~fresh).sum()),
        "dropped_unknown_or_not_a_face": int((fresh & ~usable).sum()),
        "kept": int((fresh & usable).sum()),
    }
    return train.take(fresh & usable), counts
