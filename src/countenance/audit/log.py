"""The tenant's log: an append-only Merkle tree in the store. What `append` has returned is on the disk."""

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import islice

from countenance.audit import growth
from countenance.audit.checkpoint import Checkpoint, open_checkpoint, sign_checkpoint
from countenance.audit.entries import Stamp, check, entry_of, leaf_of
from countenance.audit.growth import Growth
from countenance.audit.merkle import check_consistency, consistency, inclusion, leaf_hash, tree_root
from countenance.audit.note import Note, SigningKey, parse_note
from countenance.audit.tiles import Tile, TileHashes
from countenance.audit.timekeeping import Timekeeper, moment_of
from countenance.audit.turns import Also, Draft, Job, Turns
from countenance.contracts.clock import Clock
from countenance.contracts.errors import AuditError, StorageError
from countenance.contracts.trust import LogEntry
from countenance.storage import entries as rows
from countenance.storage import leases
from countenance.storage.clocks import SystemClock, micros
from countenance.storage.leases import LeaseRow
from countenance.storage.marks import find_mark, put_mark
from countenance.storage.points import Points, nowhere
from countenance.storage.store import Store, Transaction

__all__ = ["Also", "Draft", "Log"]

SIGN_EVERY_US = 1_000_000
PRUNE_AT_ONCE = 65_536
LATEST = "log.latest"


