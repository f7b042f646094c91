"""What one analysis keeps and proves: its call in the tenant's store, its leases, its log as files."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from countenance.audit.export import export
from countenance.audit.leases import Leases
from countenance.audit.outcome import Terms
from countenance.consent.ledger import PERSON
from countenance.contracts.call import Call
from countenance.contracts.card import Card
from countenance.control.changes import SEAT
from countenance.control.opening import Tenant
from countenance.storage.calls import CallRow, SubjectRow, add_subjects, close_call, open_call
from countenance.storage.clocks import micros
from countenance.storage.outbox import random_id

STORE = "store"
"""The tenant's folder inside a report, where the operator names none."""
LOG = "log"
"""The exported log inside a tenant's folder."""
DAY_US = 86_400 * 1_000_000


@dataclass(frozen=True, slots=True)
class Seats:
    """The random references of one call and of the people in it; nothing else of them stands in the log."""

    call_ref: str
    subjects: Mapping[str, str]
    """subject_ref by participant id."""


@dataclass(frozen=True, slots=True)
class Person:
    """Who sits in a seat, and how long what is read there may be kept."""

    name: str
    """The deployment's own id of the person."""
    kept_days: int


def seat(tenant: Tenant, call: Call, people: Mapping[str, Person]) -> Seats:
    """Enter a call: every participant gets a reference, a key of their own, and the day on which all of it is due."""
    seats = Seats(random_id(), {participant.id: random_id() for participant in call.participants})
    now_us = micros(tenant.clock.utc())
    with tenant.store.transaction() as tx:
        open_call(tx, CallRow(seats.call_ref, str(call.purpose), now_us))
        for participant in call.participants:
            subject, person = seats.subjects[participant.id], people[participant.id]
            tenant.vault.enrol(tx, subject)
            tags = (
                tenant.vault.name(tx, SEAT, seats.call_ref, participant.id),
                tenant.vault.name(tx, PERSON, person.name),
            )
            due_us = now_us + person.kept_days * DAY_US
            add_subjects(tx, [SubjectRow(subject, seats.call_ref, *tags, str(participant.role), due_us)])
    return seats


def leases(tenant: Tenant, seats: Seats, cards: Iterable[Card], kept_days: int) -> Leases:
    """The leases of a recorded call: nobody can change their mind in it, so no real time bounds them.

    What comes of them is due after `kept_days`.
    """
    digests = tuple(card.files["model.onnx"] for card in cards)
    terms = Terms(digests, valid_us=None, retention_us=kept_days * DAY_US)
    return Leases(tenant.log, tenant.vault, seats.call_ref, seats.subjects, terms)


def finish(tenant: Tenant, seats: Seats, folder: Path) -> None:
    """The call is over: note when, and write the log as files that anybody can check."""
    with tenant.store.transaction() as tx:
        close_call(tx, seats.call_ref, micros(tenant.clock.utc()))
    export(tenant.log, folder)
