"""One change of consent as it is written: entries of the log, a sealed statement, an event for receivers."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from countenance.audit.entries import Stamp, leaf_of
from countenance.audit.log import Draft
from countenance.consent.answers import Answer
from countenance.consent.canonical import canonical
from countenance.consent.ledger import PERSON, Entered, Place
from countenance.consent.statement import Statement
from countenance.contracts.trust import ConsentStatus, LogEntry
from countenance.control.seating import SEAT
from countenance.storage.calls import SubjectRow, add_subjects
from countenance.storage.clocks import micros
from countenance.storage.outbox import Event
from countenance.storage.sealing import Record
from countenance.storage.store import Transaction
from countenance.storage.tables import subjects
from countenance.storage.vault import Vault

CHANGED = "io.countenance.consent.changed.v1"
EVENT = "event"
APART = "apart"
"""In place of a call, for what a person says outside of any."""
EVENT_DAYS = 30
"""How long receivers may take to hear of a change; after that they ask."""
DAY_US = 86_400_000_000


@dataclass(frozen=True, slots=True)
class Change:
    """One answer to be entered."""

    consent_id: str
    person: str
    place: Place
    answer: Answer
    statement: Statement
    carries: str | None = None

    @property
    def is_news(self) -> bool:
        """False when a yes or an objection is only said again at the beginning of a call."""
        return self.carries is None or self.answer.said.status is not ConsentStatus.GIVEN

    @property
    def key_ref(self) -> str:
        """Under whose key the statement is sealed: not the seat's, for readings are deleted long before consents."""
        return self.place.subject_ref if self.place.call_ref is None else self.consent_id

    @property
    def payload(self) -> bytes:
        """The canonical statement, which is sealed and committed to."""
        return canonical(self.statement)

    def entered(self, record: Record, entry: LogEntry) -> Entered:
        """The change as the ledger keeps it."""
        stamp = Stamp(entry.at, entry.mono_us, entry.boot_id)
        leaf = leaf_of(entry.seq, entry.kind, stamp, entry.tenant, entry.body)
        return Entered(self.consent_id, self.key_ref, self.answer, record, entry.seq, leaf, self.carries)


def where_of(place: Place) -> dict[str, object]:
    """The references of an entry; the person is known by them here alone."""
    call = {} if place.call_ref is None else {"call_ref": place.call_ref}
    return {"subject_ref": place.subject_ref, **call}


def draft_all(change: Change, record: Record) -> Iterator[Draft]:
    """CONSENT, and for a no in a call OPT_OUT as well."""
    said, place = change.answer.said, change.place
    times = {} if place.at_us is None else {"at_us": place.at_us}
    # The day alone: a microsecond of expiry would link the leaves of one person across calls.
    expires = {} if change.answer.expires is None else {"expires": change.answer.expires.date().isoformat()}
    shown = {} if said.shown is None else {"notice": said.shown.id, "notice_sha256": said.shown.text_sha256}
    body = where_of(place) | times | {"modality": said.modality}
    yield (
        "CONSENT",
        body | expires | shown
        | {
            "purpose": str(said.purpose),
            "status": str(said.status),
            "consent_kind": said.kind,
            "version": change.answer.version,
            "receipt_id": change.answer.receipt_id,
            "policy_digest": change.statement["policy"]["digest"],
            "payload_commit": record.commitment,
        },
    )  # fmt: skip
    if said.status is not ConsentStatus.GIVEN and place.call_ref is not None:
        yield "OPT_OUT", body


def event_of(vault: Vault, tx: Transaction, change: Change, seq: int) -> Event:
    """What receivers are told, sealed like the statement."""
    said, place = change.answer.said, change.place
    data = {
        "participant_id": place.participant or change.person,
        "modality": said.modality,
        "purpose": str(said.purpose),
        "status": str(said.status),
        "at_us": place.at_us or 0,
        "receipt_id": change.answer.receipt_id,
        "version": change.answer.version,
    }
    plain = json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    due = micros(change.answer.at) + EVENT_DAYS * DAY_US
    sealed = vault.seal(tx, change.key_ref, plain, EVENT, place.call_ref, seq, due)
    return Event(CHANGED, place.call_ref, sealed)


def enrol(vault: Vault, tx: Transaction, change: Change) -> None:
    """Give an answer a key of its own, under a reference that is found through the person alone."""
    if tx.find(subjects, subject_ref=change.key_ref) is None:
        vault.enrol(tx, change.key_ref)
        seat = vault.name(tx, SEAT, APART, change.key_ref)
        add_subjects(tx, [SubjectRow(change.key_ref, APART, seat, vault.name(tx, PERSON, change.person))])
