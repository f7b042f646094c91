"""An exported log as files: `checkpoint`, `log.vkey`, `tile/...`; read only, nothing of it is believed by reading."""

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from countenance.audit.note import VerifierKey
from countenance.audit.tiles import WIDTH, Tile, parse_path, tiles_of
from countenance.audit.wire import HASH_BYTES, number, utf8
from countenance.contracts.errors import AuditError

CHECKPOINT, KEY, MINIMUM = "checkpoint", "log.vkey", "minimum"
MOST_FILE_BYTES = WIDTH * (2 + 65_535)


class AbsentError(AuditError):
    """A file of the log is not there."""


class LogSource(Protocol):
    """Where a verifier reads a log; whoever serves it need not be trusted."""

    def checkpoint(self) -> bytes:
        """The signed checkpoint."""
        ...

    def fetch(self, tile: Tile) -> bytes:
        """The bytes of a tile or bundle; raises AbsentError when it is not there."""
        ...

    def minimum(self) -> int:
        """The first entry that is still served: those before it were pruned."""
        ...


class LogFolder:
    """A log in a folder."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def checkpoint(self) -> bytes:
        """The signed checkpoint."""
        return self._read(CHECKPOINT)

    def key(self) -> VerifierKey:
        """The key that came with the log: good for checking that it fits itself, not for trusting it."""
        return VerifierKey.parse(utf8(self._read(KEY), KEY).removesuffix("\n"))

    def minimum(self) -> int:
        """The first entry that is still served; 0 unless the folder says otherwise."""
        try:
            text = utf8(self._read(MINIMUM), MINIMUM)
        except AbsentError:
            return 0
        return number(text.removesuffix("\n"), "the minimum index")

    def fetch(self, tile: Tile) -> bytes:
        """The bytes of a tile or bundle; of a partial tile that has grown full since, its beginning."""
        try:
            return self._read(tile.path)
        except AbsentError:
            if tile.width == WIDTH:
                raise
            return first_of(self._read(Tile(tile.level, tile.index).path), tile)

    def strays(self, size: int) -> Iterator[Tile]:
        """Tiles left from a smaller log (their place allows it) that do not agree with the present ones."""
        present = {(tile.level, tile.index): tile for tile in tiles_of(size)}
        for path in sorted((self.root / "tile").rglob("*")):
            tile = _tile_at(path.relative_to(self.root).as_posix()) if path.is_file() else None
            if tile is not None and not self._agrees(tile, present.get((tile.level, tile.index))):
                yield tile

    def _agrees(self, tile: Tile, now: Tile | None) -> bool:
        if tile == now:
            return True
        return now is not None and tile.width < now.width and first_of(self.fetch(now), tile) == self._read(tile.path)

    def _read(self, name: str) -> bytes:
        path = self.root / name
        try:
            with path.open("rb") as file:
                data = file.read(MOST_FILE_BYTES + 1)
        except FileNotFoundError as fault:
            raise AbsentError(f"{name} is missing in {self.root}", "Restore it from a copy of the export.") from fault
        except OSError as fault:
            raise AuditError(f"{path} cannot be read: {fault.strerror}", "Check folder and rights.") from fault
        if len(data) > MOST_FILE_BYTES:
            raise AuditError(f"{path} is larger than any file of a log", "It is damaged or of another kind.")
        return data


def first_of(data: bytes, tile: Tile) -> bytes:
    """The first entries or hashes of a full bundle or tile, as many as a partial one holds."""
    if tile.level is not None:
        return data[: tile.width * HASH_BYTES]
    at = 0
    for _ in range(tile.width):
        at += 2 + int.from_bytes(data[at : at + 2], "big")
    return data[:at]


def _tile_at(path: str) -> Tile | None:
    try:
        return parse_path(path)
    except AuditError:
        return None
