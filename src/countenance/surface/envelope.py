"""CloudEvents 1.0 envelopes: one form for files, sockets, webhooks and replay.

Everything is a function of the call, the reading and the sequence number: the same input gives the same bytes. The
attribute `time` stands only where the wall-clock start of the call is known; media time is always in the data.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import quote, unquote
from uuid import NAMESPACE_URL, uuid5

from countenance.contracts.call import Call, Modality
from countenance.contracts.errors import UsageError
from countenance.contracts.readings import Event, Phase, Signal
from countenance.contracts.trust import Consent, Ruling
from countenance.surface import blocks
from countenance.surface.blocks import Grounds

PREFIX = "io.countenance"
SAMPLE = f"{PREFIX}.signal.sample.v1"
STARTED = f"{PREFIX}.signal.started.v1"
ENDED = f"{PREFIX}.signal.ended.v1"
AGGREGATE = f"{PREFIX}.signal.aggregate.v1"
CONSENT_CHANGED = f"{PREFIX}.consent.changed.v1"
PROMPT_ISSUED = f"{PREFIX}.prompt.issued.v1"
PROMPT_RESOLVED = f"{PREFIX}.prompt.resolved.v1"
POLICY_REFUSED = f"{PREFIX}.policy.refused.v1"
CALL_SUMMARY = f"{PREFIX}.call.summary.v1"
STREAM_GAP = f"{PREFIX}.stream.gap.v1"
MEDIA_LOST = f"{PREFIX}.media.lost.v1"
NOTE_ACCEPTED = f"{PREFIX}.note.accepted.v1"

INDIVIDUAL = (f"{PREFIX}.signal.", f"{PREFIX}.prompt.")
"""What the types of events about one person's readings begin with."""
LEVELS = ("public", "internal", "confidential", "restricted")
REGULATIONS = ("GDPR", "HIPAA", "CCPA")
CATEGORIES = ("special-category", "phi", "sensitive-pii")

Envelope = dict[str, object]


@dataclass(frozen=True, slots=True)
class Classification:
    """The data classification extension; a strict receiver rejects values that it does not know."""

    level: str = "restricted"
    regulations: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for values, known, key in (
            ((self.level,), LEVELS, "level"),
            (self.regulations, REGULATIONS, "regulations"),
            (self.categories, CATEGORIES, "categories"),
        ):
            for value in values:
                if value not in known:
                    raise UsageError(
                        f"classification.{key}: {value!r} is not known", f"Use one of: {', '.join(known)}."
                    )

    def attributes(self) -> dict[str, str]:
        """The extension attributes; empty lists are left out."""
        lists = {"dataregulation": self.regulations, "datacategory": self.categories}
        return {"dataclassification": self.level} | {name: ",".join(values) for name, values in lists.items() if values}


