"""The receivers of webhooks: where they are stands sealed, what they get and how they fare stands here."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, bindparam, update

from countenance.storage.prepared import change as run
from countenance.storage.store import Transaction, of_tenant
from countenance.storage.tables import endpoints

ALL = of_tenant(endpoints).order_by(endpoints.c.made_utc_us, endpoints.c.endpoint_id)


class Status(StrEnum):
    """How an endpoint fares."""

    ACTIVE = "active"
    FAILING = "failing"
    """Its last answer was no success; it is tried on."""
    DISABLED = "disabled"
    """It said 410 Gone: it gets nothing until somebody enables it."""
    REMOVED = "removed"
    """Its address and secrets are forgotten; that it was there is not."""


LISTENING = (Status.ACTIVE, Status.FAILING)
WELL = update(endpoints).values(
    status=Status.ACTIVE.value, problem=None, failing_utc_us=None, not_before_utc_us=None
).where(
    endpoints.c.tenant == bindparam("its_tenant"), endpoints.c.endpoint_id == bindparam("its_id"),
    endpoints.c.status == Status.FAILING.value,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class EndpointRow:
    """One endpoint."""

    endpoint_id: str
    sealed_id: str | None
    """Address and secrets; None once removed."""
    types: tuple[str, ...]
    with_data: bool
    """Whether bodies carry their data."""
    made_utc_us: int
    status: Status = Status.ACTIVE
    problem: str | None = None
    failing_utc_us: int | None = None
    """Since when no attempt has succeeded."""
    not_before_utc_us: int | None = None
    """It asked for so long a pause."""


def add(tx: Transaction, one: EndpointRow) -> None:
    """Add an endpoint."""
    tx.insert(endpoints, {**asdict(one), "types": " ".join(one.types), "with_data": int(one.with_data)})


def find(tx: Transaction, endpoint_id: str) -> EndpointRow | None:
    """The endpoint of an id, also a removed one."""
    row = tx.find(endpoints, endpoint_id=endpoint_id)
    return None if row is None else _endpoint(row)


def every(tx: Transaction) -> Sequence[EndpointRow]:
    """All endpoints that ever were, in the order of their making."""
    return tuple(map(_endpoint, tx.every(ALL)))


def change(tx: Transaction, endpoint_id: str, **values: object) -> None:
    """Set columns of an endpoint."""
    tx.execute(tx.update(endpoints).where(endpoints.c.endpoint_id == endpoint_id).values(**values))


def fares_well(tx: Transaction, endpoint_id: str) -> None:
    """It took something: whatever was wrong is over."""
    run(tx.connection, WELL, its_tenant=tx.tenant, its_id=endpoint_id)


def fares_badly(tx: Transaction, endpoint_id: str, problem: str, now_utc_us: int, pause_until: int | None) -> None:
    """It did not take something; `pause_until` where it asked for less."""
    mine = tx.update(endpoints).where(endpoints.c.endpoint_id == endpoint_id)
    active = {"status": Status.FAILING, "failing_utc_us": now_utc_us}
    tx.execute(mine.where(endpoints.c.status == Status.ACTIVE).values(**active))
    paused = {} if pause_until is None else {"not_before_utc_us": pause_until}
    tx.execute(mine.where(endpoints.c.status == Status.FAILING).values(problem=problem, **paused))


def is_gone(tx: Transaction, endpoint_id: str, problem: str, now_utc_us: int) -> None:
    """It is not there any more; said again, it was gone since the first time."""
    mine = (endpoints.c.endpoint_id == endpoint_id) & endpoints.c.status.in_(LISTENING)
    gone = {"status": Status.DISABLED, "problem": problem, "failing_utc_us": now_utc_us}
    tx.execute(tx.update(endpoints).where(mine).values(**gone))


def _endpoint(row: Row[Any]) -> EndpointRow:
    values = {name: getattr(row, name) for name in EndpointRow.__dataclass_fields__}
    return EndpointRow(
        **values | {"types": tuple(row.types.split()), "with_data": bool(row.with_data), "status": Status(row.status)}
    )
