"""Own calls labelled in ELAN: `.eaf` files.

A tier holds labels when its linguistic type has a controlled vocabulary, or when its name begins with `label` or
`state` (`state@Ana`); other tiers, such as transcripts, are left out and named in the notes. The rater is the tier's
ANNOTATOR, else the AUTHOR of the file, else the file's name; the person is the tier's PARTICIPANT, else what follows
`@` in its name. Files that name the same recording are files of one call, whose raters vote together.
Times are milliseconds in the file and microseconds here. Folders called train, dev (or val) and test state a split.
Hard label: what more than half of the raters of that person in that call gave, alone.
Source: the EAF format of the Max Planck Institute for Psycholinguistics.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote

from countenance.contracts.errors import DatasetError
from countenance.training.datasets.store import Corpus, Reading, Row, Split, check_splits, unique
from countenance.training.datasets.stretches import (
    SPLIT_NAMES,
    Mark,
    beside,
    left_out,
    majority,
    placed,
    stretches,
)

LABEL_TIERS = ("label", "state")
"""How the name of a tier of labels begins when it has no controlled vocabulary."""
_AGAIN = "Save it again from ELAN."
_VIDEO = "video/"


@dataclass(slots=True)
class _Call:
    """One person in one call, over all files and raters."""

    source: str
    split: Split
    media: Mapping[str, Path]
    marks: list[Mark] = field(default_factory=list)
    raters: set[str] = field(default_factory=set)


@dataclass(slots=True)
class _Found:
    calls: dict[tuple[str, str], _Call] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)


def _detect(path: Path) -> bool:
    try:
        return bool(_files(path))
    except OSError:
        return False


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path] if path.suffix.lower() == ".eaf" else []
    return [file for file in sorted([*path.glob("*.eaf"), *path.glob("*/*.eaf")]) if not file.name.startswith("._")]


def _read(path: Path) -> Reading:
    files = _files(path)
    if not files:
        raise CORPUS.lacking(path / "*.eaf" if path.is_dir() else path)
    found = _Found()
    for file in files:
        split = Split.UNASSIGNED if file.parent == path else SPLIT_NAMES.get(file.parent.name.lower(), Split.UNASSIGNED)
        _read_file(file, split, found)
    rows = [row for (call, person), marked in found.calls.items() for row in _rows(call, person, marked)]
    unique(rows)
    check_splits(rows)
    return Reading(tuple(rows), tuple(dict.fromkeys(found.missing)), left_out(found.counts))


def _read_file(path: Path, split: Split, found: _Found) -> None:
    document = _parse(path)
    name, media = _media(document, path, found)
    times = _times(document, path)
    closed = {
        kind.get("LINGUISTIC_TYPE_ID")
        for kind in document.iter("LINGUISTIC_TYPE")
        if kind.get("CONTROLLED_VOCABULARY_REF")
    }
    for tier in document.iter("TIER"):
        title = tier.get("TIER_ID", "")
        if tier.get("LINGUISTIC_TYPE_REF") not in closed and not title.lower().startswith(LABEL_TIERS):
            found.counts[f"annotations of the tier {title!r} in {path.name} are no labels"] += len(list(tier))
            continue
        person = tier.get("PARTICIPANT") or title.partition("@")[2]
        call = found.calls.setdefault((name, person), _Call(path.name, split, media))
        if call.split is not split:
            problem = f"{path}: the call {name} stands in {call.split} ({call.source}) and in {split}"
            raise DatasetError(problem, "Keep all files of one call in one split.")
        rater = tier.get("ANNOTATOR") or document.get("AUTHOR") or path.stem
        call.raters.add(rater)
        call.marks.extend(_marks(tier, rater, times, found.counts))


def _parse(path: Path) -> Any:  # noqa: ANN401 - an element of defusedxml's parser
    try:
        from defusedxml import DefusedXmlException
        from defusedxml.ElementTree import ParseError, parse
    except ImportError as error:
        raise DatasetError(
            f"{path} needs defusedxml, which is not installed", "Install it: pip install 'countenance[train]'."
        ) from error
    try:
        document = parse(path, forbid_dtd=True).getroot()
    except DefusedXmlException as error:
        problem = f"{path} declares a document type or entities, which are refused"
        raise DatasetError(problem, "ELAN writes none: use the file as ELAN saved it.") from error
    except (ParseError, ValueError) as error:
        raise DatasetError(f"{path} is no readable XML ({error})", _AGAIN) from error
    if document is None or document.tag != "ANNOTATION_DOCUMENT":
        raise DatasetError(f"{path} is no ELAN document", _AGAIN)
    unit = next((header.get("TIME_UNITS") for header in document.iter("HEADER")), None)
    if unit not in (None, "milliseconds"):
        raise DatasetError(f"{path} counts time in {unit}, not in milliseconds", _AGAIN)
    return document


def _media(document: Any, path: Path, found: _Found) -> tuple[str, Mapping[str, Path]]:  # noqa: ANN401
    """The call's name after its recording, and the recordings that lie beside the file."""
    name, media = "", {}
    for told in document.iter("MEDIA_DESCRIPTOR"):
        link = unquote(told.get("RELATIVE_MEDIA_URL") or told.get("MEDIA_URL") or "").removeprefix("file://")
        plain = PurePosixPath(link.replace("\\", "/")).name
        name = name or PurePosixPath(plain).stem
        if told.get("TIME_ORIGIN", "0").strip("0"):
            found.counts[f"recordings of {path.name} are offset: times are those of the ELAN document"] += 1
        file = beside(path.parent, plain)
        if file is None:
            found.missing.append(plain or link)
        else:
            media["face" if told.get("MIME_TYPE", "").startswith(_VIDEO) else "audio"] = file
    return name or path.stem, media


