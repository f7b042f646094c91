"""Own calls in the folder convention: media files beside a table that names them.

Layout: `{train,dev,test}/metadata.csv` or `metadata.jsonl` (a table at the top leaves the split to its column `split`,
or unassigned). Column `file_name`: the recording, relative to its table; the others are optional: `label`, `rater`,
`subject_id`, `call_id`, `split`, `text`, `audio_file_name`, `start_s`, `end_s`, `fps`, `valence`, `arousal`,
`dominance` (-1..1), `demographic_<x>`, `self_reported`, `consent_ref`. A line per rater: lines of one file and
stretch become one row with votes; valence, arousal and dominance are then their mean.
Hard label: what more than half of the raters gave, alone. `val` is dev, never test.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from countenance.contracts.errors import DatasetError
from countenance.training.datasets.label_tables import Line, header, read_table
from countenance.training.datasets.store import Corpus, Reading, Row, Split, check_splits, unique
from countenance.training.datasets.stretches import SPLIT_NAMES, left_out, majority, placed, split_named

FILE = "file_name"
TABLES = ("metadata.csv", "metadata.jsonl")
DIMENSIONS = ("valence", "arousal", "dominance")
SOUNDS = (".wav", ".flac", ".ogg", ".opus", ".mp3", ".m4a", ".aac")
PER_RATER = ("label", "rater", *DIMENSIONS)
KNOWN = (
    FILE,
    *PER_RATER,
    "subject_id",
    "call_id",
    "split",
    "text",
    "audio_file_name",
    "start_s",
    "end_s",
    "fps",
    "self_reported",
    "consent_ref",
)
_DEMOGRAPHIC = "demographic_"
_TRUE = ("true", "yes", "1")
_ANSWER = "Correct the table."


@dataclass(slots=True)
class _Found:
    rows: list[Row] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    unknown: set[str] = field(default_factory=set)


def _detect(path: Path) -> bool:
    try:
        return any(_names_files(table) for table in _tables(path))
    except OSError:
        return False


def _tables(path: Path) -> list[Path]:
    folders = [path]
    if path.is_dir():
        folders += sorted(child for child in path.iterdir() if child.name.lower() in SPLIT_NAMES and child.is_dir())
    return [folder / name for folder in folders for name in TABLES if (folder / name).is_file()]


def _names_files(table: Path) -> bool:
    if table.suffix == ".csv":
        return FILE in header(table)
    with table.open("rb") as file:
        return f'"{FILE}"'.encode() in file.readline(65_536)


def _read(path: Path) -> Reading:
    tables = _tables(path)
    if not tables:
        raise CORPUS.lacking(path / "train" / TABLES[0])
    found = _Found()
    for table in tables:
        lines = read_table(table, (FILE,)) if table.suffix == ".csv" else list(_json_lines(table))
        found.unknown |= {name for line in lines for name in line.values if not _is_known(name)}
        for group in _grouped(lines):
            _read_group(group, table.parent, "" if table.parent == path else table.parent.name, found)
    unique(found.rows)
    check_splits(found.rows)
    missing = tuple(dict.fromkeys(found.missing))
    notes = left_out({"files that the tables name are not in the folder": len(missing)})
    if found.unknown:
        notes += (f"columns that are not read: {', '.join(sorted(found.unknown))}",)
    return Reading(tuple(found.rows), missing, notes)


def _is_known(name: str) -> bool:
    return name in KNOWN or name.startswith(_DEMOGRAPHIC) or not name


def _json_lines(path: Path) -> Iterator[Line]:
    for number, text in enumerate(path.read_bytes().split(b"\n"), start=1):
        if not text.strip():
            continue
        try:
            values = json.loads(text)
        except ValueError as error:
            raise DatasetError(f"{path}, line {number} is no JSON ({error})", _ANSWER) from error
        if not isinstance(values, dict) or not values.get(FILE):
            raise DatasetError(f"{path}, line {number} has no {FILE}", _ANSWER)
        yield Line(path, number, {name: "" if value is None else str(value) for name, value in values.items()})


def _grouped(lines: Sequence[Line]) -> list[list[Line]]:
    """The lines of one file and stretch together."""
    groups: dict[tuple[str, ...], list[Line]] = {}
    for line in lines:
        key = tuple(line.values.get(name, "") for name in (FILE, "start_s", "end_s"))
        groups.setdefault(key, []).append(line)
    return list(groups.values())


def _read_group(lines: Sequence[Line], folder: Path, inside: str, found: _Found) -> None:
    first = lines[0]
    _agree(lines)
    name = first.values[FILE]
    path, place = folder / name, f"{inside}/{name}".lstrip("/")
    if not path.exists() or not name:
        found.missing.append(place)
        return
    start_us, end_us = _stretch(first)
    votes, raters = _votes(lines)
    sound = path.suffix.lower() in SOUNDS
    found.rows.append(
        Row(
            uid=placed(place, start_us, end_us),
            dataset=CORPUS.name,
            split=_split(first, inside),
            source=f"{inside}/{first.source}".lstrip("/"),
            label=majority(votes, raters),
            votes=votes,
            raters=raters,
            dimensions=_dimensions(lines),
            subject_id=first.values.get("subject_id") or None,
            group_id=first.values.get("call_id") or place,
            face_path=None if sound else path,
            audio_path=path if sound else _spoken(first, folder, found),
            text=first.values.get("text") or None,
            start_us=start_us,
            end_us=end_us,
            fps=_number(first, "fps", 1, 1000),
            demographics=_demographics(first),
            self_reported=first.values.get("self_reported", "").lower() in _TRUE,
            consent_ref=first.values.get("consent_ref") or None,
        )
    )


def _spoken(line: Line, folder: Path, found: _Found) -> Path | None:
    """The sound of a recording, where the table names a file of its own for it."""
    name = line.values.get("audio_file_name")
    if name and not (folder / name).is_file():
        found.missing.append(name)
        return None
    return folder / name if name else None


def _agree(lines: Sequence[Line]) -> None:
    """Lines of one stretch differ in what raters say, and in nothing else; each names its rater when there are two."""
    for line in lines[1:]:
        for name, value in line.values.items():
            if name not in PER_RATER and _is_known(name) and value != lines[0].values.get(name, ""):
                raise line.wrong(f"{name} is not that of line {lines[0].number}, of the same stretch", _ANSWER)
    if len(lines) > 1 and not all(line.values.get("rater") for line in lines):
        raise lines[1].wrong(f"the stretch of line {lines[0].number} again", "Name who rated it in a column rater.")


def _stretch(line: Line) -> tuple[int | None, int | None]:
    start, end = _number(line, "start_s", 0), _number(line, "end_s", 0)
    if start is None and end is None:
        return None, None
    if start is None or end is None or start >= end:
        raise line.wrong("start_s and end_s are no stretch of time", _ANSWER)
    return round(start * 1_000_000), round(end * 1_000_000)


def _number(line: Line, name: str, lowest: float, highest: float = 1e9) -> float | None:
    text = line.values.get(name, "")
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not lowest <= value <= highest:
        raise line.wrong(f"{name} is {text!r}, not a number of {lowest:g} to {highest:g}", _ANSWER)
    return value


def _votes(lines: Sequence[Line]) -> tuple[dict[str, float], int]:
    """Votes per label, and how many raters there were: 0 when the table names none."""
    given = sorted({(line.values.get("label", ""), line.values.get("rater", "")) for line in lines})
    votes: dict[str, float] = {}
    for label, _ in given:
        if label:
            votes[label] = votes.get(label, 0.0) + 1.0
    return votes, len({rater for _, rater in given if rater})


def _dimensions(lines: Sequence[Line]) -> dict[str, float]:
    told = {name: [_number(line, name, -1, 1) for line in lines] for name in DIMENSIONS}
    stated = {name: [value for value in values if value is not None] for name, values in told.items()}
    return {name: sum(values) / len(values) for name, values in stated.items() if values}


def _split(line: Line, inside: str) -> Split:
    stated = line.values.get("split", "")
    split = split_named(stated or inside, f"{line.path}, line {line.number}")
    if inside and stated and split is not split_named(inside, str(line.path)):
        raise line.wrong(f"the split is {stated!r}, in the folder {inside}", _ANSWER)
    return split


def _demographics(line: Line) -> dict[str, str]:
    told = {name: value for name, value in line.values.items() if name.startswith(_DEMOGRAPHIC) and value}
    return {name.removeprefix(_DEMOGRAPHIC): value for name, value in told.items()}


CORPUS = Corpus(
    name="own_folder",
    title="Own calls (folder with metadata)",
    licence="Own recordings: use them within the consent of the people recorded.",
    commercial="unclear",
    requested_at="whoever recorded and labelled the calls",
    labels=(),
    detect=_detect,
    read=_read,
)
