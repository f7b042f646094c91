"""AffectNet: faces from the web with one of eleven codes, and valence and arousal, in its two releases.

Release A (2017): `training.csv` and `validation.csv`, at the top or in `Manually_Annotated_file_lists/`, with the
columns of `COLUMNS`; images below `Manually_Annotated/Manually_Annotated_Images/` or `Manually_Annotated_Images/`.
Release B (AffectNet-8, HQ): `train_set/` and `val_set/`, each with `images/<n>.jpg` and
`annotations/<n>_{exp,val,aro}.npy`. Which release a folder holds is found out.

The hard label is the code as published, by one annotator. None, Uncertain and No-Face are kept under these names, but
are no expressions; their valence and arousal are -2, which means "not available", and are left out. The scale is -1
to 1 already. There is no official test part: the literature tests on validation, so it is test here, and dev is carved
out of train by image, for no image names its person. Source: Mollahosseini, Hasani and Mahoor, arXiv:1708.03985.
"""

import csv
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import numpy as np

from countenance.contracts.errors import DatasetError
from countenance.training.datasets.carving import RULE, train_or_dev
from countenance.training.datasets.store import Corpus, Reading, Row, Split, check_splits, unique

LABELS = (
    "Neutral", "Happiness", "Sadness", "Surprise", "Fear", "Disgust", "Anger", "Contempt",
    "None", "Uncertain", "No-Face",
)  # fmt: skip
"""Codes 0 to 10."""
EXPRESSIONS = LABELS[:8]
"""The codes that name an expression."""
COLUMNS = (
    "subDirectory_filePath", "face_x", "face_y", "face_width", "face_height", "facial_landmarks",
    "expression", "valence", "arousal",
)  # fmt: skip
NOT_AVAILABLE = -2.0
MOST_MALFORMED = 10
"""The published training.csv has one malformed line; so many are tolerated, more mean another file."""
LIST_FOLDERS = (".", "Manually_Annotated_file_lists", "Manually_Annotated/Manually_Annotated_file_lists")
IMAGE_FOLDERS = ("Manually_Annotated/Manually_Annotated_Images", "Manually_Annotated_Images", "Manually_Annotated")
LISTS = {"training.csv": Split.TRAIN, "validation.csv": Split.TEST}
SETS = {"train_set": Split.TRAIN, "val_set": Split.TEST}
_AGAIN = "Unpack the corpus again."


@dataclass(slots=True)
class _Found:
    """Rows while they are being read."""

    folder: Path
    rows: list[Row] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    known: dict[Path, dict[str, str]] = field(default_factory=dict)

    def add(self, name: str, split: Split, source: str, said: tuple[int, float, float], picture: Path) -> None:
        """Take one annotated face; `said` is code, valence, arousal."""
        actual = self.actual(picture)
        if actual is None:
            self.missing.append(picture.relative_to(self.folder).as_posix())
        both = {"valence": said[1], "arousal": said[2]}
        self.rows.append(
            Row(
                uid=name,
                dataset=CORPUS.name,
                split=train_or_dev(name) if split is Split.TRAIN else split,
                source=source,
                label=LABELS[said[0]],
                dimensions={} if NOT_AVAILABLE in both.values() else both,
                group_id=name,
                face_path=actual or picture,
            )
        )

    def actual(self, picture: Path) -> Path | None:
        """The picture under its name, or under another extension: not all of them are jpg."""
        place = picture.parent
        if place not in self.known:
            names = sorted(path.name for path in place.iterdir()) if place.is_dir() else []
            names = [name for name in names if not name.startswith(".")]
            self.known[place] = {PurePosixPath(name).stem: name for name in names} | {name: name for name in names}
        name = self.known[place].get(picture.name) or self.known[place].get(picture.stem)
        return None if name is None else place / name


def read_affectnet(folder: Path) -> Reading:
    """Every annotated face of the release that the folder holds."""
    found = _Found(folder)
    if _is_release_b(folder):
        release = "B (npy annotations)"
        for name, split in SETS.items():
            _read_set(found, folder / name, split)
    else:
        release = "A (csv lists)"
        images = next((folder / name for name in IMAGE_FOLDERS if (folder / name).is_dir()), folder / IMAGE_FOLDERS[0])
        for name, split in LISTS.items():
            _read_list(found, _list(folder, name), images, split)
    unique(found.rows)
    check_splits(found.rows)
    return Reading(tuple(found.rows), tuple(found.missing), tuple(_notes(found, release)))


def _notes(found: _Found, release: str) -> Iterator[str]:
    yield f"release {release}; the publisher's validation part is test here"
    yield f"{RULE}; no image names its person, so a person may stand on both sides"
    nothing = sum(row.label not in EXPRESSIONS for row in found.rows)
    if nothing:
        yield f"{nothing} faces are None, Uncertain or No-Face, which are no expressions: leave them out of training"
    unrated = sum(row.label in EXPRESSIONS and not row.dimensions for row in found.rows)
    if unrated:
        yield f"{unrated} faces have an expression but no valence and arousal"
    for reason, count in found.left_out.items():
        yield f"{count} {reason}"


