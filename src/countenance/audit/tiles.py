"""Tiles (C2SP tlog-tiles): the tree as files of up to 256 hashes, the entries as files of up to 256 entries."""

import re
import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from countenance.audit.merkle import root_of
from countenance.audit.wire import HASH_BYTES, LARGEST, clip
from countenance.contracts.errors import AuditError

WIDTH = 256
HEIGHT = 8
"""Levels of the tree in one tile."""
MOST_LEVEL = 63
MOST_ENTRY_BYTES = 65_535
PATH = re.compile(r"tile/(entries|[0-9]{1,2})/((?:x[0-9]{3}/)*[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?")


@dataclass(frozen=True, slots=True)
class Tile:
    """The place of a tile or of an entry bundle."""

    level: int | None
    """Tile level (8 levels of the tree each); None for a bundle of entries."""
    index: int
    width: int = WIDTH
    """Hashes or entries in it; less than 256 when it is partial."""

    def __post_init__(self) -> None:
        level_ok = self.level is None or 0 <= self.level <= MOST_LEVEL
        if not level_ok or not 0 <= self.index <= LARGEST or not 1 <= self.width <= WIDTH:
            raise AuditError(f"there is no tile of level {self.level}, index {self.index}, width {self.width}", "")

    @property
    def path(self) -> str:
        """Where it lies below the log's folder or address."""
        kind = "entries" if self.level is None else self.level
        digits = str(self.index)
        digits = digits.zfill(-(-len(digits) // 3) * 3)
        groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
        place = "/".join([f"x{group}" for group in groups[:-1]] + groups[-1:])
        return f"tile/{kind}/{place}" + (f".p/{self.width}" if self.width < WIDTH else "")

    @property
    def start(self) -> int:
        """The first entry it spans."""
        return self.index << HEIGHT * ((self.level or 0) + 1)

    @property
    def end(self) -> int:
        """The entry after the last it would span when full."""
        return self.index + 1 << HEIGHT * ((self.level or 0) + 1)


def parse_path(path: str) -> Tile:
    """The tile at a path; raises AuditError when it is not one, or not spelled the one way."""
    match = PATH.fullmatch(path)
    if match is None or len(path) > 60:
        raise AuditError(f"this is no path of a tile: {clip(path)}", "See docs/audit-log.md.")
    level = None if match[1] == "entries" else int(match[1])
    tile = Tile(level, int(match[2].replace("x", "").replace("/", "")), int(match[3] or WIDTH))
    if tile.path != path:
        raise AuditError(f"the path of tile {tile.path} is misspelled: {clip(path)}", "See docs/audit-log.md.")
    return tile


def tiles_of(size: int) -> Iterator[Tile]:
    """Every tile and bundle of a log of this size, full and partial; the entries first, then level by level."""
    return grown(0, size)


def grown(old: int, new: int) -> Iterator[Tile]:
    """The tiles and bundles that appear when a log grows from one size to another."""
    yield from _grown(None, old, new)
    level = 0
    while new:
        yield from _grown(level, old, new)
        level, old, new = level + 1, old >> HEIGHT, new >> HEIGHT


def encode_tile(hashes: Sequence[bytes]) -> bytes:
    """Hashes one after another."""
    return b"".join(hashes)


def decode_tile(tile: Tile, data: bytes) -> tuple[bytes, ...]:
    """The hashes in a tile; raises AuditError when there are not as many as its width."""
    if len(data) != tile.width * HASH_BYTES:
        raise AuditError(f"{tile.path} has {len(data)} bytes instead of {tile.width * HASH_BYTES}", "It was cut.")
    return tuple(data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES))


def encode_bundle(entries: Iterable[bytes]) -> bytes:
    """Entries one after another, each behind its length in two bytes, the high one first."""
    parts = []
    for entry in entries:
        if len(entry) > MOST_ENTRY_BYTES:
            raise AuditError(f"an entry of {len(entry)} bytes is too long", f"At most {MOST_ENTRY_BYTES}.")
        parts.append(struct.pack(">H", len(entry)) + entry)
    return b"".join(parts)


def decode_bundle(tile: Tile, data: bytes) -> tuple[bytes, ...]:
    """The entries in a bundle; raises AuditError when there are not as many as its width, or bytes are over."""
    entries: list[bytes] = []
    at, end = 0, len(data)
    while at < end:
        stop = at + 2 + int.from_bytes(data[at : at + 2], "big")
        if stop > end or at + 2 > end:
            raise AuditError(f"{tile.path} ends within entry {tile.start + len(entries)}", "It was cut.")
        entries.append(data[at + 2 : stop])
        at = stop
    if len(entries) != tile.width:
        raise AuditError(f"{tile.path} holds {len(entries)} entries instead of {tile.width}", "It was changed.")
    return tuple(entries)


class TileHashes:
    """A HashReader over the tiles of a log of one size; asks for each tile once."""

    def __init__(self, fetch: Callable[[Tile], bytes], size: int) -> None:
        self._fetch = fetch
        self._size = size
        self._tiles: dict[Tile, tuple[bytes, ...]] = {}

    def hash(self, level: int, index: int) -> bytes:
        """The root over leaves `index * 2**level` up to, not including, `(index + 1) * 2**level`."""
        tile_level, inner = divmod(level, HEIGHT)
        first = index << inner
        place, at = divmod(first, WIDTH)
        held = (self._size >> HEIGHT * tile_level) - place * WIDTH
        if at + (1 << inner) > held:
            raise AuditError(f"a log of {self._size} entries has no subtree {index} of height {level}", "")
        tile = Tile(tile_level, place, min(held, WIDTH))
        if tile not in self._tiles:
            self._tiles[tile] = decode_tile(tile, self._fetch(tile))
        return root_of(self._tiles[tile][at : at + (1 << inner)])


def _grown(level: int | None, old: int, new: int) -> Iterator[Tile]:
    for index in range(old // WIDTH, -(-new // WIDTH) if new > old else 0):
        yield Tile(level, index, min(WIDTH, new - index * WIDTH))
