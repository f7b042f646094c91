"""The rows of a log: leaves in order, tiles of hashes, checkpoints, and from where on entries are kept."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, update

from countenance.contracts.errors import StorageError
from countenance.storage.store import Transaction, of_tenant
from countenance.storage.tables import checkpoints, entries, marks, tiles

MINIMUM = "log.minimum"
TILE_WIDTH = 256
COLUMNS = ("seq", "kind", "call_ref", "leaf")
LAST = of_tenant(entries).with_only_columns(entries.c.seq).order_by(entries.c.seq.desc()).limit(1)
FULL = of_tenant(tiles, "level").with_only_columns(tiles.c.place).order_by(tiles.c.place.desc()).limit(1)
BETWEEN = (
    of_tenant(entries)
    .with_only_columns(entries.c.seq, entries.c.leaf)
    .where(entries.c.seq >= bindparam("start"), entries.c.seq < bindparam("end"))
    .order_by(entries.c.seq)
)
LONGER = (
    update(tiles)
    .where(tiles.c.tenant == bindparam("mine"), tiles.c.level == bindparam("at"), tiles.c.place == bindparam("there"))
    .values(hashes=bindparam("longer"))
)
NEWEST = of_tenant(checkpoints).order_by(checkpoints.c.size.desc()).limit(1)


@dataclass(frozen=True, slots=True)
class Leaf:
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
    tx.add(entries, COLUMNS, [(one.seq, one.kind, one.call_ref, one.data) for one in leaves])


def size(tx: Transaction) -> int:
    """How many entries the log has, pruned ones counted."""
    last, full = tx.one(LAST), tx.one(FULL, level=0)
    return max(0 if last is None else last.seq + 1, 0 if full is None else (full.place + 1) * TILE_WIDTH)


def read(tx: Transaction, start: int, end: int) -> Sequence[bytes]:
    """The leaves from one place up to, not including, another; raises StorageError when one is missing."""
    rows = tx.every(BETWEEN, start=start, end=end)
    for place, row in enumerate(rows, start):
        if row.seq != place:
            raise _gone(place)
    if len(rows) < end - start:
        raise _gone(start + len(rows))
    return tuple(row.leaf for row in rows)


def of_call(tx: Transaction, call_ref: str, kinds: Sequence[str] = ()) -> Sequence[bytes]:
    """The leaves of a call in order, all of them or those of some kinds."""
    query = tx.select(entries, entries.c.leaf).where(entries.c.call_ref == call_ref)
    if kinds:
        query = query.where(entries.c.kind.in_(kinds))
    return tuple(row.leaf for row in tx.rows(query.order_by(entries.c.seq)))


def put_tile(tx: Transaction, level: int, place: int, hashes: bytes) -> None:
    """Keep a tile, in place of its shorter form."""
    longer = {"mine": tx.tenant, "at": level, "there": place, "longer": hashes}
    if level and tx.connection.execute(LONGER, longer).rowcount:
        return
    tx.insert(tiles, {"level": level, "place": place, "hashes": hashes})


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
    return tx.connection.execute(tx.delete(entries).where(entries.c.seq < before)).rowcount


def _gone(place: int) -> StorageError:
    return StorageError(f"entry {place} of the log is missing", "Keep the store as evidence; restore a backup.")
