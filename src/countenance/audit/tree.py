"""An exported tree, checked from the signed root downwards: each file against the hash above it.

Checking one bundle reads only the tiles over it, so a change is found from the nearest tile, and named.
"""

from collections.abc import Sequence

from countenance.audit.checkpoint import Checkpoint
from countenance.audit.folder import LogSource
from countenance.audit.merkle import EMPTY_ROOT, leaf_hashes, root_of
from countenance.audit.tiles import HEIGHT, WIDTH, Tile, decode_bundle, decode_tile, tiles_of
from countenance.audit.wire import HASH_BYTES
from countenance.contracts.errors import AuditError

KEPT = 16
"""Tiles of hashes that stay in memory once they are checked, beside those of the edge."""
Place = tuple[int, int]


class DamageError(AuditError):
    """The log does not fit its signed root; `seq` is the first entry that this touches."""

    def __init__(self, seq: int, what: str) -> None:
        super().__init__(f"entry {seq}: {what}", "Keep the log as evidence; restore a copy.")
        self.seq = seq
        self.what = what


class RewrittenError(DamageError):
    """Everything fits but the root: which entry came first cannot be told from the files alone."""


class Tree:
    """The tiles and bundles of a source under one checkpoint."""

    def __init__(self, source: LogSource, point: Checkpoint) -> None:
        self._source = source
        self._size = point.size
        self._root = point.root
        self._edge: dict[Place, tuple[bytes, ...]] = {}
        self._recent: dict[Place, tuple[bytes, ...]] = {}

    @property
    def bundles(self) -> int:
        """How many bundles there are."""
        return -(-self._size // WIDTH)

    def check_edge(self) -> None:
        """Check the tiles at the right edge, on which all others hang, against the root; raises DamageError."""
        if not self.edge_holds():
            raise self._lost()

    def edge_holds(self) -> bool:
        """Whether the tiles at the right edge have the root; raises DamageError where one cannot be read."""
        edge: dict[Place, tuple[bytes, ...]] = {}
        over: list[bytes] = []
        level = 0
        while full := self._size >> HEIGHT * level:
            row: tuple[bytes, ...] = ()
            if full % WIDTH:
                row = edge[level, full // WIDTH] = self._hashes(self._place(level, full // WIDTH))
            # What hangs over the right end of a level counts as one more node behind its hashes.
            over = [root_of([*row, *over])] if row or over else []
            level += 1
        holds = (over[0] if over else EMPTY_ROOT) == self._root
        self._edge = edge if holds else {}
        return holds

    def tile(self, level: int, index: int) -> tuple[bytes, ...]:
        """The hashes of a tile, shown to stand under the root; raises DamageError."""
        if not self._edge:
            self.check_edge()
        place = (level, index)
        held = self._edge.get(place) or self._recent.get(place)
        if held is None:
            above = self.tile(level + 1, index // WIDTH)[index % WIDTH]
            tile = self._place(level, index)
            held = self._hashes(tile)
            if root_of(held) != above:
                raise self._blame(tile, held, above)
            self._keep(place, held)
        return held

    def bundle(self, index: int) -> tuple[bytes, ...]:
        """The entries of a bundle, each shown to stand under the root; raises DamageError, AbsentError."""
        hashes = self.tile(0, index)
        tile = self._place(None, index)
        data = self._source.fetch(tile)
        try:
            entries = decode_bundle(tile, data)
        except AuditError as fault:
            raise DamageError(_torn_at(tile, data, hashes), fault.problem) from fault
        found = leaf_hashes(entries)
        if found != list(hashes):
            seq = tile.start + _first_difference(found, hashes)
            raise DamageError(seq, f"the entry is not the one that was signed ({tile.path})")
        return entries

    def hash(self, level: int, index: int) -> bytes:
        """The root over a full subtree, shown to stand under the root; raises DamageError."""
        tile_level, inner = divmod(level, HEIGHT)
        place, at = divmod(index << inner, WIDTH)
        return root_of(self.tile(tile_level, place)[at : at + (1 << inner)])

    def _place(self, level: int | None, index: int) -> Tile:
        full = self._size >> HEIGHT * (level or 0)
        return Tile(level, index, min(WIDTH, full - index * WIDTH))

    def _hashes(self, tile: Tile) -> tuple[bytes, ...]:
        data = b""
        try:
            data = self._source.fetch(tile)
            return decode_tile(tile, data)
        except AuditError as fault:
            whole = len(data) // HASH_BYTES * HASH_BYTES
            held = [data[at : at + HASH_BYTES] for at in range(0, whole, HASH_BYTES)]
            at = min(_first_difference(held, self._below(tile)), tile.width - 1) if data else 0
            raise DamageError(_entry_at(tile, at), fault.problem) from fault

    def _keep(self, place: Place, hashes: tuple[bytes, ...]) -> None:
        # Whoever walks in order needs each tile of leaf hashes once, those above it 256 times.
        if place[0]:
            self._recent[place] = hashes
            while len(self._recent) > KEPT:
                del self._recent[next(iter(self._recent))]

    def _blame(self, tile: Tile, held: Sequence[bytes], above: bytes) -> DamageError:
        """What to say of a full tile that does not have the hash which stands above it."""
        below = self._below(tile)
        at = _first_difference(held, below)
        if at == tile.width:
            return DamageError(tile.start, f"{tile.path} and all that lies below it were changed together")
        whole = None not in below and root_of([one for one in below if one]) == above
        what = f"{tile.path} was changed" + ("; what lies below it is whole" if whole else "")
        return DamageError(_entry_at(tile, at), what)

    def _lost(self) -> DamageError:
        """What to say when the edge does not fit the root: the first tile that does not fit what lies below it."""
        for tile in tiles_of(self._size):
            if tile.level is not None:
                at = _first_difference(self._hashes(tile), self._below(tile))
                if at < tile.width:
                    return DamageError(_entry_at(tile, at), f"{tile.path} was changed")
        return RewrittenError(0, "entries and tiles fit each other, but not the signed root: all were written anew")

    def _below(self, tile: Tile) -> list[bytes | None]:
        """What the hashes of a tile should be, by the files below it; None where one cannot be read."""
        found: list[bytes | None] = []
        if not tile.level:
            place = self._place(None, tile.index)
            try:
                return [*leaf_hashes(decode_bundle(place, self._source.fetch(place)))]
            except AuditError:
                return [None] * tile.width
        for index in range(tile.index * WIDTH, tile.index * WIDTH + tile.width):
            try:
                found.append(root_of(self._hashes(Tile(tile.level - 1, index))))
            except DamageError:
                found.append(None)
        return found


def _torn_at(tile: Tile, data: bytes, hashes: Sequence[bytes]) -> int:
    """The first entry of a bundle that cannot be read whole."""
    at = 0
    for seq, held in enumerate(hashes, start=tile.start):
        stop = at + 2 + int.from_bytes(data[at : at + 2], "big")
        if leaf_hashes([data[at + 2 : stop]]) != [held]:
            return seq
        at = stop
    return tile.start + len(hashes) - 1


def _first_difference(found: Sequence[bytes], expected: Sequence[bytes | None]) -> int:
    pairs = zip(found, expected, strict=False)
    return next((at for at, (one, other) in enumerate(pairs) if one != other), min(len(found), len(expected)))


def _entry_at(tile: Tile, place: int) -> int:
    """The first entry under a hash of a tile."""
    return tile.start + (place << HEIGHT * (tile.level or 0))
