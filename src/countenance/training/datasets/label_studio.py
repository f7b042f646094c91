"""Own calls labelled in Label Studio: its JSON export (not JSON-MIN).

Timeline labels of a video are ranges of frames, both ends included, counted from 1: a range 25-50 at 25 fps is 0.96 s
to 2 s. The export does not hold the frame rate, so each task states it as `fps` in its data (the frameRate set for the
Video tag), or the caller does. Regions of audio are in seconds; choices without a range hold for the whole call.
`completed_by` is the rater; cancelled annotations are skipped; predictions are never read. Further keys of a task's
data are used when present: `subject_id`, `call_id`, `split`, `text`, `consent_ref`.
Hard label: what more than half of the raters of the task gave, alone. Source: the documentation of Label Studio.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from countenance.contracts.errors import DatasetError
from countenance.training.datasets.store import Corpus, Reading, Row, check_splits, unique
from countenance.training.datasets.stretches import (
    Mark,
    beside,
    left_out,
    majority,
    placed,
    split_named,
    stretches,
)

KINDS = ("timelinelabels", "labels", "choices")
"""The types of result that label a stretch."""
_HEAD = 65_536
_EXPORT = "Export it as JSON (not JSON-MIN) from Label Studio."
_CANCELLED = "annotations were cancelled by their rater"
_SILENT = "tasks have no finished annotation"
_OTHER = "results are of a type that labels no stretch of time"
_CHANNEL = "regions name an audio channel, which is not kept"


@dataclass(slots=True)
class _Task:
    path: Path
    name: str
    data: Mapping[str, Any]
    annotations: list[dict[str, Any]]
    fps: float | None
    counts: Counter[str]

    def wrong(self, problem: str, remedy: str) -> DatasetError:
        return DatasetError(f"{self.path}, task {self.name}: {problem}", remedy)

    def told(self, key: str) -> str | None:
        value = self.data.get(key)
        return None if value is None or value == "" else str(value)


@dataclass(slots=True)
class _Found:
    rows: list[Row] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)


def read_export(path: Path, fps: float | None = None) -> Reading:
    """Read one export, or every export in a folder; `fps` is for tasks whose data does not state it."""
    exports = [path] if path.is_file() else _exports(path)
    if not exports:
        raise CORPUS.lacking(path / "*.json" if path.is_dir() else path)
    found = _Found()
    for export in exports:
        for task in _tasks(export, fps, found.counts):
            _read_task(task, found)
    unique(found.rows)
    check_splits(found.rows)
    order = (_CANCELLED, _SILENT, _OTHER, _CHANNEL)
    notes = left_out({what: found.counts[what] for what in order})
    return Reading(tuple(found.rows), tuple(dict.fromkeys(found.missing)), notes)


def _detect(path: Path) -> bool:
    try:
        return bool(_exports(path))
    except OSError:
        return False


def _read(path: Path) -> Reading:
    return read_export(path)


def _exports(path: Path) -> list[Path]:
    files = sorted(path.glob("*.json")) if path.is_dir() else [path]
    return [file for file in files if not file.name.startswith("._") and _looks_right(file)]


def _looks_right(path: Path) -> bool:
    if path.suffix.lower() != ".json" or not path.is_file():
        return False
    with path.open("rb") as file:
        head = file.read(_HEAD)
    known = b'"completed_by"' in head or b'"was_cancelled"' in head
    return head.lstrip().startswith(b"[") and b'"annotations"' in head and known


def _tasks(path: Path, fps: float | None, counts: Counter[str]) -> Iterator[_Task]:
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise DatasetError(f"{path} is no readable JSON ({error})", _EXPORT) from error
    for position, entry in enumerate(entries if isinstance(entries, list) else [entries], start=1):
        data = entry.get("data") if isinstance(entry, dict) else None
        annotations = entry.get("annotations") if isinstance(entry, dict) else None
        if not isinstance(data, dict) or not isinstance(annotations, list) or not _are_objects(annotations):
            raise DatasetError(f"{path}, entry {position} is no task with data and annotations", _EXPORT)
        yield _Task(path, str(entry.get("id", position)), data, annotations, fps, counts)


def _are_objects(values: list[object]) -> bool:
    return all(isinstance(value, dict) for value in values)


def _read_task(task: _Task, found: _Found) -> None:
    marks: list[Mark] = []
    raters = set()
    for annotation in task.annotations:
        if annotation.get("was_cancelled"):
            task.counts[_CANCELLED] += 1
            continue
        rater = _rater(task, annotation)
        raters.add(rater)
        for result in annotation.get("result") or []:
            marks.extend(_marks(task, rater, result))
    task.counts[_SILENT] += not raters
    face, audio = _media(task, "video", found), _media(task, "audio", found)
    for piece in stretches(marks):
        found.rows.append(
            Row(
                uid=placed(f"{task.path.stem}.{task.name}", piece.start_us, piece.end_us),
                dataset=CORPUS.name,
                split=split_named(task.told("split") or "", f"{task.path}, task {task.name}"),
                source=f"{task.path.name} task {task.name}",
                label=majority(piece.votes, len(raters)),
                votes=piece.votes,
                raters=len(raters),
                subject_id=task.told("subject_id"),
                group_id=task.told("call_id") or f"{task.path.stem}.{task.name}",
                face_path=face,
                audio_path=audio,
                text=task.told("text") if piece.start_us is None else None,
                start_us=piece.start_us,
                end_us=piece.end_us,
                fps=_fps(task),
                consent_ref=task.told("consent_ref"),
            )
        )


def _rater(task: _Task, annotation: Mapping[str, Any]) -> str:
    person = annotation.get("completed_by")
    # Some exports hold the whole account; its number is enough.
    person = person.get("id") if isinstance(person, dict) else person
    if person is None:
        raise task.wrong("an annotation does not say who completed it", _EXPORT)
    return str(person)


def _marks(task: _Task, rater: str, result: object) -> Iterator[Mark]:
    kind, value = (result.get("type"), result.get("value")) if isinstance(result, dict) else (None, None)
    labels = value.get(kind) if isinstance(value, dict) and kind in KINDS else None
    # Labels of a passage of text have `start` and `end` too, as characters: they are no times.
    if not isinstance(value, dict) or not isinstance(labels, list) or "text" in value:
        task.counts[_OTHER] += 1
        return
    task.counts[_CHANNEL] += "channel" in value
    for start_us, end_us in _times(task, value):
        for label in labels:
            yield Mark(rater, str(label), start_us, end_us)


def _times(task: _Task, value: Mapping[str, Any]) -> Iterator[tuple[int | None, int | None]]:
    if "ranges" in value:
        if not isinstance(value["ranges"], list) or not _are_objects(value["ranges"]):
            raise task.wrong(f"{value['ranges']!r} are no ranges", "Export it again.")
        for frames in value["ranges"]:
            yield _frames(task, frames)
    elif "start" in value:
        start, end = _number(task, value["start"]), _number(task, value.get("end"))
        if not 0 <= start < end:
            raise task.wrong(f"a region from {start} to {end} s has no length", "Correct it in Label Studio.")
        yield round(start * 1_000_000), round(end * 1_000_000)
    else:
        yield None, None


def _frames(task: _Task, frames: Mapping[str, Any]) -> tuple[int, int]:
    fps = _fps(task)
    if fps is None:
        remedy = 'Add "fps" to the data of the task: the frameRate that was set for its video.'
        raise task.wrong("its ranges are frames, and the frame rate is not stated", remedy)
    first, last = _number(task, frames.get("start")), _number(task, frames.get("end"))
    if not 1 <= first <= last:
        raise task.wrong(f"the range {first:g} to {last:g} is none: frames count from 1", "Export it again.")
    return round((first - 1) * 1_000_000 / fps), round(last * 1_000_000 / fps)


def _fps(task: _Task) -> float | None:
    stated = task.told("fps")
    if stated is None:
        return task.fps
    fps = _number(task, stated)
    if not 1 <= fps <= 1000:
        raise task.wrong(f"{stated} is no frame rate", "State the frames per second of its video.")
    return fps


def _number(task: _Task, value: object) -> float:
    try:
        number = float(str(value))
    except ValueError:
        number = float("nan")
    if not abs(number) < float("inf"):
        raise task.wrong(f"{value!r} stands where a number belongs", "Export it again.")
    return number


def _media(task: _Task, key: str, found: _Found) -> Path | None:
    """The file beside the export that a link of the task names; uploads carry eight characters before the name."""
    link = task.told(key)
    if link is None:
        return None
    parts = urlsplit(link)
    name = unquote(parse_qs(parts.query).get("d", [parts.path])[0]).lstrip("/")
    plain = Path(name).name
    path = beside(task.path.parent, name) or beside(task.path.parent, plain.partition("-")[2])
    if path is None:
        found.missing.append(plain)
    return path


CORPUS = Corpus(
    name="label_studio",
    title="Own calls (Label Studio export)",
    licence="Own recordings: use them within the consent of the people recorded.",
    commercial="unclear",
    requested_at="Label Studio, under Export, in the format JSON",
    labels=(),
    detect=_detect,
    read=_read,
)
