"""DFEW: short film clips, each labelled by ten raters with one of seven emotions, in five folds.

Layout: `EmoLabel_DataSplit/train(single-labeled)/set_{1..5}.csv` and `test(single-labeled)/set_{1..5}.csv` with
`video_name,label`; `Annotation/annotation.xlsx` (or `.csv`) with a column of votes per emotion, keyed by `order`;
media under `Clip/`. Hard label: the code of the split file, given where one emotion won; clips without a single label
are in no fold. Report UAR and WAR as the mean of the five folds: `read_fold` gives each, the corpus itself fold 1.
There is no official dev split: dev is carved, clip by clip, out of a fold's training part, never out of its test part.
The release does not say which film or person a clip shows.
Source: Jiang et al., ACM Multimedia 2020.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from countenance.contracts.errors import DatasetError
from countenance.training.datasets.carving import RULE, train_or_dev
from countenance.training.datasets.label_tables import Line, read_table
from countenance.training.datasets.store import Corpus, Reading, Row, Split, check_splits, unique

EMOTIONS = ("happy", "sad", "neutral", "angry", "surprise", "disgust", "fear")
"""Codes 1 to 7."""
VOTES = tuple(f"{code}{emotion}" for code, emotion in enumerate(EMOTIONS, start=1))
FOLDS = (1, 2, 3, 4, 5)
PLACES = ("clip_224x224_16f/{}", "clip_224x224/{}", "clip_224x224_avi/{}.avi", "original/{}.avi", "original/{}.mp4")
"""Where a clip may lie under `Clip/`, best prepared first."""


def read_fold(path: Path, fold: int) -> Reading:
    """One of the five official folds, with dev carved from its training part."""
    if fold not in FOLDS:
        raise DatasetError(f"DFEW has no fold {fold}", "Folds are 1 to 5.")
    votes = _votes(path)
    rows: list[Row] = []
    missing: list[str] = []
    differing = 0
    for part in ("train", "test"):
        table = path / "EmoLabel_DataSplit" / f"{part}(single-labeled)" / f"set_{fold}.csv"
        if not table.is_file():
            raise CORPUS.lacking(table)
        for line in read_table(table, ("video_name", "label")):
            row, told = _row(line, part, fold, path), votes.get(_number(line, "video_name"))
            if row.face_path is None:
                missing.append(f"Clip: {row.uid}")
                continue
            if told is not None:
                differing += told[0] != row.label
                row = replace(row, votes=told[1], raters=int(sum(told[1].values())))
            rows.append(row)
    unique(rows)
    check_splits(rows)
    return Reading(tuple(rows), tuple(missing), _notes(fold, votes, missing, differing))


def _detect(path: Path) -> bool:
    return (path / "EmoLabel_DataSplit").is_dir()


def _read(path: Path) -> Reading:
    return read_fold(path, 1)


def _number(line: Line, column: str) -> str:
    """Clip numbers are written without their leading zeros."""
    return f"{line.code(column, 99_999):05d}"


def _row(line: Line, part: str, fold: int, path: Path) -> Row:
    uid = _number(line, "video_name")
    return Row(
        uid=uid,
        dataset=CORPUS.name,
        split=Split.TEST if part == "test" else train_or_dev(f"dfew fold {fold} clip {uid}"),
        source=f"{part} {line.source}",
        label=EMOTIONS[line.code("label", len(EMOTIONS), 1) - 1],
        face_path=_media(path / "Clip", uid),
    )


def _media(folder: Path, uid: str) -> Path | None:
    for place in PLACES:
        for name in (uid, str(int(uid))):
            if (folder / place.format(name)).exists():
                return folder / place.format(name)
    return None


def _votes(path: Path) -> dict[str, tuple[str | None, Mapping[str, float]]]:
    """The single label, None where nobody agreed enough, and the votes of each clip."""
    tables = [path / "Annotation" / f"annotation.{suffix}" for suffix in ("xlsx", "csv")]
    table = next((table for table in tables if table.is_file()), None)
    if table is None:
        raise CORPUS.lacking(tables[0])
    told: dict[str, tuple[str | None, Mapping[str, float]]] = {}
    for line in read_table(table, (*VOTES, "order", "label")):
        code = line.code("label", len(EMOTIONS))
        given = {emotion: float(line.code(column, 99)) for emotion, column in zip(EMOTIONS, VOTES, strict=True)}
        told[_number(line, "order")] = (EMOTIONS[code - 1] if code else None, given)
    return told


def _notes(
    fold: int, votes: Mapping[str, tuple[str | None, object]], missing: list[str], differing: int
) -> tuple[str, ...]:
    counts = {
        "annotated clips have no single label and are in no fold": sum(label is None for label, _ in votes.values()),
        "labelled clips are not in the folder and were left out": len(missing),
        "clips are labelled otherwise in the annotation; the label of the fold is kept": differing,
    }
    told = f"fold {fold} of 5: report UAR and WAR as the mean of all five; {RULE}"
    return (told, *(f"{count} {what}" for what, count in counts.items() if count))


CORPUS = Corpus(
    name="dfew",
    title="DFEW",
    licence="DFEW (Jiang et al., 2020): for research, on request to its authors; its terms were not verified here.",
    commercial="unclear",
    requested_at="https://dfew-dataset.github.io",
    labels=EMOTIONS,
    detect=_detect,
    read=_read,
)
