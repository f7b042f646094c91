"""Backups: taking one without keys, knowing an old one when it is opened, and bringing it up to its log."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from countenance.audit.checkpoint import Checkpoint, open_checkpoint
from countenance.audit.entries import entry_of
from countenance.audit.folder import LogSource
from countenance.audit.growth import Growth, fetch
from countenance.audit.merkle import leaf_hash, tree_root
from countenance.audit.note import VerifierKey
from countenance.audit.tiles import WIDTH, TileHashes
from countenance.audit.tree import Tree
from countenance.contracts.clock import Clock
from countenance.contracts.errors import StorageError
from countenance.contracts.trust import LogEntry
from countenance.control.erasure import DUE_US
from countenance.storage import entries as log_rows
from countenance.storage import leases
from countenance.storage.clocks import micros
from countenance.storage.keys import KeyFolder
from countenance.storage.leases import LeaseRow
from countenance.storage.outbox import random_id
from countenance.storage.points import Points, nowhere
from countenance.storage.store import Store, Transaction
from countenance.storage.tables import backups, consents, deks, erasures, keks, names, subjects
from countenance.storage.vault import Vault
from countenance.storage.wiping import Seat, wipe

ENDS = ("RESULT", "LEASE_CLOSE", "RECOVERY")
NO = ("withdrawn", "refused")


@dataclass(frozen=True, slots=True)
class Restored:
    """What bringing a backup up to its log did."""

    entries: int
    """Entries that the log had and the backup had not."""
    erased: int
    """Subjects erased since the backup, erased again."""
    unreadable: int
    """Subjects whose key was wrapped under a KEK that is destroyed: their rows are gone for good."""
    doubted: int
    """Yeses that may have been withdrawn since: these people are asked again."""


def back_up(vault: Vault, to: Path) -> str:
    """A copy of the database file alone, without any key; returns the name under which the store knows it."""
    store, name = vault.store, random_id()
    with store.transaction() as tx:
        row = {"backup_id": name, "taken_utc_us": micros(vault.clock.utc()), "epoch": vault.current(tx).epoch}
        tx.insert(backups, {**row, "log_size": log_rows.size(tx)})
    store.copy(to)
    return name


def check(store: Store, keys: KeyFolder, key: VerifierKey) -> None:
    """Raise StorageError when the store is older than what its log has signed: it must be restored before it serves."""
    data = keys.mark()
    if data is None:
        return
    mark, _ = open_checkpoint(data, [key])
    with store.reading() as tx:
        size = log_rows.size(tx)
        same = size >= mark.size and _root_at(tx, mark.size) == mark.root
    if not same:
        raise StorageError(
            f"the store is a backup: it holds {size} entries, its log had {mark.size} or other ones",
            "Bring it up to the exported log with `countenance restore` before it serves anyone.",
        )


def restore(
    store: Store, keys: KeyFolder, key: VerifierKey, source: LogSource, clock: Clock, points: Points = nowhere
) -> Restored:
    """Bring a backup up to the exported log: what was erased since is erased, what was ended since is ended.

    One transaction: it is done, or the store is as it was. Raises StorageError, or AuditError when the log does not
    hold or the store is not the beginning of it.
    """
    point, _ = open_checkpoint(source.checkpoint(), [key])
    data = keys.mark()
    mark = None if data is None else open_checkpoint(data, [key])[0]
    if mark is not None and mark.size > point.size:
        raise StorageError(
            f"the exported log has {point.size} entries, the mark beside the keys {mark.size}",
            "Find a newer export of the log.",
        )
    vault = Vault(store, keys, clock)
    with store.transaction() as tx:
        tail = _take_in(tx, source, point, mark)
        points("restore.entries")
        erased = _erase(vault, tx, tail)
        points("restore.erased")
        doubted = _doubt(tx, tail)
        _reopen(tx, tail)
        _remember(tx, tail)
        unreadable = _adopt(vault, tx)
        points("restore.before_commit")
    store.scrub()
    return Restored(len(tail), erased, unreadable, doubted)


def _take_in(tx: Transaction, source: LogSource, point: Checkpoint, mark: Checkpoint | None) -> Sequence[LogEntry]:
    """Add the entries that the store lacks, each shown to stand under the signed root."""
    tree = Growth.load(tx)
    known = tree.size
    leaves = list(_leaves(source, point, known))
    tiles = tree.grow(map(leaf_hash, leaves))
    tail = [entry_of(leaf) for leaf in leaves]
    log_rows.append(
        tx, [log_rows.Leaf(e.seq, e.kind, _word(e, "call_ref"), leaf) for e, leaf in zip(tail, leaves, strict=True)]
    )
    for tile in tiles:
        log_rows.put_tile(tx, tile.level, tile.place, tile.hashes)
    for size, root in [(point.size, point.root), *([] if mark is None else [(mark.size, mark.root)])]:
        if size > tree.size or _root_at(tx, size) != root:
            raise StorageError(
                f"the store is not the beginning of this log: they differ before entry {min(size, known)}",
                "Take a backup of this tenant's store and the export of the same log.",
            )
    return tail


def _leaves(source: LogSource, point: Checkpoint, known: int) -> Iterator[bytes]:
    tree = Tree(source, point)
    for index in range(known // WIDTH, -(-point.size // WIDTH)):
        yield from tree.bundle(index)[max(0, known - index * WIDTH) :]


def _erase(vault: Vault, tx: Transaction, tail: Iterable[LogEntry]) -> int:
    refs = {ref for entry in tail if entry.kind == "ERASURE" and (ref := _word(entry, "subject_ref"))}
    wipe(vault, tx, _seats(tx, refs), None)
    return len(refs)


def _doubt(tx: Transaction, tail: Iterable[LogEntry]) -> int:
    """Whose no it was is not known any more: nobody's yes to the same question is believed."""
    asked = {
        (str(entry.body["modality"]), str(entry.body["purpose"]))
        for entry in tail
        if entry.kind == "CONSENT" and entry.body.get("status") in NO
    }
    return sum(
        tx.execute(
            tx.delete(consents).where(
                consents.c.status == "given", consents.c.modality == modality, consents.c.purpose == purpose
            )
        ).rowcount
        for modality, purpose in sorted(asked)
    )