def _times(document: Any, path: Path) -> dict[str, tuple[int, int] | None]:  # noqa: ANN401
    """Start and end of every annotation, in microseconds; None where ELAN keeps no time of its own."""
    slots = {slot.get("TIME_SLOT_ID"): slot.get("TIME_VALUE") for slot in document.iter("TIME_SLOT")}
    times: dict[str, tuple[int, int] | None] = {}
    for note in document.iter("ALIGNABLE_ANNOTATION"):
        name, ends = note.get("ANNOTATION_ID"), (note.get("TIME_SLOT_REF1"), note.get("TIME_SLOT_REF2"))
        if any(end not in slots for end in ends):
            raise DatasetError(f"{path}: annotation {name} has a time slot that does not exist", _AGAIN)
        values = [slots[end] for end in ends]
        if any(value is not None and not value.isdecimal() for value in values):
            raise DatasetError(f"{path}: annotation {name} has a time that is no number", _AGAIN)
        aligned = [int(value) * 1000 for value in values if value is not None]
        times[name] = (aligned[0], aligned[1]) if len(aligned) == 2 else None
        if len(aligned) == 2 and aligned[0] >= aligned[1]:
            raise DatasetError(f"{path}: annotation {name} ends before it begins", "Correct it in ELAN.")
    referring = {note.get("ANNOTATION_ID"): note.get("ANNOTATION_REF") for note in document.iter("REF_ANNOTATION")}
    for name in referring:
        times[name] = _followed(name, referring, times)
    return times


def _followed(
    name: str, referring: Mapping[str, str], times: Mapping[str, tuple[int, int] | None]
) -> tuple[int, int] | None:
    """The time of the annotation that a chain of references ends at."""
    seen: set[str] = set()
    while name in referring and name not in seen:
        seen.add(name)
        name = referring[name]
    return times.get(name)


def _marks(
    tier: Any,  # noqa: ANN401
    rater: str,
    times: Mapping[str, tuple[int, int] | None],
    counts: Counter[str],
) -> Iterator[Mark]:
    for note in (*tier.iter("ALIGNABLE_ANNOTATION"), *tier.iter("REF_ANNOTATION")):
        label, time = (note.findtext("ANNOTATION_VALUE") or "").strip(), times[note.get("ANNOTATION_ID")]
        if time is None or not label:
            counts["annotations have no time or no label"] += 1
        else:
            yield Mark(rater, label, *time)


def _rows(call: str, person: str, marked: _Call) -> Iterator[Row]:
    for piece in stretches(marked.marks):
        yield Row(
            uid=placed(f"{call}/{person}" if person else call, piece.start_us, piece.end_us),
            dataset=CORPUS.name,
            split=marked.split,
            source=marked.source,
            label=majority(piece.votes, len(marked.raters)),
            votes=piece.votes,
            raters=len(marked.raters),
            subject_id=person or None,
            group_id=call,
            face_path=marked.media.get("face"),
            audio_path=marked.media.get("audio"),
            start_us=piece.start_us,
            end_us=piece.end_us,
        )


CORPUS = Corpus(
    name="elan",
    title="Own calls (ELAN)",
    licence="Own recordings: use them within the consent of the people recorded.",
    commercial="unclear",
    requested_at="whoever labelled the calls in ELAN",
    labels=(),
    detect=_detect,
    read=_read,
)
