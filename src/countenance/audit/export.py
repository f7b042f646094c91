"""The log as files: static tiles, entry bundles, checkpoint and key, whole at every moment for whoever reads along."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from countenance.audit import growth
from countenance.audit.checkpoint import open_checkpoint, parse_checkpoint
from countenance.audit.folder import CHECKPOINT, KEY, MINIMUM, AbsentError, LogFolder, LogSource
from countenance.audit.log import Log
from countenance.audit.merkle import tree_root
from countenance.audit.note import VerifierKey, parse_note
from countenance.audit.tiles import WIDTH, Tile, TileHashes, encode_bundle, grown
from countenance.contracts.errors import AuditError
from countenance.storage import entries as rows
from countenance.storage.folders import make_folder, sync_folder
from countenance.storage.points import Points, nowhere
from countenance.storage.store import Store, Transaction

DRAFT = ".draft"
Cosign = Callable[[LogSource, bytes], bytes]
"""Shows a signed checkpoint to witnesses; what it returns is written."""


class StoredLog:
    """The log in a store, as a verifier reads an exported one."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self.verifier = log.key.verifier

    def checkpoint(self) -> bytes:
        """The signed checkpoint of all there is."""
        return self._log.checkpoint(at_once=True).data

    def fetch(self, tile: Tile) -> bytes:
        """The bytes of a tile or bundle; raises AbsentError for entries that were pruned."""
        if tile.level is not None:
            return self._log.hashes(tile)
        with self._log.store.reading() as tx:
            return _bundle(tx, tile)

    def minimum(self) -> int:
        """The first entry that is kept."""
        with self._log.store.reading() as tx:
            return rows.minimum(tx)


class SignedLog:
    """The log as its writer has last signed it, for a process that reads beside it; a service signs every second."""

    def __init__(self, store: Store, verifier: VerifierKey) -> None:
        """Raises AuditError when nothing was signed yet, or the store does not hold what was."""
        self.store = store
        self.verifier = verifier
        with store.reading() as tx:
            signed = rows.last_checkpoint(tx)
            if signed is None:
                raise AuditError("nothing of this log is signed yet", "Ask again when its writer has run for a second.")
            self._signed = signed.note.encode()
            point, _ = open_checkpoint(self._signed, [verifier])
            hashes = TileHashes(lambda tile: growth.fetch(tx, tile), point.size)
            if tree_root(hashes, point.size) != point.root:
                raise AuditError("the store does not hold the log that was signed", "Keep it as evidence.")

    def checkpoint(self) -> bytes:
        """The checkpoint that was signed last."""
        return self._signed

    def fetch(self, tile: Tile) -> bytes:
        """The bytes of a tile or bundle; raises AbsentError for entries that were pruned."""
        with self.store.reading() as tx:
            return _bundle(tx, tile) if tile.level is None else growth.fetch(tx, tile)

    def minimum(self) -> int:
        """The first entry that is kept."""
        with self.store.reading() as tx:
            return rows.minimum(tx)


def alone(_source: LogSource, signed: bytes) -> bytes:
    """The checkpoint as the log signed it: no witness is asked."""
    return signed


def export(log: Log, folder: Path, points: Points = nowhere, cosign: Cosign = alone) -> int:
    """Bring the files in a folder up to the log; returns its size."""
    return write_files(StoredLog(log), folder, points, cosign)


def write_files(source: StoredLog | SignedLog, folder: Path, points: Points = nowhere, cosign: Cosign = alone) -> int:
    """The same for a log that another process may be writing.

    The checkpoint comes last and names nothing that is not there already; what a smaller log left behind goes.
    """
    signed = source.checkpoint()
    size = parse_checkpoint(parse_note(signed).text).size
    with _written():
        make_folder(folder)
        for tile in grown(_size_of(folder), size):
            if tile.level is None and tile.end <= source.minimum():
                continue
            _put(folder / tile.path, source.fetch(tile))
            points("export.tile")
        _prune(folder, source.minimum())
        _put(folder / KEY, f"{source.verifier}\n".encode())
        points("export.before_checkpoint")
        _put(folder / CHECKPOINT, cosign(source, signed))
        points("export.checkpoint")
        _tidy(folder)
    return size


def _bundle(tx: Transaction, tile: Tile) -> bytes:
    start = tile.index * WIDTH
    if start < rows.minimum(tx):
        raise AbsentError(f"{tile.path} was pruned", "Its retention has ended.")
    return encode_bundle(rows.read(tx, start, start + tile.width))


def _size_of(folder: Path) -> int:
    """How large the log was when it was last exported here."""
    try:
        return parse_checkpoint(parse_note(LogFolder(folder).checkpoint()).text).size
    except AbsentError:
        return 0


def _prune(folder: Path, minimum: int) -> None:
    """Say from where on entries are served, then delete those before."""
    if minimum:
        _put(folder / MINIMUM, f"{minimum}\n".encode())
        for index in range(minimum // WIDTH):
            (folder / Tile(None, index).path).unlink(missing_ok=True)


def _tidy(folder: Path) -> None:
    """Partial tiles whose full tile is there are read by nobody any more."""
    for partial in folder.glob("tile/**/*.p"):
        if partial.with_suffix("").exists():
            for file in partial.iterdir():
                file.unlink()
            partial.rmdir()
        else:
            for file in sorted(partial.iterdir(), key=lambda path: int(path.name))[:-1]:
                file.unlink()


def _put(path: Path, data: bytes) -> None:
    """Replace a file in one step; it is on the disk when this returns."""
    make_folder(path.parent)
    draft = path.with_name(path.name + DRAFT)
    with draft.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    sync_folder(path.parent)


@contextmanager
def _written() -> Iterator[None]:
    try:
        yield
    except OSError as fault:
        raise AuditError(f"the log cannot be exported: {fault.strerror}", "Check folder, rights and space.") from fault
