"""What is to leave the process: written with its entry in one transaction, then handed to each endpoint's queue."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from secrets import token_hex
from typing import Any

from sqlalchemy import ColumnElement, Row, bindparam, func, true, update

from countenance.storage import dispatches
from countenance.storage.prepared import change
from countenance.storage.store import Transaction, of_tenant
from countenance.storage.tables import outbox

ID_BYTES = 16
OPEN = outbox.c.handed_utc_us.is_(None)
UNHANDED = of_tenant(outbox).where(OPEN).order_by(outbox.c.seq, outbox.c.turn).limit(bindparam("most"))
COUNTED = of_tenant(outbox).with_only_columns(func.count().label("rows")).where(OPEN)
HANDED = update(outbox).values(handed_utc_us=bindparam("at"))
HANDED = HANDED.where(*(outbox.c[name] == bindparam(f"its_{name}") for name in ("tenant", "seq", "turn")))


@dataclass(frozen=True, slots=True)
class Event:
    """Something to send: sealed under `payload_id` where a person is in it, otherwise plain in `body`."""

    topic: str
    call_ref: str | None = None
    payload_id: str | None = None
    body: str | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """A row of the outbox."""

    event_id: str
    seq: int
    turn: int
    topic: str
    call_ref: str | None
    payload_id: str | None
    body: str | None
    at_utc_us: int
    handed_utc_us: int | None = None


def random_id() -> str:
    """128 random bits."""
    return token_hex(ID_BYTES)


def put(
    tx: Transaction, seq: int, events: Iterable[Event], now_utc_us: int, ids: Callable[[], str] = random_id
) -> None:
    """Add what came of one entry, in order."""
    rows = (
        {
            "seq": seq,
            "turn": turn,
            "event_id": ids(),
            "topic": event.topic,
            "call_ref": event.call_ref,
            "payload_id": event.payload_id,
            "body": event.body,
            "at_utc_us": now_utc_us,
        }
        for turn, event in enumerate(events)
    )
    tx.insert(outbox, *rows)


def put_last(tx: Transaction, event: Event, now_utc_us: int, ids: Callable[[], str] = random_id) -> None:
    """Add what comes after everything that was put out so far, of no entry of its own."""
    newest = tx.first(tx.select(outbox).order_by(outbox.c.seq.desc(), outbox.c.turn.desc()).limit(1))
    seq, turn = (0, 0) if newest is None else (newest.seq, newest.turn + 1)
    row = {"seq": seq, "turn": turn, "event_id": ids(), "topic": event.topic, "call_ref": event.call_ref}
    tx.insert(outbox, {**row, "payload_id": event.payload_id, "body": event.body, "at_utc_us": now_utc_us})


def unhanded(tx: Transaction, most: int = 500) -> Sequence[Waiting]:
    """The rows that no endpoint has in its queue yet, in order."""
    return tuple(map(_waiting, tx.every(UNHANDED, most=most)))


def since(tx: Transaction, at_utc_us: int, most: int, after: Waiting | None = None) -> Sequence[Waiting]:
    """The rows of what happened since a time and was handed on, in order; `after` begins the next page."""
    return _in_order(tx, (outbox.c.at_utc_us >= at_utc_us) & ~OPEN & _behind(after), most)


def handed_since(tx: Transaction, at_utc_us: int, most: int, after: Waiting | None = None) -> Sequence[Waiting]:
    """The rows that were handed on since a time, in order; `after` begins the next page."""
    return _in_order(tx, (outbox.c.handed_utc_us >= at_utc_us) & _behind(after), most)


def of_call(tx: Transaction, call_ref: str, topic: str) -> Sequence[Waiting]:
    """The rows of one kind that came of a call, in order."""
    query = tx.select(outbox).where(outbox.c.call_ref == call_ref, outbox.c.topic == topic)
    return tuple(map(_waiting, tx.rows(query.order_by(outbox.c.seq, outbox.c.turn))))


def find(tx: Transaction, event_id: str) -> Waiting | None:
    """The row of an event."""
    row = tx.find(outbox, event_id=event_id)
    return None if row is None else _waiting(row)


def handed(tx: Transaction, events: Iterable[Waiting], at_utc_us: int) -> None:
    """Each endpoint that wants these has them in its queue."""
    for event in events:
        change(tx.connection, HANDED, its_tenant=tx.tenant, its_seq=event.seq, its_turn=event.turn, at=at_utc_us)


def drop(tx: Transaction, payload_ids: Iterable[str]) -> int:
    """Take out what stands on these payloads, in every queue: they are erased. Returns how many were undelivered."""
    names = list(payload_ids)
    lost = dispatches.drop(tx, names)
    mine = outbox.c.payload_id.in_(names)
    lost += tx.execute(tx.delete(outbox).where(mine, OPEN)).rowcount
    tx.execute(tx.delete(outbox).where(mine))
    return lost


def waiting(tx: Transaction) -> int:
    """How many events some endpoint has neither taken nor been given up for."""
    unhanded_ones = tx.one(COUNTED)
    return (0 if unhanded_ones is None else int(unhanded_ones.rows)) + dispatches.waiting(tx)


def sweep(tx: Transaction, before_utc_us: int) -> int:
    """Delete rows that were handed on or settled before this time; returns how many."""
    swept = dispatches.sweep(tx, before_utc_us)
    return swept + tx.execute(tx.delete(outbox).where(outbox.c.handed_utc_us < before_utc_us)).rowcount


def _behind(after: Waiting | None) -> ColumnElement[bool]:
    if after is None:
        return true()
    return (outbox.c.seq > after.seq) | ((outbox.c.seq == after.seq) & (outbox.c.turn > after.turn))


def _in_order(tx: Transaction, which: ColumnElement[bool], most: int) -> Sequence[Waiting]:
    query = tx.select(outbox).where(which).order_by(outbox.c.seq, outbox.c.turn).limit(most)
    return tuple(map(_waiting, tx.rows(query)))


def _waiting(row: Row[Any]) -> Waiting:
    return Waiting(**{name: getattr(row, name) for name in Waiting.__dataclass_fields__})
