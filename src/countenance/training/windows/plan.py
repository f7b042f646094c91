"""Which recordings of labelled calls may be read at all, and what is left out, counted by reason."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from countenance.contracts.call import FACE, TEXT, VOICE, Modality
from countenance.contracts.errors import DatasetError
from countenance.contracts.media import SECOND_US
from countenance.training.datasets.store import Row, Split

NO_CONSENT = "without a consent_ref"
OTHERS_CONSENT = "with a consent_ref, in a recording where another stretch has none"
NO_SUBJECT = "without a subject_id: nobody can tell whether the person stands on both sides of a split"
UNLABELLED = "without a label, a vote or a dimension"
WITHHELD = "whose labels are withheld"
NO_MEDIA = "without a recording and without words"
PICTURES = "of still pictures or folders of frames: only recordings are read as calls are"

PLACED_US = 10 * SECOND_US
"""Words without times are set one after the other, so far apart that the words before have stopped speaking."""
SPOKEN_US = 4 * SECOND_US


@dataclass(frozen=True, slots=True)
class Source:
    """One recording of one person, or words alone, with the labelled stretches in it."""

    files: Mapping[Path, tuple[Modality, ...]]
    """What is read out of which file; a recording whose sound lies apart has two."""
    rows: tuple[Row, ...]
    """In order of time; all of one person, all with a consent."""

    @property
    def name(self) -> str:
        """For messages: the file, or the first stretch."""
        return next((path.name for path in self.files), self.rows[0].uid)


@dataclass(frozen=True, slots=True)
class Plan:
    """What to read, and what is not read."""

    sources: tuple[Source, ...]
    left_out: Mapping[str, int]
    """Labelled stretches by reason."""

    @property
    def notes(self) -> tuple[str, ...]:
        """The reasons as lines."""
        return tuple(f"{count} labelled stretches {reason}" for reason, count in self.left_out.items())


def plan(rows: Iterable[Row]) -> Plan:
    """Keep the rows that may be read and learnt from, by recording; raises DatasetError when none remains."""
    rows = list(rows)
    lacking = Counter[str]()
    torn = {path for row in rows if row.consent_ref is None for path, _ in _files(row)}
    groups: dict[tuple[object, ...], list[Row]] = {}
    for row in rows:
        reason = _refusal(row, torn)
        if reason is None:
            groups.setdefault((_files(row) or row.group_id, row.subject_id), []).append(row)
        else:
            lacking[reason] += 1
    if not groups:
        raise _nothing(lacking, len(rows))
    sources = (Source(dict(_files(group[0])), tuple(_in_order(group))) for group in groups.values())
    return Plan(tuple(sources), dict(lacking.most_common()))


def _refusal(row: Row, torn: set[Path]) -> str | None:
    """Why a row is not read, consent first; None when it is."""
    files = _files(row)
    if row.consent_ref is None:
        return NO_CONSENT
    if any(path in torn for path, _ in files):
        return OTHERS_CONSENT
    if row.subject_id is None:
        return NO_SUBJECT
    if row.split is Split.WITHHELD:
        return WITHHELD
    if not (row.votes or row.label or row.dimensions):
        return UNLABELLED
    if not files and not row.text:
        return NO_MEDIA
    return PICTURES if any(path.is_dir() or path.suffix.lower() in _STILL for path, _ in files) else None


_STILL = (".png", ".jpg", ".jpeg", ".bmp", ".webp")


def _files(row: Row) -> tuple[tuple[Path, tuple[Modality, ...]], ...]:
    """A video gives its sound too, unless that lies in a file of its own."""
    if row.face_path is not None and row.audio_path is not None and row.face_path != row.audio_path:
        return (row.face_path, (FACE, TEXT)), (row.audio_path, (VOICE,))
    only = row.face_path or row.audio_path
    return () if only is None else ((only, (FACE, VOICE, TEXT)),)


def _in_order(group: Sequence[Row]) -> list[Row]:
    if not _files(group[0]) and any(row.start_us is None for row in group):
        return [
            replace(row, start_us=place * PLACED_US, end_us=place * PLACED_US + SPOKEN_US)
            for place, row in enumerate(group)
        ]
    return sorted(group, key=lambda row: row.start_us or 0)


def _nothing(lacking: Counter[str], total: int) -> DatasetError:
    if not total:
        return DatasetError("no labelled stretch was found", "See `countenance data inspect` on the folder.")
    reason, count = lacking.most_common(1)[0]
    column = {NO_CONSENT: "consent_ref", OTHERS_CONSENT: "consent_ref", NO_SUBJECT: "subject_id"}.get(reason)
    remedy = f"Fill the column {column} for every stretch." if column else "Label recordings of calls."
    return DatasetError(f"none of {total} labelled stretches may be read: {count} are {reason}", remedy)
