"""RAF-DB basic: faces from the web in seven expressions, with gender, race and age as others judged them.

Layout: `basic/EmoLabel/list_patition_label.txt` (the publisher's spelling; the right one is accepted too) with lines
`train_00001.jpg 5`; `basic/Image/aligned/train_00001_aligned.jpg` or `basic/Image/original/train_00001.jpg`; five
digits in train, four in test; `basic/Annotation/manual/train_00001_manu_attri.txt` with five landmarks, then gender,
race and age. The hard label is the publisher's, of about forty annotators whose votes it does not give in this part.
Official splits are train and test; dev is carved out of train by image, for no image names its person.
Source: Li, Deng and Du, CVPR 2017.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from countenance.contracts.errors import DatasetError
from countenance.training.datasets.carving import RULE, train_or_dev
from countenance.training.datasets.store import Corpus, Reading, Row, Split, check_splits, unique

LABELS = ("Surprise", "Fear", "Disgust", "Happiness", "Sadness", "Anger", "Neutral")
"""Codes 1 to 7."""
GENDERS = ("male", "female", "unsure")
RACES = ("Caucasian", "African-American", "Asian")
AGES = ("0-3", "4-19", "20-39", "40-69", "70+")
"""Codes from 0, as in the annotation files."""
LANDMARKS = 5
PARTITION_FILES = ("list_patition_label.txt", "list_partition_label.txt")
_NAME = re.compile(r"(train|test)_\d+\.\w+")
_AGAIN = "Unpack the corpus again, or correct the line."


def read_rafdb(folder: Path) -> Reading:
    """Every labelled face; demographics where the manual annotations are unpacked."""
    basic = _basic(folder)
    partition = _partition(basic)
    pictures = _Pictures(basic)
    manual = basic / "Annotation" / "manual"
    rows: list[Row] = []
    missing: list[str] = []
    undescribed = 0
    for number, name, code in _labels(partition):
        stem = Path(name).stem
        attributes = manual / f"{stem}_manu_attri.txt"
        described = _demographics(attributes)
        undescribed += not described
        picture = pictures.of(name)
        if not picture.is_file():
            missing.append(picture.relative_to(basic).as_posix())
        rows.append(
            Row(
                uid=stem,
                dataset=CORPUS.name,
                split=Split.TEST if name.startswith("test") else train_or_dev(stem),
                source=f"{partition.name} line {number}",
                label=LABELS[code - 1],
                face_path=picture,
                demographics=described,
            )
        )
    unique(rows)
    check_splits(rows)
    return Reading(tuple(rows), tuple(missing), tuple(_notes(basic, pictures.kind, undescribed)))


class _Pictures:
    """Where the pictures stand: the aligned ones where they are unpacked, else the originals."""

    def __init__(self, basic: Path) -> None:
        images = basic / "Image"
        self.kind = "original" if (images / "original").is_dir() and not (images / "aligned").is_dir() else "aligned"
        self.folder = images / self.kind

    def of(self, name: str) -> Path:
        """The picture that a label line names."""
        stem, suffix = Path(name).stem, Path(name).suffix
        return self.folder / (f"{stem}_aligned{suffix}" if self.kind == "aligned" else name)


def _basic(folder: Path) -> Path:
    return folder / "basic" if (folder / "basic").is_dir() else folder


def _partition(basic: Path) -> Path:
    for name in PARTITION_FILES:
        if (basic / "EmoLabel" / name).is_file():
            return basic / "EmoLabel" / name
    raise CORPUS.lacking(basic / "EmoLabel" / PARTITION_FILES[0])


def _labels(path: Path) -> Iterator[tuple[int, str, int]]:
    """Line number, file name and code of every labelled line."""
    for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), start=1):
        fields = line.split()
        if not fields:
            continue
        known = len(fields) == 2 and fields[1].isdecimal() and 1 <= int(fields[1]) <= len(LABELS)
        if not known or not _NAME.fullmatch(fields[0]):
            problem = f"{path}, line {number}: '{line}' is not a file name and a code of 1 to {len(LABELS)}"
            raise DatasetError(problem, _AGAIN)
        yield number, fields[0], int(fields[1])


def _demographics(path: Path) -> dict[str, str]:
    """Gender, race and age as the annotators judged them; nothing where the file is absent."""
    if not path.is_file():
        return {}
    lines = [line.strip() for line in path.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    told = {}
    for offset, (key, names) in enumerate((("gender", GENDERS), ("race", RACES), ("age", AGES))):
        value = lines[LANDMARKS + offset] if len(lines) > LANDMARKS + offset else ""
        if not value.isdecimal() or int(value) >= len(names):
            problem = f"{path}, line {LANDMARKS + offset + 1}: {key} is '{value}', not a code of 0 to {len(names) - 1}"
            raise DatasetError(problem, _AGAIN)
        told[key] = names[int(value)]
    return told


def _notes(basic: Path, kind: str, undescribed: int) -> Iterator[str]:
    yield f"pictures: {kind}"
    yield f"{RULE}; no image names its person, so a person may stand on both sides"
    yield "gender, race and age were judged by the publisher's annotators, not told by the people"
    if undescribed:
        yield f"{undescribed} faces have no file in Annotation/manual: no gender, race and age"
    for place, packed in (("Image", "aligned"), ("Image", "original"), ("Annotation", "manual")):
        if (basic / place / f"{packed}.zip").is_file() and not (basic / place / packed).is_dir():
            yield f"{place}/{packed}.zip is not unpacked: unzip it into {place}/{packed}"


def _is_rafdb(folder: Path) -> bool:
    try:
        return any((_basic(folder) / "EmoLabel" / name).is_file() for name in PARTITION_FILES)
    except OSError:
        return False


CORPUS = Corpus(
    name="rafdb",
    title="RAF-DB basic",
    licence="RAF-DB: use of the images is restricted to non-commercial research and education; no redistribution.",
    commercial="unclear",
    requested_at="http://www.whdeng.cn/RAF/model1.html (request form)",
    labels=LABELS,
    detect=_is_rafdb,
    read=read_rafdb,
)
