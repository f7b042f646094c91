"""Tombstones: what receivers are told when a person is erased, and what they answered."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import rfc8785
from sqlalchemy import Select

from countenance.audit.leases import EVENT
from countenance.control.changes import APART
from countenance.storage import dispatches, endpoints, outbox
from countenance.storage.outbox import Event, random_id
from countenance.storage.store import Transaction, of_tenant
from countenance.storage.tables import outbox as outbox_rows
from countenance.storage.tables import payloads
from countenance.storage.vault import Vault
from countenance.storage.wiping import Seat

TOPIC = "io.countenance.subject.erased.v1"
CONTEXT = "tombstone"
GRAVES = of_tenant(payloads, "context")
GIVEN_UP_US = 80 * 3_600_000_000
"""The waits of a webhook add up to 79.4 h at most; whoever has not answered by then is listed as not reached."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a tombstone at one receiver."""

    event_id: str
    endpoint_id: str
    delivered_utc_us: int | None
    """None when the receiver never answered."""


@dataclass(frozen=True, slots=True)
class Known:
    """How receivers know a person: the ids that events carry."""

    call_ref: str | None
    participant_id: str
    call_id: str | None


def told(vault: Vault, tx: Transaction, seats: Sequence[Seat]) -> Sequence[Known]:
    """How receivers know a person of whom something was put out, each place once."""
    calls = {seat.call_ref: seat for seat in seats if not _is_apart(seat)}
    found = [_known_as(vault, tx, seat, calls) for seat in seats if _was_put_out(tx, seat)]
    return tuple(dict.fromkeys(found))


def bury(
    vault: Vault, tx: Transaction, people: Sequence[Known], seq: int, said: Mapping[str, str], now_utc_us: int
) -> None:
    """Put a tombstone into the outbox for each place in which receivers know a person; `said` is what else it says.

    It must name the participant as receivers do. That name is sealed under a key of its own, which goes once they
    have answered.
    """
    events = []
    for one in people:
        grave = random_id()
        vault.enrol(tx, grave)
        call = {} if one.call_id is None else {"call_id": one.call_id}
        data = rfc8785.dumps({**said, **call, "participant_id": one.participant_id})
        due = now_utc_us + 2 * GIVEN_UP_US
        events.append(Event(TOPIC, one.call_ref, vault.seal(tx, grave, data, CONTEXT, one.call_ref, seq, due)))
    outbox.put(tx, seq, events, now_utc_us)


def collect(vault: Vault, tx: Transaction, seq: int, now_utc_us: int, asked_utc_us: int) -> Sequence[Answer]:
    """Take away the tombstones of an erasure that every receiver has answered or is given up for, with their names."""
    answers: list[Answer] = []
    for grave in tx.rows(_graves(tx).where(payloads.c.seq == seq)):
        rows = dispatches.of_payload(tx, grave.payload_id)
        mine = (outbox_rows.c.payload_id == grave.payload_id) & outbox_rows.c.handed_utc_us.is_(None)
        unhanded = tx.first(tx.select(outbox_rows).where(mine))
        open_ones = [row for row in rows if row.delivered_utc_us is None and row.given_up_utc_us is None]
        if (unhanded is not None or open_ones) and now_utc_us < asked_utc_us + GIVEN_UP_US:
            continue
        outbox.drop(tx, [grave.payload_id])
        vault.forget(tx, grave.subject_ref)
        answers += (Answer(row.event_id, row.endpoint_id, row.delivered_utc_us) for row in rows)
        if unhanded is not None:
            # Nothing was sent at all in this time: whoever was to be told was not.
            answers += (Answer(unhanded.event_id, one.endpoint_id, None) for one in endpoints.every(tx))
    return tuple(answers)


def waiting(tx: Transaction, seq: int) -> int:
    """How many tombstones of an erasure are not settled yet."""
    return len(tx.rows(_graves(tx).where(payloads.c.seq == seq)))


def unsettled(tx: Transaction) -> Sequence[int]:
    """The erasures, by the place of their first entry, that have tombstones."""
    return tuple(sorted({grave.seq for grave in tx.every(GRAVES, context=CONTEXT)}))


def _is_apart(seat: Seat) -> bool:
    """An answer has a reference and a key of its own, whether it was given in a call or not."""
    return seat.call_ref in (None, APART)


def _known_as(vault: Vault, tx: Transaction, seat: Seat, calls: Mapping[str | None, Seat]) -> Known:
    """The last two words of a seat's name are call and participant; an answer is known as its event says."""
    if _is_apart(seat):
        mine = (payloads.c.subject_ref == seat.subject_ref) & (payloads.c.context == EVENT)
        event = tx.rows(tx.select(payloads).where(mine).limit(1))[0]
        if event.call_ref not in calls:
            said = json.loads(vault.open_sealed(tx, event.payload_id).payload)
            return Known(event.call_ref, said["participant_id"], None)
        seat = calls[event.call_ref]
    call_id, participant_id = vault.named(tx, str(seat.seat_tag))[-2:]
    return Known(seat.call_ref, participant_id, call_id)


def _graves(tx: Transaction) -> Select[Any]:
    return tx.select(payloads).where(payloads.c.context == CONTEXT).order_by(payloads.c.payload_id)


def _was_put_out(tx: Transaction, seat: Seat) -> bool:
    # What was delivered leaves the outbox after a while, its payload later: both are asked.
    mine = tx.select(payloads, payloads.c.payload_id).where(payloads.c.subject_ref == seat.subject_ref)
    out = tx.select(outbox_rows, outbox_rows.c.seq).where(outbox_rows.c.payload_id.in_(mine))
    return any(tx.first(query.limit(1)) is not None for query in (mine.where(payloads.c.context == EVENT), out))