def _reopen(tx: Transaction, tail: Iterable[LogEntry]) -> None:
    """The rows of open leases as they stood: the log gives each that is left its RECOVERY when it is opened."""
    for entry in tail:
        lease = str(entry.body.get("lease"))
        if entry.kind == "LEASE":
            row = LeaseRow(lease, str(entry.body["call_ref"]), str(entry.body["subject_ref"]), entry.seq)
            leases.put(tx, [row])
        if entry.kind in ENDS:
            leases.end(tx, [lease])


def _remember(tx: Transaction, tail: Iterable[LogEntry]) -> None:
    """The erasures since the backup, so that their keys are rotated and their receipts can be asked for."""
    found: dict[str, list[LogEntry]] = {}
    for entry in tail:
        if entry.kind == "ERASURE":
            found.setdefault(str(entry.body["erasure_id"]), []).append(entry)
    for name, entries in found.items():
        body: Mapping[str, Any] = entries[0].body
        said = {word: body[word] for word in ("reason", "actor", "epoch")}
        said |= {"entries": [e.seq for e in entries], "rows": {}, "answered": [], "not_reached": 0}
        row = {"erasure_id": name, "seq": entries[0].seq, "asked_utc_us": body["due"] - DUE_US}
        tx.insert(erasures, {**row, "receipt": json.dumps(said)})


def _adopt(vault: Vault, tx: Transaction) -> int:
    """Delete what no key opens any more, and be in the newest epoch whose key there is."""
    epoch, alive = vault.epoch(tx) or 1, vault.keys.epochs()
    dead = tx.rows(tx.select(deks, deks.c.subject_ref).where(deks.c.epoch.not_in(alive)))
    wipe(vault, tx, _seats(tx, {row.subject_ref for row in dead}), None)
    tx.execute(tx.delete(names).where(names.c.epoch.not_in(alive)))
    now = micros(vault.clock.utc())
    if epoch not in alive:
        tx.execute(tx.update(keks).where(keks.c.epoch.not_in(alive)).values(destroyed_utc_us=now))
        vault.begin(tx, max(alive, default=epoch + 1))
    return len(dead)


def _seats(tx: Transaction, refs: Iterable[str]) -> Sequence[Seat]:
    wanted = sorted(refs)
    known = {row.subject_ref: row for row in tx.rows(tx.select(subjects))} if wanted else {}
    rows = [(ref, known.get(ref)) for ref in wanted]
    return [Seat(ref) if row is None else Seat(ref, row.call_ref, row.seat_tag) for ref, row in rows]


def _root_at(tx: Transaction, size: int) -> bytes:
    whole = log_rows.size(tx)
    return tree_root(TileHashes(lambda tile: fetch(tx, tile), whole), size)


def _word(entry: LogEntry, name: str) -> str | None:
    value = entry.body.get(name)
    return value if isinstance(value, str) else None
