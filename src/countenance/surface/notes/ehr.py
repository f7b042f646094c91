"""A note as FHIR R4 (4.0.1): a document and an observation, both `preliminary` until a clinician has accepted them.

The code is our own and claims to be no finding: what was read is a band in words, never a number, and never a
diagnosis. Why there is nothing stands as `dataAbsentReason`.
"""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import NAMESPACE_URL, uuid5

from countenance.surface.blocks import Block
from countenance.surface.notes.crm import title
from countenance.surface.notes.note import Missing, Note, not_diagnosis, not_feelings
from countenance.surface.notes.terms import term

VERSION = "4.0.1"
ABSENT = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
ABSENCES: Mapping[str, str] = {
    "declined": "asked-declined",
    "stopped": "asked-declined",
    "not_asked": "not-asked",
    "refused": "not-performed",
    "absent": "not-performed",
}
"""Ours to theirs, the strongest first. `not-permitted` means something else there: a value that a profile forbids."""
UNSURE = "temp-unknown"
MODALITIES = 3


def fhir(note: Note) -> Block:
    """A bundle to be posted as it is, entry by entry, by who knows the patient's own record."""
    made = [_document(note), _observation(note)]
    entries = [{"fullUrl": f"urn:uuid:{one['id']}", "resource": one} for one in made]
    return {
        "fhirVersion": VERSION,
        "headers": {"content-type": "application/fhir+json; fhirVersion=4.0"},
        "body": {"resourceType": "Bundle", "type": "collection", "entry": entries},
    }


def _document(note: Note) -> Block:
    text = b64encode(note.text.encode()).decode()
    return {
        "resourceType": "DocumentReference",
        "id": note.id,
        "status": "current",
        "docStatus": note.status,
        "type": {"text": title(note)},
        "subject": _subject(note),
        "description": not_diagnosis(note.wording),
        "content": [{"attachment": {"contentType": "text/plain; charset=utf-8", "data": text}}],
        **_when(note, "context", "period"),
    }


def _observation(note: Note) -> Block:
    wording, _ = note.wording, note.wording.say
    said = (*(one.words for one in note.missing), not_feelings(wording), not_diagnosis(wording))
    made: Block = {
        "resourceType": "Observation",
        "id": str(uuid5(NAMESPACE_URL, f"{note.id}#observation")),
        "status": note.status,
        "code": _code("expression-estimate", _("Expression estimate of a call")),
        "subject": _subject(note),
        "derivedFrom": [{"reference": f"urn:uuid:{note.id}"}],
        "note": [{"text": text} for text in said],
        **_when(note, "effectivePeriod"),
    }
    if note.states:
        made["component"] = [
            {"code": _code(one.label, wording.state(one.label)), "valueString": one.words} for one in note.states
        ]
    else:
        made["dataAbsentReason"] = {"coding": [{"system": ABSENT, "code": absence(note.missing)}]}
    return made


def absence(missing: Sequence[Missing]) -> str:
    """Why there is no value: a person's own no before anything else, unless something was read and said too little."""
    uses = {one.use for one in missing}
    if "stopped" not in uses and len(missing) < MODALITIES:
        return UNSURE
    return next(code for use, code in ABSENCES.items() if use in uses)


def _code(code: str, text: str) -> Block:
    return {"coding": [{"system": term("states"), "code": code}], "text": text}


def _subject(note: Note) -> Block:
    return {"type": "Patient", "identifier": {"system": term("people"), "value": note.person.person}}


def _when(note: Note, *path: str) -> Block:
    started = note.meeting.started_at
    if started is None:
        return {}
    begun = datetime.fromisoformat(started)
    ended = begun + timedelta(microseconds=note.meeting.duration_us)
    span: Block = {"start": begun.isoformat(), "end": ended.isoformat()}
    for name in reversed(path):
        span = {name: span}
    return span
