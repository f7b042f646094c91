"""The log as files: static tiles, entry bundles, checkpoint and key, whole at every moment for whoever reads along."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from countenance.audit.checkpoint import parse_checkpoint
from countenance.audit.folder import CHECKPOINT, KEY, MINIMUM, AbsentError, LogFolder
from countenance.audit.log import Log
from countenance.audit.note import parse_note
from countenance.audit.tiles import WIDTH, Tile, encode_bundle, grown
from countenance.contracts.errors import AuditError
from countenance.storage import entries as rows
from countenance.storage.folders import make_folder, sync_folder
from countenance.storage.points import Points, nowhere

DRAFT = ".draft"


class StoredLog:
    """The log in a store, as a verifier reads an exported one."""

    def __init__(self, log: Log) -> None:
        self._log = log

    def checkpoint(self) -> bytes:
        """The signed checkpoint of all there is."""
        return self._log.checkpoint(at_once=True).data

    def fetch(self, tile: Tile) -> bytes:
        """The bytes of a tile or bundle; raises AbsentError for entries that were pruned."""
        if tile.level is not None:
            return self._log.hashes(tile)
        with self._log.store.reading() as tx:
            start = tile.index * WIDTH
            if start < rows.minimum(tx):
                raise AbsentError(f"{tile.path} was pruned", "Its retention has ended.")
            return encode_bundle(rows.read(tx, start, start + tile.width))

    def minimum(self) -> int:
        """The first entry that is kept."""
        with self._log.store.reading() as tx:
            return rows.minimum(tx)


def export(log: Log, folder: Path, points: Points = nowhere) -> int:
    """Bring the files in a folder up to the log; returns its size.

    The checkpoint comes last and names nothing that is not there already; what a smaller log left behind goes.
    """
    source = StoredLog(log)
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
        _put(folder / KEY, f"{log.key.verifier}\n".encode())
        points("export.before_checkpoint")
        _put(folder / CHECKPOINT, signed)
        points("export.checkpoint")
        _tidy(folder)
    return size


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
