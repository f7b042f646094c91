"""One row for each event and endpoint: when it is tried, what was answered; a call in order, others not waiting."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from operator import attrgetter
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Row,
    Select,
    Subquery,
    Update,
    bindparam,
    case,
    func,
    or_,
    select,
    update,
)

from countenance.storage.endpoints import LISTENING
from countenance.storage.prepared import change
from countenance.storage.store import Transaction, of_tenant
from countenance.storage.tables import dispatches, endpoints

AT_ONCE = 4
"""How many calls of one endpoint are sent at the same time."""
OPEN = dispatches.c.delivered_utc_us.is_(None) & dispatches.c.given_up_utc_us.is_(None)
COUNTED = of_tenant(dispatches).with_only_columns(func.count().label("rows")).where(OPEN)


@dataclass(frozen=True, slots=True)
class Dispatch:
    """An event on its way to one endpoint."""

    endpoint_id: str
    event_id: str
    """The same on every attempt and at every endpoint: receivers know a repetition by it."""
    seq: int
    turn: int
    topic: str
    call_ref: str | None
    payload_id: str | None
    body: str | None
    at_utc_us: int
    """When it happened."""
    next_utc_us: int
    attempts: int = 0
    tried_utc_us: int | None = None
    answer: int | None = None
    """The last HTTP status, None where there was none."""
    problem: str | None = None
    delivered_utc_us: int | None = None
    given_up_utc_us: int | None = None


COLUMNS = tuple(Dispatch.__dataclass_fields__)
VALUES = attrgetter(*COLUMNS)


def put(tx: Transaction, rows: Iterable[Dispatch]) -> None:
    """Add what is to be sent."""
    tx.add(dispatches, COLUMNS, map(VALUES, rows))


def due(tx: Transaction, now_utc_us: int, at_once: int = AT_ONCE) -> Sequence[Dispatch]:
    """The first open row of each call and endpoint whose time has come, so many of each endpoint that listens."""
    return tuple(map(_dispatch, tx.every(_due(), now=now_utc_us, at_once=at_once)))


def next_due(tx: Transaction) -> int | None:
    """When the next row may be tried; None when none waits at an endpoint that listens."""
    heads = _heads()
    time = case((heads.c.next_utc_us > heads.c.pause_utc_us, heads.c.next_utc_us), else_=heads.c.pause_utc_us)
    found = tx.connection.execute(select(func.min(time)).where(heads.c.place == 1), {"tenant": tx.tenant}).scalar()
    return None if found is None else int(found)


@cache
def _due() -> Select[Any]:
    """Asked all the time, so built once."""
    heads, now = _heads(), bindparam("now", type_=BigInteger)
    time = (heads.c.next_utc_us, heads.c.seq, heads.c.turn)
    nth = func.row_number().over(partition_by=heads.c.endpoint_id, order_by=time).label("nth")
    ripe = (heads.c.next_utc_us <= now) & (heads.c.pause_utc_us <= now)
    some = select(heads, nth).where(heads.c.place == 1, ripe).subquery()
    query = select(some).where(some.c.nth <= bindparam("at_once", type_=BigInteger))
    return query.order_by(some.c.next_utc_us, some.c.seq, some.c.turn)


def _heads() -> Subquery:
    """Open rows of the endpoints that listen; `place` is 1 for the first of each call."""
    here = dispatches.c.endpoint_id
    # Rows of no call wait for nobody.
    lane = func.coalesce(dispatches.c.call_ref, dispatches.c.event_id)
    place = func.row_number().over(partition_by=(here, lane), order_by=(dispatches.c.seq, dispatches.c.turn))
    pause = func.coalesce(endpoints.c.not_before_utc_us, 0).label("pause_utc_us")
    both = (endpoints.c.tenant == dispatches.c.tenant) & (endpoints.c.endpoint_id == here)
    query = select(*dispatches.c, place.label("place"), pause).join(endpoints, both)
    mine = dispatches.c.tenant == bindparam("tenant")
    listens = or_(*(endpoints.c.status == one for one in LISTENING))
    return query.where(mine, OPEN, listens).subquery()


def delivered(tx: Transaction, one: Dispatch, at_utc_us: int, answer: int) -> None:
    """The endpoint has taken it, even where it was given up meanwhile."""
    _attempted(tx, one, at_utc_us, answer, problem=None, delivered_utc_us=at_utc_us, given_up_utc_us=None)


def failed(tx: Transaction, one: Dispatch, at_utc_us: int, answer: int | None, problem: str, next_utc_us: int) -> None:
    """It is to be sent again, not before this time."""
    _attempted(tx, one, at_utc_us, answer, problem=problem, next_utc_us=next_utc_us)


def given_up(tx: Transaction, one: Dispatch, at_utc_us: int, answer: int | None, problem: str) -> None:
    """It is kept, and not sent again unless somebody asks; what comes after it in its call goes on."""
    _attempted(tx, one, at_utc_us, answer, problem=problem, given_up_utc_us=at_utc_us)


def give_up_all(tx: Transaction, endpoint_id: str, problem: str, at_utc_us: int) -> None:
    """Nothing that waits for an endpoint is sent any more."""
    mine = tx.update(dispatches).where(OPEN, dispatches.c.endpoint_id == endpoint_id)
    tx.execute(mine.values(given_up_utc_us=at_utc_us, problem=problem))


def again(tx: Transaction, endpoint_id: str, which: ColumnElement[bool], now_utc_us: int) -> int:
    """Send settled rows of an endpoint once more, with all their attempts before them; returns how many."""
    mine = tx.update(dispatches).where(~OPEN, which, dispatches.c.endpoint_id == endpoint_id)
    fresh = {"attempts": 0, "next_utc_us": now_utc_us, "delivered_utc_us": None, "given_up_utc_us": None}
    return tx.execute(mine.values(**fresh)).rowcount


def drop(tx: Transaction, payload_ids: Sequence[str]) -> int:
    """Take out what stands on these payloads: they are erased. Returns how many were open."""
    mine = dispatches.c.payload_id.in_(payload_ids)
    lost = tx.execute(tx.delete(dispatches).where(mine, OPEN)).rowcount
    tx.execute(tx.delete(dispatches).where(mine))
    return lost


def of_payload(tx: Transaction, payload_id: str) -> Sequence[Dispatch]:
    """What became of one payload at each endpoint."""
    query = tx.select(dispatches).where(dispatches.c.payload_id == payload_id).order_by(dispatches.c.endpoint_id)
    return tuple(map(_dispatch, tx.rows(query)))


def of_endpoint(
    tx: Transaction, endpoint_id: str, before: tuple[int, str] | None = None, most: int = 50
) -> Sequence[Dispatch]:
    """The delivery log of an endpoint, the newest first; `before`: time and id of the last row of the page before."""
    query = tx.select(dispatches).where(dispatches.c.endpoint_id == endpoint_id)
    at, name = dispatches.c.at_utc_us, dispatches.c.event_id
    if before is not None:
        query = query.where(or_(at < before[0], (at == before[0]) & (name < before[1])))
    return tuple(map(_dispatch, tx.rows(query.order_by(at.desc(), name.desc()).limit(most))))


def find(tx: Transaction, endpoint_id: str, event_id: str) -> Dispatch | None:
    """One event at one endpoint."""
    mine = (dispatches.c.endpoint_id == endpoint_id) & (dispatches.c.event_id == event_id)
    row = tx.first(tx.select(dispatches).where(mine))
    return None if row is None else _dispatch(row)


def waiting(tx: Transaction) -> int:
    """How many rows are neither delivered nor given up."""
    found = tx.one(COUNTED)
    return 0 if found is None else int(found.rows)


def sweep(tx: Transaction, before_utc_us: int) -> int:
    """Delete rows that were settled before this time, dead letters among them; returns how many."""
    old = func.coalesce(dispatches.c.delivered_utc_us, dispatches.c.given_up_utc_us) < before_utc_us
    return tx.execute(tx.delete(dispatches).where(old)).rowcount


def _attempted(tx: Transaction, one: Dispatch, at_utc_us: int, answer: int | None, **values: object) -> None:
    tried = {"attempts": one.attempts + 1, "tried_utc_us": at_utc_us, "answer": answer, **values}
    which = {"its_tenant": tx.tenant, "its_endpoint_id": one.endpoint_id, "its_event_id": one.event_id}
    change(tx.connection, _attempt(*tried), **which, **{f"new_{name}": value for name, value in tried.items()})


@cache
def _attempt(*columns: str) -> Update:
    """Sets these columns of one row; built once for each kind of answer."""
    mine = (dispatches.c[name] == bindparam(f"its_{name}") for name in ("tenant", "endpoint_id", "event_id"))
    return update(dispatches).where(*mine).values({name: bindparam(f"new_{name}") for name in columns})


def _dispatch(row: Row[Any]) -> Dispatch:
    return Dispatch(**{name: getattr(row, name) for name in Dispatch.__dataclass_fields__})
