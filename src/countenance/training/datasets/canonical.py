"""The canonical store on disk: one line of JSON per labelled stretch, times in integer microseconds.

Keys: `uid, dataset, split, subject_id, call_id, face_path, audio_path, text, t0, t1, fps, label_hard, votes,
side_votes, n_raters, vad, scale, demographics, self_reported, consent_ref, licence, source_row`. `vad` is on the scale
-1..1; `licence` repeats the sentence of the corpus, for whoever gets the file alone.
"""

import json
import math
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from countenance.contracts.errors import DatasetError
from countenance.training.datasets.store import Row, Split, corpora, unique

SCALE = "-1..1"
KEYS = (
    "uid", "dataset", "split", "subject_id", "call_id", "face_path", "audio_path", "text", "t0", "t1", "fps",
    "label_hard", "votes", "side_votes", "n_raters", "vad", "scale", "demographics", "self_reported", "consent_ref",
    "licence", "source_row",
)  # fmt: skip
_AGAIN = "Write the store again with this version."


def write_store(rows: Iterable[Row], path: Path) -> None:
    """Write rows as JSON lines, whole or not at all; the same rows give the same bytes."""
    rows = list(rows)
    unique_within(rows)
    licences = {corpus.name: corpus.licence for corpus in corpora()}
    lines = [_line(row, licences.get(row.dataset)) for row in rows]
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.draft")
    with draft.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(lines)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def read_store(path: Path) -> tuple[Row, ...]:
    """Read rows back; DatasetError names the line that is not one."""
    if not path.is_file():
        raise DatasetError(f"the store {path} is missing", "Write it from a corpus first.")
    rows = []
    # Bytes are split at line feeds alone: texts may hold other characters that end a line.
    for number, text in enumerate(path.read_bytes().split(b"\n"), start=1):
        if text:
            try:
                rows.append(_row(json.loads(text)))
            except ValueError as error:
                raise DatasetError(f"{path}, line {number} is no row: {error}", _AGAIN) from error
    unique_within(rows)
    return tuple(rows)


def unique_within(rows: Iterable[Row]) -> None:
    """No uid occurs twice in one corpus; a store may hold several corpora."""
    by_corpus: dict[str, list[Row]] = {}
    for row in rows:
        by_corpus.setdefault(row.dataset, []).append(row)
    for part in by_corpus.values():
        unique(part)


def _line(row: Row, licence: str | None) -> str:
    values = {
        "uid": row.uid,
        "dataset": row.dataset,
        "split": row.split.value,
        "subject_id": row.subject_id,
        "call_id": row.group_id,
        "face_path": None if row.face_path is None else row.face_path.as_posix(),
        "audio_path": None if row.audio_path is None else row.audio_path.as_posix(),
        "text": row.text,
        "t0": row.start_us,
        "t1": row.end_us,
        "fps": row.fps,
        "label_hard": row.label,
        "votes": dict(row.votes),
        "side_votes": {kind: dict(votes) for kind, votes in row.side_votes.items()},
        "n_raters": row.raters,
        "vad": dict(row.dimensions),
        "scale": SCALE,
        "demographics": dict(row.demographics),
        "self_reported": row.self_reported,
        "consent_ref": row.consent_ref,
        "licence": licence,
        "source_row": row.source,
    }
    try:
        return json.dumps(values, ensure_ascii=False, allow_nan=False) + "\n"
    except ValueError as error:
        problem = f"{row.dataset}: {row.uid} holds a number that is not finite ({row.source})"
        raise DatasetError(problem, "Correct its votes, dimensions or fps.") from error


def _row(told: object) -> Row:
    if not isinstance(told, dict):
        raise ValueError("it holds no object")
    absent, unknown = [key for key in KEYS if key not in told], [key for key in told if key not in KEYS]
    if absent or unknown:
        raise ValueError(f"lacking keys {absent}, unknown keys {unknown}")
    if told["scale"] != SCALE:
        raise ValueError(f"scale is {told['scale']!r}, not {SCALE!r}")
    return Row(
        uid=_text(told, "uid"),
        dataset=_text(told, "dataset"),
        split=Split(told["split"]),
        source=_text(told, "source_row"),
        label=_maybe_text(told, "label_hard"),
        votes=_numbers(told["votes"], "votes"),
        raters=_whole(told, "n_raters"),
        dimensions=_numbers(told["vad"], "vad"),
        subject_id=_maybe_text(told, "subject_id"),
        group_id=_maybe_text(told, "call_id"),
        face_path=_maybe_path(told, "face_path"),
        audio_path=_maybe_path(told, "audio_path"),
        text=_maybe_text(told, "text"),
        start_us=None if told["t0"] is None else _whole(told, "t0"),
        end_us=None if told["t1"] is None else _whole(told, "t1"),
        fps=None if told["fps"] is None else _number(told["fps"], "fps"),
        demographics={key: _text(_mapping(told, "demographics"), key) for key in _mapping(told, "demographics")},
        self_reported=_truth(told, "self_reported"),
        side_votes={kind: _numbers(votes, kind) for kind, votes in _mapping(told, "side_votes").items()},
        consent_ref=_maybe_text(told, "consent_ref"),
    )


def _text(told: Mapping[str, Any], key: str) -> str:
    value = told[key]
    if not isinstance(value, str):
        raise ValueError(f"{key} is {value!r}, not text")
    return value


def _maybe_text(told: Mapping[str, Any], key: str) -> str | None:
    return None if told[key] is None else _text(told, key)


def _maybe_path(told: Mapping[str, Any], key: str) -> Path | None:
    return None if told[key] is None else Path(_text(told, key))


def _whole(told: Mapping[str, Any], key: str) -> int:
    value = told[key]
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"{key} is {value!r}, not a whole number")
    return value


def _truth(told: Mapping[str, Any], key: str) -> bool:
    value = told[key]
    if not isinstance(value, bool):
        raise ValueError(f"{key} is {value!r}, not true or false")
    return value


def _mapping(told: Mapping[str, Any], key: str) -> dict[str, Any]:
    value = told[key]
    if not isinstance(value, dict):
        raise ValueError(f"{key} is {value!r}, not an object")
    return value


def _numbers(told: object, key: str) -> dict[str, float]:
    if not isinstance(told, dict):
        raise ValueError(f"{key} is {told!r}, not an object")
    return {name: _number(value, f"{key} of {name}") for name, value in told.items()}


def _number(value: object, key: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"{key} is {value!r}, not a number")
    return float(value)
