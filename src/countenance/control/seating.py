"""Who sits in a call: random references that the log may name, and the names behind them under tags that can be killed.

Every call is seated here, live or recorded, so that erasure and export find the people of both in the same way.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from countenance.consent.ledger import PERSON
from countenance.contracts.call import Call
from countenance.storage import calls
from countenance.storage.calls import CallRow, SubjectRow
from countenance.storage.outbox import random_id
from countenance.storage.points import Points, nowhere
from countenance.storage.vault import Vault

CALL = "call"
SEAT = "seat"


@dataclass(frozen=True, slots=True)
class Seat:
    """A participant of a call."""

    participant_id: str
    subject_ref: str
    person: str
    """The deployment's own id of the person."""


@dataclass(frozen=True, slots=True)
class Seating:
    """A call and everybody in it, as the store knows them."""

    call_ref: str
    seats: tuple[Seat, ...]

    @property
    def subjects(self) -> Mapping[str, str]:
        """The subject_ref of each participant."""
        return {seat.participant_id: seat.subject_ref for seat in self.seats}


def seated(vault: Vault, call: Call, people: Mapping[str, str], now_utc_us: int, points: Points = nowhere) -> Seating:
    """Enter a call, or find the one of this id that never ended; `people`: who each participant is.

    Everybody has a reference and a key of their own; who was there before keeps theirs.
    """
    with vault.store.transaction() as tx:
        tag = vault.name(tx, CALL, call.id)
        found = calls.find_open_call(tx, tag)
        call_ref = random_id() if found is None else found.call_ref
        if found is None:
            calls.open_call(tx, CallRow(call_ref, str(call.purpose), now_utc_us, tag))
        kept = {one.seat_tag: one.subject_ref for one in calls.subjects_of(tx, call_ref)}
        seats = []
        for participant in call.participants:
            seat_tag, person = vault.name(tx, SEAT, call.id, participant.id), people[participant.id]
            subject_ref = kept.get(seat_tag)
            if subject_ref is None:
                subject_ref = random_id()
                vault.enrol(tx, subject_ref)
                tags = (seat_tag, vault.name(tx, PERSON, person))
                calls.add_subjects(tx, [SubjectRow(subject_ref, call_ref, *tags, str(participant.role))])
            seats.append(Seat(participant.id, subject_ref, person))
        points("call.before_commit")
    return Seating(call_ref, tuple(seats))