@dataclass(frozen=True, slots=True)
class Envelopes:
    """Makes the envelopes of one call."""

    call: Call
    classification: Classification = field(default_factory=Classification)

    @property
    def source(self) -> str:
        """Where the events of this call come from."""
        deployment, call = (quote(part, safe="") for part in (self.call.deployment_id, self.call.id))
        return f"/deployments/{deployment}/calls/{call}"

    def sample(self, sequence: int, signal: Signal, grounds: Grounds) -> Envelope:
        """One aggregation tick, possibly abstained."""
        data = blocks.sample(signal, self._role(signal.participant_id)) | blocks.grounds(grounds)
        return self._wrap(sequence, SAMPLE, SAMPLE, data, signal.end_us, signal.participant_id)

    def event(self, sequence: int, event: Event, grounds: Grounds) -> Envelope:
        """A state was entered or left."""
        who = event.signal.participant_id
        data = blocks.event(event, self._role(who)) | blocks.grounds(grounds)
        kind = f"{PREFIX}.signal.{event.name}.{event.phase.value}.v1"
        schema = STARTED if event.phase is Phase.STARTED else ENDED
        return self._wrap(sequence, kind, schema, data, event.end_us, who)

    def aggregate(self, sequence: int, block: blocks.Block, end_us: int) -> Envelope:
        """What a group showed in a window; nothing of a single person is in it."""
        return self._wrap(sequence, AGGREGATE, AGGREGATE, block, end_us, None) | {"dataclassification": "confidential"}

    def consent_changed(self, sequence: int, consent: Consent) -> Envelope:
        """Consent was given, refused, withdrawn or has expired."""
        data = blocks.consent_changed(consent)
        return self._wrap(sequence, CONSENT_CHANGED, CONSENT_CHANGED, data, consent.at_us, consent.participant_id)

    def refused(
        self, sequence: int, participant_id: str, ruling: Ruling, downgraded_to: tuple[Modality, ...] = ()
    ) -> Envelope:
        """The gate prohibits a modality of a participant; `downgraded_to` names what may be read instead."""
        data = blocks.refused(participant_id, ruling, downgraded_to)
        return self._wrap(sequence, POLICY_REFUSED, POLICY_REFUSED, data, 0, participant_id)

    def prompt(self, sequence: int, kind: str, data: Envelope, at_us: int, more: Mapping[str, object]) -> Envelope:
        """A prompt was given, or its fate is known; `more`: what it follows from, until when it may be shown."""
        subject = data.get("subject")
        who = str(subject["participant_id"]) if isinstance(subject, dict) else None
        return {**self._wrap(sequence, kind, kind, data, at_us, who), **more}

    def summary(self, sequence: int, end_us: int, dataref: str = "summary.json") -> Envelope:
        """The summary is ready: thin, with a reference to it."""
        said: Envelope = {"summary_id": summary_id(self.source)}
        envelope = self._wrap(sequence, CALL_SUMMARY, CALL_SUMMARY, said, end_us, None)
        return envelope | {"dataref": dataref}

    def note(self, sequence: int, data: Envelope, at_us: int, dataref: str) -> Envelope:
        """A human let a note leave for a system of record: thin, with a reference to it."""
        who = str(data["participant_id"])
        return {**self._wrap(sequence, NOTE_ACCEPTED, NOTE_ACCEPTED, data, at_us, who), "dataref": dataref}

    def media_lost(self, sequence: int, participant_id: str, session: str, at_us: int) -> Envelope:
        """What a participant publishes here arrives no more: they are to publish it anew."""
        data = blocks.media_lost(participant_id, session)
        return self._wrap(sequence, MEDIA_LOST, MEDIA_LOST, data, at_us, participant_id)

    def _role(self, participant_id: str) -> str:
        known = {one.id: one.role.value for one in self.call.participants}
        if participant_id not in known:
            raise UsageError(
                f"a reading names participant {participant_id!r}, who is not on call {self.call.id!r}",
                f"Participants are: {', '.join(known)}.",
            )
        return known[participant_id]

    def _wrap(
        self, sequence: int, kind: str, schema: str, data: Envelope, at_us: int, participant_id: str | None
    ) -> Envelope:
        number = f"{sequence:012d}"
        envelope: Envelope = {
            "specversion": "1.0",
            "id": str(uuid5(NAMESPACE_URL, f"{self.source}#{number}")),
            "source": self.source,
            "type": kind,
            "datacontenttype": "application/json",
            "dataschema": f"/schemas/{schema}.json",
            "sequence": number,
            **self.classification.attributes(),
            "data": data,
        }
        if participant_id is not None:
            envelope["subject"] = f"participants/{quote(participant_id, safe='')}"
        if self.call.started_at is not None:
            envelope["time"] = wall_clock(self.call.started_at, max(0, at_us))
        return envelope


def participant_of(envelope: Mapping[str, object]) -> str | None:
    """The participant an event is about; None for the call as a whole."""
    subject = envelope.get("subject")
    return None if subject is None else unquote(str(subject).removeprefix("participants/"))


def is_individual(kind: str) -> bool:
    """Whether events of this type hold what was read of one person."""
    return kind.startswith(INDIVIDUAL) and kind != AGGREGATE


def summary_id(source: str) -> str:
    """The id of the summary of a call, by where its events come from."""
    return str(uuid5(NAMESPACE_URL, f"{source}#summary"))


def wall_clock(started_at: str, at_us: int) -> str:
    """RFC 3339 UTC of a moment of media time, in microseconds."""
    try:
        start = datetime.fromisoformat(started_at)
    except ValueError as error:
        raise UsageError(
            f"the call's start {started_at!r} is not a date and time",
            "Write it as RFC 3339 in UTC, such as 2026-11-22T09:30:00Z.",
        ) from error
    offset = start.utcoffset()
    if offset is None:
        raise UsageError(f"the call's start {started_at!r} names no time zone", "End it with Z.")
    moment = (start - offset).replace(tzinfo=None) + timedelta(microseconds=at_us)
    return f"{moment.isoformat(timespec='microseconds')}Z"


def to_line(envelope: Mapping[str, object]) -> str:
    """One line of JSON, the same bytes for the same envelope; no line feed at its end."""
    return json.dumps(envelope, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
