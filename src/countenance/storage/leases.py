"""The rows of open leases: what must be known after a crash."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from sqlalchemy import Delete, bindparam, delete

from countenance.storage.prepared import change
from countenance.storage.store import Transaction, of_tenant
from countenance.storage.tables import leases

OPEN = of_tenant(leases).order_by(leases.c.seq, leases.c.lease)


@dataclass(frozen=True, slots=True)
class LeaseRow:
    """A lease that no entry has ended."""

    lease: str
    call_ref: str
    subject_ref: str
    seq: int


def put(tx: Transaction, rows: Iterable[LeaseRow]) -> None:
    """Add leases as they are given."""
    tx.insert(
        leases,
        *({"lease": r.lease, "call_ref": r.call_ref, "subject_ref": r.subject_ref, "seq": r.seq} for r in rows),
    )


def end(tx: Transaction, names: Sequence[str]) -> None:
    """Take out leases that have ended."""
    each = {f"lease{n}": one for n, one in enumerate(names)}
    change(tx.connection, _ending(len(names)), tenant=tx.tenant, **each)


def open_ones(tx: Transaction) -> Sequence[LeaseRow]:
    """The leases that are open, in the order in which they were given."""
    rows = tx.every(OPEN)
    return tuple(LeaseRow(row.lease, row.call_ref, row.subject_ref, row.seq) for row in rows)


@lru_cache(maxsize=64)
def _ending(count: int) -> Delete:
    """Takes out so many leases; a call rarely has more people than this keeps."""
    mine = leases.c.lease.in_([bindparam(f"lease{n}") for n in range(count)])
    return delete(leases).where(leases.c.tenant == bindparam("tenant"), mine)
