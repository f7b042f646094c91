"""FairFace: faces balanced over seven races, with age and gender; no expression, so it trains and measures no emotion.

Layout: `fairface_label_train.csv` and `fairface_label_val.csv` with `file,age,gender,race,service_test`, `file` being
`val/1.jpg` below the folder itself, `fair_face/` or one of the publisher's crop folders; or one file `labels.csv` with
`file,age,gender,race` beside `images/`, an excerpt of train. The publisher's val is what the literature tests on, so it
is test here; there is no dev. Race, age and gender were judged by crowd workers, not told by the people: use them to
compare groups, never to train a classifier of them. `service_test` (a subset used against commercial services) is not
kept. Source: Karkkainen and Joo, WACV 2021; photos from YFCC-100M (Flickr).
"""

import csv
from collections.abc import Iterator
from pathlib import Path

from countenance.contracts.errors import DatasetError
from countenance.training.datasets.store import Corpus, Reading, Row, Split, check_splits, unique

AGES = ("0-2", "3-9", "10-19", "20-29", "30-39", "40-49", "50-59", "60-69", "more than 70")
GENDERS = ("Male", "Female")
RACES = ("White", "Black", "Latino_Hispanic", "East Asian", "Southeast Asian", "Indian", "Middle Eastern")
AGES_AS_DATES = {"03-Sep": "3-9", "3-Sep": "3-9", "9-Mar": "3-9", "09-Mar": "3-9", "Oct-19": "10-19", "19-Oct": "10-19"}
"""What a spreadsheet makes of two of the ages."""
LABEL_FILES = {"fairface_label_train.csv": Split.TRAIN, "fairface_label_val.csv": Split.TEST}
EXCERPT = "labels.csv"
COLUMNS = ("file", "age", "gender", "race")
IMAGE_FOLDERS = (".", "fair_face", "fairface-img-margin025-trainval", "fairface-img-margin125-trainval")


def read_fairface(folder: Path) -> Reading:
    """Every described face of the label files that are there; at least one must be."""
    found = [folder / name for name in LABEL_FILES if (folder / name).is_file()]
    if not found and _is_excerpt(folder):
        found = [folder / EXCERPT]
    if not found:
        raise CORPUS.lacking(folder / "fairface_label_val.csv")
    rows: list[Row] = []
    missing: list[str] = []
    dates = 0
    for path in found:
        images = _images(folder, path)
        for number, row in _lines(path):
            dates += row["age"] in AGES_AS_DATES
            picture = images / row["file"]
            if not picture.is_file():
                missing.append(picture.relative_to(folder).as_posix())
            rows.append(_row(path, number, row, picture))
    unique(rows)
    check_splits(rows)
    return Reading(tuple(rows), tuple(missing), tuple(_notes(found, dates)))


def _row(path: Path, number: int, row: dict[str, str], picture: Path) -> Row:
    told = {"age": AGES_AS_DATES.get(row["age"], row["age"]), "gender": row["gender"], "race": row["race"]}
    for key, names in (("age", AGES), ("gender", GENDERS), ("race", RACES)):
        if told[key] not in names:
            problem = f"{path}, line {number}: {key} is '{told[key]}', not one of {', '.join(names)}"
            raise DatasetError(problem, "Take the label file of the publisher again.")
    split = LABEL_FILES.get(path.name, Split.TRAIN)
    name = Path(row["file"]).with_suffix("").as_posix()
    return Row(
        uid=name if "/" in name else f"{split}/{name}",
        dataset=CORPUS.name,
        split=split,
        source=f"{path.name} line {number}",
        face_path=picture,
        demographics=told,
    )


def _lines(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Line number and fields of every described face."""
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        reader = csv.DictReader(file)
        lacking = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
        if lacking:
            raise DatasetError(f"{path} has no column {', '.join(lacking)}", "Take the publisher's file again.")
        for row in reader:
            # A short line leaves None in the last columns, a long one a list under the key None.
            if None in row or any(row[name] is None for name in COLUMNS):
                problem = f"{path}, line {reader.line_num}: another number of fields than the header"
                raise DatasetError(problem, "Take the publisher's file again.")
            yield reader.line_num, {name: row[name].strip() for name in COLUMNS}


def _images(folder: Path, labels: Path) -> Path:
    """The folder that the names in a label file start from."""
    if labels.name == EXCERPT:
        return folder / "images"
    part = "train" if LABEL_FILES[labels.name] is Split.TRAIN else "val"
    return next((folder / name for name in IMAGE_FOLDERS if (folder / name / part).is_dir()), folder)


def _notes(found: list[Path], dates: int) -> Iterator[str]:
    if dates:
        yield f"{dates} ages that a spreadsheet had turned into dates were restored (03-Sep is 3-9, Oct-19 is 10-19)"
    if any(path.name == "fairface_label_val.csv" for path in found):
        yield "the publisher's val is test here; there is no dev part"
    yield "age, gender and race were judged by others; there is no expression label, so only rates can be compared"
    read = {path.name for path in found}
    if EXCERPT in read:
        yield f"{EXCERPT} is an excerpt of the publisher's train part"
    elif absent := [name for name in LABEL_FILES if name not in read]:
        yield f"not in this folder: {', '.join(absent)}"


def _is_excerpt(folder: Path) -> bool:
    """Whether labels.csv is FairFace's: other corpora have files of that name, with other columns."""
    path = folder / EXCERPT
    if not path.is_file():
        return False
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        return file.readline(200).strip().split(",")[: len(COLUMNS)] == list(COLUMNS)


def _is_fairface(folder: Path) -> bool:
    try:
        return any((folder / name).is_file() for name in LABEL_FILES) or _is_excerpt(folder)
    except OSError:
        return False


CORPUS = Corpus(
    name="fairface",
    title="FairFace",
    licence="FairFace: CC BY 4.0 (README of joojs/fairface); photos from YFCC-100M.",
    commercial="yes",
    requested_at="https://github.com/joojs/fairface",
    labels=(),
    detect=_is_fairface,
    read=read_fairface,
)
