"""The rows of a log: leaves in order, tiles of hashes, checkpoints, and from where on entries are kept."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import CompoundSelect, Select, bindparam, insert, select, tuple_, union_all, update

from countenance.contracts.errors import StorageError
from countenance.storage.store import Transaction, of_tenant
from countenance.storage.tables import call_entries, checkpoints, entries, marks, tiles

MINIMUM = "log.minimum"
TILE_WIDTH = 256
COLUMNS = ("seq", "kind", "call_ref", "leaf")
"""As they stand in a `Leaf`."""
LAST = of_tenant(entries).with_only_columns(entries.c.seq).order_by(entries.c.seq.desc()).limit(1)
FULL = of_tenant(tiles, "level").with_only_columns(tiles.c.place).order_by(tiles.c.place.desc()).limit(1)
BETWEEN = (
    of_tenant(entries)
    .with_only_columns(entries.c.seq, entries.c.leaf)
    .where(entries.c.seq >= bindparam("start"), entries.c.seq < bindparam("end"))
    .order_by(entries.c.seq)
)
NAMED = BETWEEN.with_only_columns(entries.c.seq, entries.c.kind, entries.c.call_ref, entries.c.leaf)
LONGER = (
    update(tiles)
    .where(tiles.c.tenant == bindparam("mine"), tiles.c.level == bindparam("at"), tiles.c.place == bindparam("there"))
    .values(hashes=bindparam("longer"))
)
FILED = insert(call_entries).from_select(
    ["tenant", "call_ref", "seq"],
    select(entries.c.tenant, entries.c.call_ref, entries.c.seq).where(
        entries.c.tenant == bindparam("mine"),
        entries.c.seq >= bindparam("start"),
        entries.c.seq < bindparam("end"),
        entries.c.call_ref.is_not(None),
    ),
)
NEWEST = of_tenant(checkpoints).order_by(checkpoints.c.size.desc()).limit(1)


class Leaf(NamedTuple):
    """One row of the log."""

    seq: int
    kind: str
    call_ref: str | None
    data: bytes
    """The canonical bytes that the tree hashes."""


@dataclass(frozen=True, slots=True)
class SignedSize:
    """A checkpoint that was signed."""

    size: int
    root: bytes
    note: str
    signed_utc_us: int


def append(tx: Transaction, leaves: Iterable[Leaf]) -> None:
    """Add leaves; the database refuses a place that is taken."""
    tx.add(entries, COLUMNS, leaves)


def size(tx: Transaction) -> int:
    """How many entries the log has, pruned ones counted."""
    last = tx.one(LAST)
    return max(0 if last is None else last.seq + 1, _in_full_tiles(tx))


def read(tx: Transaction, start: int, end: int) -> Sequence[bytes]:
    """The leaves from one place up to, not including, another; raises StorageError when one is missing."""
    rows = tx.every(BETWEEN, start=start, end=end)
    for place, row in enumerate(rows, start):
        if row.seq != place:
            raise _gone(place)
    if len(rows) < end - start:
        raise _gone(start + len(rows))
    return tuple(row.leaf for row in rows)


def named(tx: Transaction, start: int, end: int) -> Sequence[Leaf]:
    """The rows from one place up to, not including, another, with what they are found by."""
    return tuple(Leaf(row.seq, row.kind, row.call_ref, row.leaf) for row in tx.every(NAMED, start=start, end=end))


def unfiled(tx: Transaction) -> Sequence[int]:
    """Entries in full tiles that are not filed under their calls."""
    return _beyond(tx, _belonging(tx), _filed(tx))


def misfiled(tx: Transaction) -> Sequence[int]:
    """Places filed under a call whose entry is of another, of none, or not there."""
    return _beyond(tx, _filed(tx), _belonging(tx))


def of_call(tx: Transaction, call_ref: str, kinds: Sequence[str] = ()) -> Sequence[bytes]:
    """The leaves of a call in order, all of them or those of some kinds."""
    filed, later = _of_call(len(kinds))
    asked = {"call_ref": call_ref, **{f"kind{n}": kind for n, kind in enumerate(kinds)}}
    rows = [*tx.every(filed, **asked), *tx.every(later, start=_in_full_tiles(tx), **asked)]
    return tuple(row.leaf for row in rows)


def places_of(tx: Transaction, call_refs: Sequence[str]) -> CompoundSelect[Any]:
    """A query for the places of the entries of several calls."""
    filed = tx.select(call_entries, call_entries.c.seq).where(call_entries.c.call_ref.in_(call_refs))
    later = tx.select(entries, entries.c.seq).where(entries.c.seq >= _in_full_tiles(tx))
    return union_all(filed, later.where(entries.c.call_ref.in_(call_refs)))


def put_tile(tx: Transaction, level: int, place: int, hashes: bytes) -> None:
    """Keep a tile, in place of its shorter form; the entries of a full one of leaves are filed under their calls."""
    longer = {"mine": tx.tenant, "at": level, "there": place, "longer": hashes}
    if level and tx.connection.execute(LONGER, longer).rowcount:
        return
    tx.insert(tiles, {"level": level, "place": place, "hashes": hashes})
    if not level:
        start = place * TILE_WIDTH
        tx.connection.execute(FILED, {"mine": tx.tenant, "start": start, "end": start + TILE_WIDTH})


def tile(tx: Transaction, level: int, place: int) -> bytes | None:
    """The hashes of a tile, or None when there is none yet."""
    row = tx.find(tiles, level=level, place=place)
    return None if row is None else bytes(row.hashes)


def put_checkpoint(tx: Transaction, signed: SignedSize) -> None:
    """Keep a signed checkpoint; one of the same size is already there."""
    tx.insert(
        checkpoints,
        {"size": signed.size, "root": signed.root, "note": signed.note, "signed_utc_us": signed.signed_utc_us},
    )


def last_checkpoint(tx: Transaction) -> SignedSize | None:
    """The newest signed checkpoint."""
    row = tx.one(NEWEST)
    return None if row is None else SignedSize(row.size, bytes(row.root), row.note, row.signed_utc_us)


def minimum(tx: Transaction) -> int:
    """The first entry that is kept; earlier ones were pruned, their hashes stay."""
    row = tx.find(marks, name=MINIMUM)
    return 0 if row is None else int(row.value)


def prune(tx: Transaction, before: int) -> int:
    """Delete the leaves before a place; their hashes stay, so that all proofs still hold. Returns how many."""
    tx.connection.execute(tx.delete(marks).where(marks.c.name == MINIMUM))
    tx.insert(marks, {"name": MINIMUM, "value": str(before)})
    old = tx.select(entries, entries.c.call_ref, entries.c.seq).where(entries.c.seq < before)
    key = tuple_(call_entries.c.call_ref, call_entries.c.seq)
    tx.connection.execute(tx.delete(call_entries).where(key.in_(old)))
    return tx.connection.execute(tx.delete(entries).where(entries.c.seq < before)).rowcount


@cache
def _of_call(kinds: int) -> tuple[Select[Any], Select[Any]]:
    """The leaves of a call that are filed, and those after the last full tile; of so many kinds, or of all."""
    leaves = of_tenant(entries).with_only_columns(entries.c.leaf).order_by(entries.c.seq)
    if kinds:
        leaves = leaves.where(entries.c.kind.in_([bindparam(f"kind{n}") for n in range(kinds)]))
    filed = of_tenant(call_entries, "call_ref").with_only_columns(call_entries.c.seq)
    later = leaves.where(entries.c.seq >= bindparam("start"), entries.c.call_ref == bindparam("call_ref"))
    return leaves.where(entries.c.seq.in_(filed)), later


def _belonging(tx: Transaction) -> Select[Any]:
    called = tx.select(entries, entries.c.seq, entries.c.call_ref).where(entries.c.call_ref.is_not(None))
    return called.where(entries.c.seq < _in_full_tiles(tx))


def _filed(tx: Transaction) -> Select[Any]:
    return tx.select(call_entries, call_entries.c.seq, call_entries.c.call_ref)


def _beyond(tx: Transaction, some: Select[Any], others: Select[Any]) -> Sequence[int]:
    return sorted(row.seq for row in tx.execute(some.except_(others)))


def _in_full_tiles(tx: Transaction) -> int:
    """How many entries are in full tiles."""
    full = tx.one(FULL, level=0)
    return 0 if full is None else int(full.place + 1) * TILE_WIDTH


def _gone(place: int) -> StorageError:
    return StorageError(f"entry {place} of the log is missing", "Keep the store as evidence; restore a backup.")
