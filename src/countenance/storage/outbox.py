"""What is to leave the process: written with its entry in one transaction, delivered at least once, a call in order."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from secrets import token_hex

from sqlalchemy import ColumnElement, func, select

from countenance.storage.store import Transaction
from countenance.storage.tables import outbox

ID_BYTES = 16
OPEN = outbox.c.delivered_utc_us.is_(None) & outbox.c.given_up_utc_us.is_(None)


@dataclass(frozen=True, slots=True)
class Event:
    """Something to send: sealed under `payload_id` where a person is in it, otherwise plain in `body`."""

    topic: str
    call_ref: str | None = None
    payload_id: str | None = None
    body: str | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """A row of the outbox that is not delivered."""

    event_id: str
    """The same on every attempt: receivers know a repetition by it."""
    seq: int
    turn: int
    topic: str
    call_ref: str | None
    payload_id: str | None
    body: str | None
    attempts: int


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
            "attempts": 0,
            "next_utc_us": now_utc_us,
        }
        for turn, event in enumerate(events)
    )
    tx.insert(outbox, *rows)


def due(tx: Transaction, now_utc_us: int, most: int = 100) -> Sequence[Waiting]:
    """The first undelivered row of each call whose time has come: a call waits for its first, other calls do not."""
    # Rows of no call wait for nobody.
    lane = func.coalesce(outbox.c.call_ref, outbox.c.event_id)
    turn = func.row_number().over(partition_by=lane, order_by=(outbox.c.seq, outbox.c.turn)).label("place")
    waiting = tx.select(outbox, *outbox.c, turn).where(OPEN).subquery()
    query = select(waiting).where(waiting.c.place == 1, waiting.c.next_utc_us <= now_utc_us)
    rows = tx.rows(query.order_by(waiting.c.seq, waiting.c.turn).limit(most))
    return tuple(
        Waiting(r.event_id, r.seq, r.turn, r.topic, r.call_ref, r.payload_id, r.body, r.attempts) for r in rows
    )


def delivered(tx: Transaction, event: Waiting, at_utc_us: int) -> None:
    """The receiver has acknowledged it."""
    values = {"delivered_utc_us": at_utc_us, "attempts": event.attempts + 1, "problem": None}
    tx.connection.execute(tx.update(outbox).where(_is(event)).values(values))


def failed(tx: Transaction, event: Waiting, problem: str, next_utc_us: int) -> None:
    """It is to be sent again, not before this time."""
    values = {"next_utc_us": next_utc_us, "attempts": event.attempts + 1, "problem": problem}
    tx.connection.execute(tx.update(outbox).where(_is(event)).values(values))


def given_up(tx: Transaction, event: Waiting, problem: str, at_utc_us: int) -> None:
    """It is not sent again; what comes after it in its call goes on."""
    values = {"given_up_utc_us": at_utc_us, "attempts": event.attempts + 1, "problem": problem}
    tx.connection.execute(tx.update(outbox).where(_is(event)).values(values))


def drop(tx: Transaction, payload_ids: Iterable[str]) -> int:
    """Take out what stands on these payloads: they are erased. Returns how many were undelivered."""
    mine = outbox.c.payload_id.in_(list(payload_ids))
    lost = tx.connection.execute(tx.delete(outbox).where(mine, outbox.c.delivered_utc_us.is_(None))).rowcount
    tx.connection.execute(tx.delete(outbox).where(mine))
    return lost


def waiting(tx: Transaction) -> int:
    """How many rows are neither delivered nor given up."""
    return int(tx.connection.execute(tx.select(outbox, func.count()).where(OPEN)).scalar_one())


def sweep(tx: Transaction, before_utc_us: int) -> int:
    """Delete rows that were delivered before this time; returns how many."""
    return tx.connection.execute(tx.delete(outbox).where(outbox.c.delivered_utc_us < before_utc_us)).rowcount


def _is(event: Waiting) -> ColumnElement[bool]:
    return (outbox.c.seq == event.seq) & (outbox.c.turn == event.turn)
