"""The tree of a log while it grows: its frontier, and the tiles that each batch of leaves completes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from countenance.audit.merkle import Frontier, leaf_hash, root_of
from countenance.audit.tiles import HEIGHT, WIDTH, Tile
from countenance.audit.wire import HASH_BYTES
from countenance.contracts.errors import AuditError
from countenance.storage import entries
from countenance.storage.store import Transaction


@dataclass(frozen=True, slots=True)
class TileRow:
    """A tile as the store keeps it."""

    level: int
    place: int
    hashes: bytes


class Growth:
    """A tree of one size: the hashes of the unfinished tile on each level."""

    def __init__(self, levels: Sequence[Sequence[bytes]] = ()) -> None:
        self._levels = [list(level) for level in levels] or [[]]
        hashes: list[bytes] = []
        size = 0
        for level, row in reversed(tuple(enumerate(self._levels))):
            part = Frontier()
            part.extend(row)
            hashes += part.hashes
            size += len(row) << HEIGHT * level
        self._frontier = Frontier(size, hashes)

    @classmethod
    def load(cls, tx: Transaction) -> "Growth":
        """The tree as it stands in the store; raises AuditError when a tile of it is missing or cut."""
        size = entries.size(tx)
        levels = [[leaf_hash(leaf) for leaf in entries.read(tx, size - size % WIDTH, size)]]
        while size := size >> HEIGHT:
            place, width = divmod(size, WIDTH)
            levels.append(_split(fetch(tx, Tile(len(levels), place, width))) if width else [])
        return cls(levels)

    @property
    def size(self) -> int:
        """Leaves."""
        return self._frontier.size

    @property
    def root(self) -> bytes:
        """The root over all leaves."""
        return self._frontier.root()

    def unfinished(self, tile: Tile) -> bytes | None:
        """The hashes of the unfinished tile of leaves, as they were when the leaves came; None for any other tile."""
        if tile.level != 0 or tile.index != self.size // WIDTH or tile.width > len(self._levels[0]):
            return None
        return b"".join(self._levels[0][: tile.width])

    def grow(self, leaves: Iterable[bytes]) -> Sequence[TileRow]:
        """Add leaf hashes; returns the tiles that are new or longer.

        Whoever does not get them into the store reads the tree from there again: it does not grow back.
        """
        rows: list[TileRow] = []
        for leaf in leaves:
            self._frontier.append(leaf)
            self._levels[0].append(leaf)
            if len(self._levels[0]) == WIDTH:
                rows += self._carry()
        return rows

    def _carry(self) -> Sequence[TileRow]:
        rows: list[TileRow] = []
        size, level = self._frontier.size, 0
        while len(self._levels[level]) == WIDTH:
            full, self._levels[level] = self._levels[level], []
            if level == 0:
                rows.append(TileRow(0, size // WIDTH - 1, b"".join(full)))
            level += 1
            if level == len(self._levels):
                self._levels.append([])
            above = self._levels[level]
            above.append(root_of(full))
            rows.append(TileRow(level, ((size >> HEIGHT * level) - 1) // WIDTH, b"".join(above)))
        return rows


def fetch(tx: Transaction, tile: Tile) -> bytes:
    """The hashes of a tile, cut to its width; raises AuditError when they are not in the store."""
    kept = entries.tile(tx, tile.level or 0, tile.index)
    if kept is None and not tile.level and tile.width < WIDTH:
        kept = b"".join(leaf_hash(leaf) for leaf in entries.read(tx, tile.start, tile.start + tile.width))
    if kept is None or len(kept) < tile.width * HASH_BYTES:
        raise AuditError(f"{tile.path} is not in the store", "Keep the store as evidence; restore a backup.")
    return kept[: tile.width * HASH_BYTES]


def _split(hashes: bytes) -> list[bytes]:
    return [hashes[at : at + HASH_BYTES] for at in range(0, len(hashes), HASH_BYTES)]
