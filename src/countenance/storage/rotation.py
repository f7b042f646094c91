"""Rotation: every surviving key is wrapped anew, every surviving tag made anew, and the old KEK is destroyed."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Column, Table, bindparam

from countenance.storage.points import Points, nowhere
from countenance.storage.sealing import EpochKeys
from countenance.storage.store import Transaction
from countenance.storage.tables import deks, metadata, names
from countenance.storage.vault import Vault

TAG = "_tag"
"""Ends the name of every column that holds a tag."""


@dataclass(frozen=True, slots=True)
class Rotation:
    """From which epoch to which, and what came along."""

    old: int
    new: int
    keys: int
    """Subjects whose key was wrapped anew."""
    tags: int


def rotate(vault: Vault, points: Points = nowhere) -> Rotation:
    """Begin a new epoch and end the old one for good; a crash at any point leaves one of the two, and no loss."""
    with vault.store.transaction() as tx:
        rotation = rewrap(vault, tx, points)
    points("rotation committed")
    vault.settle(points)
    return rotation


def rewrap(vault: Vault, tx: Transaction, points: Points = nowhere) -> Rotation:
    """Carry the store into a new epoch; the old KEK stays until `Vault.settle`, which comes once this is durable."""
    old = vault.current(tx)
    new = vault.begin(tx, next_epoch(vault, old.epoch))
    points("rotation kek made")
    keys = _rewrap_keys(vault, tx, new)
    points("rotation keys wrapped")
    tags = _rename(vault, tx, new)
    points("rotation tags made")
    return Rotation(old.epoch, new.epoch, keys, tags)


def next_epoch(vault: Vault, epoch: int) -> int:
    """The epoch that a rotation would begin; the KEK a crash left behind without a use is not used later either."""
    return max((epoch, *vault.keys.epochs())) + 1


def tag_columns() -> Iterator[tuple[Table, Column[str]]]:
    """Every column of the store in which a tag stands, with its table."""
    for table in metadata.sorted_tables:
        yield from ((table, column) for column in table.columns if column.name.endswith(TAG))


def _rewrap_keys(vault: Vault, tx: Transaction, new: EpochKeys) -> int:
    fresh = [
        {
            "ref": row.subject_ref,
            "in_epoch": new.epoch,
            "as_wrapped": vault.rewrapped(row.subject_ref, vault.keys_of(row.epoch), row.wrapped, new),
        }
        for row in tx.rows(tx.select(deks))
    ]
    if fresh:
        mine = tx.update(deks).where(deks.c.subject_ref == bindparam("ref"))
        tx.execute(mine.values(epoch=bindparam("in_epoch"), wrapped=bindparam("as_wrapped")), fresh)
    return len(fresh)


def _rename(vault: Vault, tx: Transaction, new: EpochKeys) -> int:
    rows = tx.rows(tx.select(names))
    words = [(row.tag, vault.words_of(vault.keys_of(row.epoch), row.tag, row.sealed)) for row in rows]
    moved = [{"old_tag": tag, "new_tag": new.tag(tx.tenant, *said)} for tag, said in words]
    if moved:
        for table, column in tag_columns():
            mine = tx.update(table).where(column == bindparam("old_tag"))
            tx.execute(mine.values({column.name: bindparam("new_tag")}), moved)
        tx.execute(tx.delete(names))
        tx.insert(names, *(vault.name_row(new, new.tag(tx.tenant, *said), said) for _, said in words))
    return len(moved)