def _list(folder: Path, name: str) -> Path:
    for place in LIST_FOLDERS:
        if (folder / place / name).is_file():
            return folder / place / name
    raise CORPUS.lacking(folder / LIST_FOLDERS[1] / name)


def _read_list(found: _Found, path: Path, images: Path, split: Split) -> None:
    malformed: list[int] = []
    seen: set[str] = set()
    for number, fields in _lines(path):
        said = _said(fields)
        if said is None:
            malformed.append(number)
            if len(malformed) > MOST_MALFORMED:
                problem = f"{path}, line {malformed[0]} and {MOST_MALFORMED} more are not annotations of AffectNet"
                raise DatasetError(problem, f"Expected the columns {','.join(COLUMNS)}.")
            continue
        name = PurePosixPath(fields["subDirectory_filePath"].replace("\\", "/"))
        uid = name.with_suffix("").as_posix()
        if float(fields["face_width"]) < 0:
            found.left_out[f"lines of {path.name} without a face box (face_width < 0) left out"] += 1
        elif uid in seen:
            found.left_out[f"lines of {path.name} repeat a picture and are left out"] += 1
        else:
            seen.add(uid)
            found.add(uid, split, f"{path.name} line {number}", said, images / name)
    if malformed:
        lines = ", ".join(str(number) for number in malformed)
        found.left_out[f"malformed lines of {path.name} left out (line {lines})"] = len(malformed)


def _lines(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Line number and fields by column; the published validation.csv may lack its header."""
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        reader = csv.reader(file)
        columns: tuple[str, ...] = COLUMNS
        for fields in reader:
            if reader.line_num == 1 and COLUMNS[0] in fields:
                columns = tuple(name.strip() for name in fields)
                lacking = [name for name in COLUMNS if name not in columns]
                if lacking:
                    raise DatasetError(f"{path} has no column {', '.join(lacking)}", _AGAIN)
            elif fields:
                yield reader.line_num, dict(zip(columns, fields, strict=True)) if len(fields) == len(columns) else {}


def _said(fields: dict[str, str]) -> tuple[int, float, float] | None:
    """Code, valence and arousal of a line; None when it is malformed."""
    try:
        code, valence, arousal = int(fields["expression"]), float(fields["valence"]), float(fields["arousal"])
        float(fields["face_width"])
    except (KeyError, ValueError):
        return None
    return (code, valence, arousal) if _sound(code, valence, arousal) and fields["subDirectory_filePath"] else None


def _sound(code: int, *dimensions: float) -> bool:
    return 0 <= code < len(LABELS) and all(-1 <= value <= 1 or value == NOT_AVAILABLE for value in dimensions)


def _read_set(found: _Found, folder: Path, split: Split) -> None:
    annotations = folder / "annotations"
    if not annotations.is_dir():
        raise CORPUS.lacking(annotations)
    files = [path for path in annotations.glob("*_exp.npy") if not path.name.startswith(".")]
    if not files:
        raise CORPUS.lacking(annotations / "0_exp.npy")
    for path in sorted(files, key=lambda path: (len(path.name), path.name)):
        stem = path.name.removesuffix("_exp.npy")
        code, valence, arousal = (_scalar(annotations / f"{stem}_{what}.npy") for what in ("exp", "val", "aro"))
        if not (code.is_integer() and _sound(int(code), valence, arousal)):
            problem = f"{path} and its neighbours say {code:g}, {valence:g}, {arousal:g}"
            raise DatasetError(problem, "Expected a code of 0 to 10, and valence and arousal of -1 to 1, or -2.")
        source = f"{folder.name}/annotations/{path.name}"
        found.add(
            f"{folder.name}/{stem}", split, source, (int(code), valence, arousal), folder / "images" / f"{stem}.jpg"
        )


def _scalar(path: Path) -> float:
    """The one number of an annotation file, which may be stored as text; a pickle in it is never loaded."""
    if not path.is_file():
        raise CORPUS.lacking(path)
    try:
        array = np.load(path, allow_pickle=False)
        return float(array.item())
    except (ValueError, EOFError) as error:
        raise DatasetError(f"{path} does not hold one number", _AGAIN) from error


def _is_release_b(folder: Path) -> bool:
    return any((folder / name / "annotations").is_dir() for name in SETS)


def _is_affectnet(folder: Path) -> bool:
    try:
        lists = any((folder / place / name).is_file() for place in LIST_FOLDERS for name in LISTS)
        images = any((folder / name).is_dir() for name in (*IMAGE_FOLDERS, LIST_FOLDERS[1]))
        return _is_release_b(folder) or (lists and images)
    except OSError:
        return False


CORPUS = Corpus(
    name="affectnet",
    title="AffectNet",
    licence="AffectNet: given on request for non-commercial research only; no redistribution.",
    commercial="unclear",
    requested_at="http://mohammadmahoor.com/affectnet/ (request form)",
    labels=LABELS,
    detect=_is_affectnet,
    read=read_affectnet,
)