class Log:
    """One writer, one tree. After a fault of the store it stops, and goes on by itself when the store works again."""

    def __init__(self, store: Store, key: SigningKey, clock: Clock, points: Points) -> None:
        self.store = store
        self.key = key
        self._clock = clock
        self._at = points
        self._one = threading.RLock()
        self._turns = Turns(self._write)
        self._tree: Growth | None = None
        self._time = Timekeeper(clock)
        self._signed: rows.SignedSize | None = None
        self._signed_mono_us = 0

    @classmethod
    def open(cls, store: Store, key: SigningKey, clock: Clock | None = None, points: Points = nowhere) -> "Log":
        """The log in a store; leases that a stop left open get their RECOVERY; raises AuditError when it is damaged."""
        log = cls(store, key, clock or SystemClock(), points)
        log.recover(log.open_leases(), "interrupted")
        return log

    @property
    def size(self) -> int:
        """How many entries there are."""
        with self._alone() as tree:
            return tree.size

    @property
    def last_at(self) -> datetime | None:
        """The wall-clock time of the last entry, and what the machine has counted since."""
        with self._alone():
            latest = self._time.latest()
            return None if latest is None else moment_of(latest.at)

    @property
    def root(self) -> bytes:
        """The root over all entries."""
        with self._alone() as tree:
            return tree.root

    def append(self, kind: str, body: Mapping[str, object]) -> LogEntry:
        """Add one entry; on the disk when this returns; raises AuditError."""
        return self.append_all([(kind, body)])[-1]

    def append_all(self, drafts: Iterable[Draft], also: Also | None = None) -> Sequence[LogEntry]:
        """Add entries, and what `also` writes, in one transaction: when this raises, none of it counts.

        Callers in several threads share one wait for the disk. `also` acts through its transaction alone, for it may
        be called again. A CLOCK_ANOMALY may stand before the entries in the log; it is not among those returned.
        """
        job = Job(list(drafts), also)
        for kind, body in job.drafts:
            check(kind, body)
        if not job.drafts:
            return ()
        self._turns.settle(job)
        return job.entries

    def entries(self, start: int = 0, end: int | None = None) -> Sequence[LogEntry]:
        """Entries from one place up to, not including, another."""
        with self._alone() as tree, self.store.reading() as tx:
            return tuple(entry_of(leaf) for leaf in rows.read(tx, start, tree.size if end is None else end))

    def of_call(self, call_ref: str, *kinds: str) -> Sequence[LogEntry]:
        """The entries of a call, all of them or those of some kinds."""
        with self._alone(), self.store.reading() as tx:
            return tuple(entry_of(leaf) for leaf in rows.of_call(tx, call_ref, kinds))

    def open_leases(self) -> Sequence[LeaseRow]:
        """The leases that no entry has ended."""
        with self._alone(), self.store.reading() as tx:
            return leases.open_ones(tx)

    def recover(self, lost: Sequence[LeaseRow], reason: str) -> None:
        """End leases of which nobody knows what became: so many model calls may have run, nothing of them left."""
        bodies = [
            {"call_ref": one.call_ref, "subject_ref": one.subject_ref, "lease": one.lease, "reason": reason}
            for one in lost
        ]
        names = [one.lease for one in lost]
        self.append_all([("RECOVERY", body) for body in bodies], lambda tx, _: leases.end(tx, names))

    def inclusion(self, seq: int, size: int | None = None) -> tuple[bytes, ...]:
        """The proof that an entry is in the tree, of this size or as it stands."""
        with self._alone() as tree, self.store.reading() as tx:
            whole = tree.size if size is None else size
            return inclusion(_hashes(tx, whole), seq, whole)

    def consistency(self, old: int, size: int | None = None) -> tuple[bytes, ...]:
        """The proof that the tree begins with an older one."""
        with self._alone() as tree, self.store.reading() as tx:
            whole = tree.size if size is None else size
            return consistency(_hashes(tx, whole), old, whole)

    def hashes(self, tile: Tile) -> bytes:
        """A tile of hashes: no leaf that was changed in the store since it came brings a hash of its own along."""
        with self._alone() as tree, self.store.reading() as tx:
            return tree.unfinished(tile) or growth.fetch(tx, tile)

    def root_at(self, size: int) -> bytes:
        """The root the log had at a size."""
        with self._alone(), self.store.reading() as tx:
            return tree_root(_hashes(tx, size), size)

    def checkpoint(self, *, at_once: bool = False) -> Note:
        """The signed state of the log, a second old at most; made anew when the log has grown, at once if asked."""
        with self._alone() as tree:
            last = self._signed
            fresh = self._clock.mono_us() - self._signed_mono_us < SIGN_EVERY_US
            if last is not None and (last.size == tree.size or (fresh and not at_once)):
                return parse_note(last.note.encode())
            note = sign_checkpoint(self._consistent(tree, last), self.key)
            signed = rows.SignedSize(tree.size, tree.root, note.data.decode(), micros(self._clock.utc()))
            self._at("checkpoint.signed")
            with self.store.transaction() as tx:
                rows.put_checkpoint(tx, signed)
                self._at("checkpoint.before_commit")
            self._at("checkpoint.after_commit")
            self._signed, self._signed_mono_us = signed, self._clock.mono_us()
            return note

    def prune(self, before: int) -> int:
        """Delete the leaves of full tiles before a place, where retention has ended; returns the first that is kept.

        The last leaf always stays: the clock of the log goes on from it.
        """
        with self._alone() as tree:
            minimum = max(0, min(before, tree.size - 1)) // rows.TILE_WIDTH * rows.TILE_WIDTH
            with self.store.reading() as tx:
                kept = rows.minimum(tx)
            # In steps, each a transaction that does not take long.
            for until in range(kept, minimum, PRUNE_AT_ONCE):
                with self.store.transaction() as tx:
                    rows.prune(tx, min(until + PRUNE_AT_ONCE, minimum))
                self._at("log.pruned")
            return minimum

    def _write(self, jobs: Sequence[Job]) -> None:
        with self._alone() as tree, self.store.transaction() as tx:
            stamp, odd = self._time.stamp()
            notes: list[Draft] = [("CLOCK_ANOMALY", odd)] if odd else []
            latest = self._time.latest() if odd else None
            if latest is not None:
                put_mark(tx, LATEST, f"{latest.at} {latest.mono_us} {latest.boot_id}")
            drafts = notes + [draft for job in jobs for draft in job.drafts]
            made, leaves, hashes = self._make(tree.size, drafts, stamp)
            tiles = tree.grow(hashes)
            self._at("log.before_entries")
            rows.append(tx, leaves)
            self._at("log.after_entries")
            for tile in tiles:
                rows.put_tile(tx, tile.level, tile.place, tile.hashes)
                self._at("log.after_tile")
            asked = iter(made[len(notes) :])
            for job in jobs:
                job.entries = tuple(islice(asked, len(job.drafts)))
                if job.also is not None:
                    job.also(tx, job.entries)
            self._at("log.before_commit")
        self._time.keep(stamp, latest)
        for job in jobs:
            job.settled = True
        self._at("log.after_commit")

    def _make(
        self, size: int, drafts: Sequence[Draft], stamp: Stamp
    ) -> tuple[Sequence[LogEntry], Sequence[rows.Leaf], Sequence[bytes]]:
        made, leaves, hashes = [], [], []
        at = (stamp.at, stamp.mono_us, stamp.boot_id, self.store.tenant)
        for seq, (kind, body) in enumerate(drafts, size):
            leaf = leaf_of(seq, kind, stamp, self.store.tenant, body)
            call = body.get("call_ref")
            leaves.append(rows.Leaf(seq, kind, call if isinstance(call, str) else None, leaf))
            hashes.append(leaf_hash(leaf))
            made.append(LogEntry(seq, kind, *at, body, hashes[-1].hex()))
        return made, leaves, hashes

    def _consistent(self, tree: Growth, last: rows.SignedSize | None) -> Checkpoint:
        """The checkpoint to sign; raises AuditError when the log no longer begins with what was signed before."""
        with self.store.reading() as tx:
            hashes = _hashes(tx, tree.size)
            if last is not None:
                proof = consistency(hashes, min(last.size, tree.size), tree.size)
                check_consistency(last.size, tree.size, last.root, tree.root, proof)
        return Checkpoint(self.key.name, tree.size, tree.root)

    @contextmanager
    def _alone(self) -> Iterator[Growth]:
        """The tree, for one thread at a time; read from the store at first and after every fault."""
        with self._one:
            done = False
            try:
                self._tree = self._tree or self._load()
                yield self._tree
                done = True
            except StorageError as fault:
                raise AuditError(
                    f"the audit log cannot go on: {fault.problem}", "Inference stops until the store works again."
                ) from fault
            finally:
                if not done:
                    # What the store holds now is read from it, not assumed.
                    self._tree = None

    def _load(self) -> Growth:
        with self.store.reading() as tx:
            tree = Growth.load(tx)
            self._signed = rows.last_checkpoint(tx)
            last = entry_of(rows.read(tx, tree.size - 1, tree.size)[0]) if tree.size else None
            kept = find_mark(tx, LATEST)
        self._time = Timekeeper(self._clock, last, None if kept is None else _stamp(kept))
        if self._signed is not None:
            open_checkpoint(self._signed.note.encode(), [self.key.verifier])
            self._consistent(tree, self._signed)
        return tree


def _hashes(tx: Transaction, size: int) -> TileHashes:
    return TileHashes(lambda tile: growth.fetch(tx, tile), size)


def _stamp(kept: str) -> Stamp:
    at, mono_us, boot_id = kept.split(" ", 2)
    return Stamp(at, int(mono_us), boot_id)
