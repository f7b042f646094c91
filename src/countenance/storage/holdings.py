"""What is kept of a person, without opening it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from countenance.storage.store import Transaction
from countenance.storage.tables import payloads

AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Holding:
    """One sealed payload."""

    payload_id: str
    subject_ref: str
    call_ref: str | None
    context: str
    seq: int | None
    """The entry that committed to it, or that it came with."""
    delete_due_utc_us: int | None


def holdings(tx: Transaction, subject_refs: Sequence[str]) -> Sequence[Holding]:
    """Everything sealed about these subjects, in the order of the log."""
    found = [one for start in range(0, len(subject_refs), AT_ONCE) for one in _some(tx, subject_refs[start:][:AT_ONCE])]
    return tuple(sorted(found, key=lambda one: (one.seq is None, one.seq or 0, one.context, one.payload_id)))


def holdings_with(tx: Transaction, context: str) -> Sequence[Holding]:
    """Everything sealed in a context, of everybody."""
    rows = tx.rows(tx.select(payloads).where(payloads.c.context == context).order_by(payloads.c.payload_id))
    return tuple(map(_holding, rows))


def holding(tx: Transaction, payload_id: str) -> Holding | None:
    """One payload, or None."""
    row = tx.first(tx.select(payloads).where(payloads.c.payload_id == payload_id))
    return None if row is None else _holding(row)


def _some(tx: Transaction, refs: Sequence[str]) -> Iterator[Holding]:
    return map(_holding, tx.rows(tx.select(payloads).where(payloads.c.subject_ref.in_(list(refs)))))


def _holding(row: object) -> Holding:
    return Holding(**{name: getattr(row, name) for name in Holding.__dataclass_fields__})
