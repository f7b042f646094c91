"""The rows of open leases, and of what people have stopped: what must be known after a crash."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from countenance.storage.store import Transaction
from countenance.storage.tables import leases, stops


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
    tx.connection.execute(tx.delete(leases).where(leases.c.lease.in_(names)))


def open_ones(tx: Transaction) -> Sequence[LeaseRow]:
    """The leases that are open, in the order in which they were given."""
    rows = tx.rows(tx.select(leases).order_by(leases.c.seq, leases.c.lease))
    return tuple(LeaseRow(row.lease, row.call_ref, row.subject_ref, row.seq) for row in rows)


def stop(tx: Transaction, call_ref: str, subject_ref: str, modality: str, at_us: int) -> None:
    """Keep that a person has stopped a modality, from this media time on."""
    resume(tx, subject_ref, modality)
    tx.insert(stops, {"subject_ref": subject_ref, "modality": modality, "call_ref": call_ref, "at_us": at_us})


def resume(tx: Transaction, subject_ref: str, modality: str) -> None:
    """The person has said yes again."""
    mine = (stops.c.subject_ref == subject_ref) & (stops.c.modality == modality)
    tx.connection.execute(tx.delete(stops).where(mine))


def stops_of(tx: Transaction, call_ref: str) -> Mapping[tuple[str, str], int]:
    """What is stopped in a call: subject and modality, and since when in media time."""
    rows = tx.rows(tx.select(stops).where(stops.c.call_ref == call_ref))
    return {(row.subject_ref, row.modality): row.at_us for row in rows}
