"""Small facts about a store itself, by name."""

from collections.abc import Callable

from sqlalchemy import bindparam, delete

from countenance.storage.prepared import change
from countenance.storage.store import Transaction
from countenance.storage.tables import marks

GONE = delete(marks).where(*(marks.c[name] == bindparam(name) for name in ("tenant", "name")))


def find_mark(tx: Transaction, name: str) -> str | None:
    """The value of a mark, or None when it is not there."""
    row = tx.find(marks, name=name)
    return None if row is None else str(row.value)


def mark_of(tx: Transaction, name: str, made: Callable[[], str]) -> str:
    """The value of a mark; made and kept when it is not there."""
    kept = find_mark(tx, name)
    if kept is not None:
        return kept
    value = made()
    tx.insert(marks, {"name": name, "value": value})
    return value


def put_mark(tx: Transaction, name: str, value: str) -> None:
    """Keep a mark in place of the last one of this name."""
    change(tx.connection, GONE, tenant=tx.tenant, name=name)
    tx.insert(marks, {"name": name, "value": value})
