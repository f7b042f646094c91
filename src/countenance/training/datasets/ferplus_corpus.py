"""FER+ in the canonical store: FER2013 pictures with the votes of ten taggers, kept as they are.

Three layouts: `<Usage>/<8-digit row>.jpg` (or png) beside `fer2013new.csv`; `fer2013.csv` (`emotion,pixels,Usage`)
beside `fer2013new.csv`, joined by row; and what the publisher's script exports, `FER2013Train|Valid|Test/` (also below
`data/`) with a `label.csv` that has no header. Training is train, PublicTest is dev, PrivateTest is test.

The hard label follows the rule `plurality`: one expression alone has most votes, and neither unknown nor NF (not a
face) has more; else there is none. Train rows whose picture is byte-identical to one of dev or test are left out.
"""

import csv
import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from countenance.contracts.errors import DatasetError
from countenance.training.datasets import ferplus
from countenance.training.datasets.store import Corpus, Reading, Row, Split, check_splits, unique

LABELS = (*ferplus.EXPRESSIONS, "unknown", "NF")
"""The ten columns of votes; the last two are never a hard label."""
SPLITS = {"Training": Split.TRAIN, "PublicTest": Split.DEV, "PrivateTest": Split.TEST}
EXPORTED = {"Training": "FER2013Train", "PublicTest": "FER2013Valid", "PrivateTest": "FER2013Test"}
VOTES = "fer2013new.csv"
PIXELS = "fer2013.csv"
_AGAIN = "Take the file of the publisher again."


@dataclass(frozen=True, slots=True)
class _Face:
    """One line of votes, and the picture it belongs to."""

    uid: str
    split: Split
    source: str
    votes: Sequence[int]
    path: Path | None
    digest: str | None
    """Of the picture; None when it is missing."""


def read_ferplus(folder: Path) -> Reading:
    """Every face with its votes, except train faces that are repeated in dev or test."""
    exported = _exported(folder)
    in_pixels = False
    if any((folder / usage).is_dir() for usage in SPLITS):
        faces = list(_from_pictures(folder))
    elif exported is not None:
        faces = list(_from_export(exported))
    else:
        faces, in_pixels = list(_from_pixels(folder)), True
    kept, repeats = _without_repeats(faces)
    rows = _rows(kept)
    unique(rows)
    check_splits(rows)
    missing = tuple(face.path.relative_to(folder).as_posix() for face in kept if face.path and face.digest is None)
    notes = [*_rules(kept), *repeats]
    if in_pixels:
        notes.append(f"the pictures stand in {PIXELS}: write_pictures writes them to a folder that trains")
    return Reading(rows, missing, tuple(notes))


def write_pictures(folder: Path, out: Path) -> int:
    """Write the pixels of fer2013.csv as `<Usage>/<8-digit row>.png`, with the votes beside them; gives the number."""
    count = 0
    for row, usage, grey in _pixels(folder / PIXELS):
        place = out / usage
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.frombuffer(grey, dtype=np.uint8).reshape(ferplus.SIDE, -1)).save(place / f"{row:08d}.png")
        count += 1
    (out / VOTES).write_bytes(_needed(folder / VOTES).read_bytes())
    return count


def _from_pictures(folder: Path) -> Iterator[_Face]:
    table = _needed(folder / VOTES)
    for usage, split in SPLITS.items():
        for row, votes in zip(*ferplus.read_votes(table, usage), strict=True):
            path = ferplus.picture(folder, usage, row)
            yield _Face(f"{row:08d}", split, f"{VOTES} row {row}", votes, path, _file_digest(path))


def _from_pixels(folder: Path) -> Iterator[_Face]:
    pixels = list(_pixels(folder / PIXELS))
    table = _needed(folder / VOTES)
    voted: dict[int, tuple[str, list[int]]] = {}
    for usage in SPLITS:
        voted |= {row: (usage, votes) for row, votes in zip(*ferplus.read_votes(table, usage), strict=True)}
    if len(pixels) != len(voted):
        raise DatasetError(f"{table} has {len(voted)} rows and {folder / PIXELS} has {len(pixels)}", _AGAIN)
    for row, usage, grey in pixels:
        stated, given = voted.get(row, ("no part", []))
        if stated != usage:
            raise DatasetError(f"row {row} is of {usage} in {PIXELS} and of {stated} in {table}", _AGAIN)
        yield _Face(f"{row:08d}", SPLITS[usage], f"{VOTES} row {row}", given, None, hashlib.sha256(grey).hexdigest())


def _pixels(path: Path) -> Iterator[tuple[int, str, bytes]]:
    """Row, usage and the 48 x 48 grey values of every picture."""
    with _needed(path).open(encoding="utf-8-sig", errors="replace", newline="") as file:
        reader = csv.DictReader(file)
        lacking = [name for name in ("pixels", "Usage") if name not in (reader.fieldnames or ())]
        if lacking:
            raise DatasetError(f"{path} has no column {', '.join(lacking)}", _AGAIN)
        for row, fields in enumerate(reader):
            values = (fields["pixels"] or "").split()
            if len(values) != ferplus.SIDE**2 or not all(v.isdecimal() and int(v) < 256 for v in values):
                raise DatasetError(f"{path} row {row} has not {ferplus.SIDE**2} grey values of 0 to 255", _AGAIN)
            if fields["Usage"] not in SPLITS:
                raise DatasetError(f"{path} row {row}: usage '{fields['Usage']}' is not {', '.join(SPLITS)}", _AGAIN)
            yield row, fields["Usage"], bytes(map(int, values))


def _exported(folder: Path) -> Path | None:
    """The folder of the publisher's export, when it holds pictures or there is nothing else to read."""
    for place in (folder, folder / "data"):
        train = place / EXPORTED["Training"]
        if train.is_dir() and (next(train.glob("fer*.png"), None) or not (folder / PIXELS).is_file()):
            return place
    return None


def _from_export(folder: Path) -> Iterator[_Face]:
    for usage, name in EXPORTED.items():
        table = _needed(folder / name / "label.csv")
        with table.open(encoding="utf-8-sig", errors="replace", newline="") as file:
            for number, fields in enumerate(csv.reader(file), start=1):
                if len(fields) != len(LABELS) + 2 or not all(field.isdecimal() for field in fields[2:]):
                    problem = f"{table}, line {number} is not a name, a box and {len(LABELS)} numbers of votes"
                    raise DatasetError(problem, _AGAIN)
                path = folder / name / fields[0]
                source = f"{name}/label.csv line {number}"
                votes = [int(field) for field in fields[2:]]
                yield _Face(path.stem, SPLITS[usage], source, votes, path, _file_digest(path))


def _needed(path: Path) -> Path:
    if not path.is_file():
        raise CORPUS.lacking(path)
    return path


def _file_digest(path: Path) -> str | None:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None


def _without_repeats(faces: Sequence[_Face]) -> tuple[list[_Face], list[str]]:
    """The faces without train pictures that are held out as well, and what was found."""
    held = {split: {face.digest for face in faces if face.split is split and face.digest} for split in Split}
    held_out = held[Split.DEV] | held[Split.TEST]
    kept = [face for face in faces if face.split is not Split.TRAIN or face.digest not in held_out]
    if len(kept) < len(faces):
        in_train = Counter(face.split for face in faces if face.digest in held[Split.TRAIN])
        found = (
            f"{in_train[Split.DEV]} dev and {in_train[Split.TEST]} test pictures are byte-identical to a train picture"
        )
        notes = [f"{found}: {len(faces) - len(kept)} train rows left out"]
    else:
        notes = []
    both = sum(face.split is Split.DEV and face.digest in held[Split.TEST] for face in faces)
    return kept, [*notes, *([f"{both} dev pictures are byte-identical to a test picture; they stay"] if both else [])]


def _rows(faces: Sequence[_Face]) -> tuple[Row, ...]:
    votes = np.array([face.votes for face in faces], dtype=np.int64).reshape(-1, len(LABELS))
    chosen = ferplus.has_plurality(votes)
    leading = votes.argmax(axis=1)
    return tuple(
        Row(
            uid=face.uid,
            dataset=CORPUS.name,
            split=face.split,
            source=face.source,
            label=LABELS[leading[at]] if chosen[at] else None,
            votes={name: float(count) for name, count in zip(LABELS, face.votes, strict=True) if count},
            raters=sum(face.votes),
            face_path=face.path,
        )
        for at, face in enumerate(faces)
    )


def _rules(faces: Sequence[_Face]) -> Iterator[str]:
    """How many faces have a hard label under the rule used, and under the publisher's stricter one."""
    votes = np.array([face.votes for face in faces], dtype=np.int64).reshape(-1, len(LABELS))
    for name, rule, used in (
        ("plurality (one expression alone has most votes)", ferplus.has_plurality, "used for the hard label"),
        ("majority (over half of the votes left without single votes)", ferplus.has_majority, "not used"),
    ):
        chosen = rule(votes)
        counts = Counter(face.split for face, has_label in zip(faces, chosen, strict=True) if has_label)
        parts = ", ".join(f"{split} {counts[split]}" for split in SPLITS.values())
        yield f"rule {name}, {used}: {parts}"


def _is_ferplus(folder: Path) -> bool:
    try:
        return any((folder / name).is_file() for name in (VOTES, PIXELS)) or any(
            (place / EXPORTED["Training"]).is_dir() for place in (folder, folder / "data")
        )
    except OSError:
        return False


CORPUS = Corpus(
    name="ferplus",
    title="FER+ over FER2013",
    licence=ferplus.LICENCE,
    commercial="no",
    requested_at="https://github.com/microsoft/FERPlus (votes) and Kaggle, the FER challenge of 2013 (pictures)",
    labels=LABELS,
    detect=_is_ferplus,
    read=read_ferplus,
)
