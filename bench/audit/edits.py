"""What an attacker does to an exported log: one random edit, and the first entry that it touches."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random

from bench.audit.synthetic import KEY, Export, entries
from countenance.audit.checkpoint import Checkpoint, sign_checkpoint
from countenance.audit.folder import AbsentError
from countenance.audit.merkle import leaf_hash, root_of, tree_root
from countenance.audit.tiles import WIDTH, Tile, TileHashes, decode_bundle, encode_bundle, parse_path, tiles_of

CHECKPOINT = "checkpoint"


@dataclass(frozen=True, slots=True)
class Edit:
    """Some files as the attacker left them; None for a file that was removed."""

    kind: str
    files: Mapping[str, bytes | None]
    size: int
    """Entries in the log that the attacker shows."""
    first: int | None
    """The first entry that is not as it was; None where the checkpoint itself was broken."""


class Edited:
    """A log under an edit."""

    def __init__(self, base: Export, edit: Edit) -> None:
        self._base = base
        self._edit = edit

    def checkpoint(self) -> bytes:
        """The checkpoint as shown."""
        return self._read(CHECKPOINT)

    def fetch(self, tile: Tile) -> bytes:
        """A tile or bundle as shown."""
        return self._read(tile.path)

    def minimum(self) -> int:
        """Nothing is said to be pruned."""
        return 0

    def _read(self, name: str) -> bytes:
        data = self._edit.files[name] if name in self._edit.files else self._base.files.get(name)
        if data is None:
            raise AbsentError(f"{name} is missing", "")
        return data


class Attacker:
    """Makes edits of one log; holds the log's signing key for `rollback` and `fork`, and another tenant's log."""

    def __init__(self, base: Export, seed: int) -> None:
        self.base = base
        self._random = Random(seed)
        self._leaves = [entry for at in range(-(-base.size // WIDTH)) for entry in self._bundle(at)]
        self._other = Export(entries(base.size, "b", "other"), type(KEY)("log.example/other", b"o" * 32))
        self._tiles = [tile for tile in tiles_of(base.size) if tile.level is not None]
        self._past = [self._older(self._random.randrange(1, base.size)) for _ in range(40)]
        self.kinds: Mapping[str, Callable[[], Edit]] = {
            "flip": self.flip,
            "delete": self.delete,
            "swap": self.swap,
            "duplicate": self.duplicate,
            "truncate": self.truncate,
            "rollback": self.rollback,
            "fork": self.fork,
            "splice": self.splice,
        }

    def any(self) -> Edit:
        """A random edit of a random kind."""
        return self.kinds[self._random.choice(list(self.kinds))]()

    def flip(self) -> Edit:
        """One bit of an entry, of a tile, or of the checkpoint."""
        name = self._file()
        data = bytearray(self.base.files[name])
        at = self._random.randrange(len(data))
        data[at] ^= 1 << self._random.randrange(8)
        return self._edit("flip", {name: bytes(data)}, self._touched(name, at))

    def delete(self) -> Edit:
        """One entry out of its bundle."""
        place = self._random.randrange(self.base.size // WIDTH)
        entries_ = list(self._bundle(place))
        at = self._random.randrange(len(entries_))
        del entries_[at]
        return self._put("delete", place, entries_, place * WIDTH + at)

    def swap(self) -> Edit:
        """Two entries against each other, in one bundle or in two."""
        one, other = sorted(self._random.sample(range(self.base.size), 2))
        if self._random.random() < 0.5:
            other = min(one - one % WIDTH + WIDTH, self.base.size) - 1
            if other == one:
                return self.swap()
        changed: dict[int, list[bytes]] = {at // WIDTH: list(self._bundle(at // WIDTH)) for at in (one, other)}
        changed[one // WIDTH][one % WIDTH] = self._leaves[other]
        changed[other // WIDTH][other % WIDTH] = self._leaves[one]
        return self._edit("swap", {_name(self.base, at): encode_bundle(e) for at, e in changed.items()}, one)

    def duplicate(self) -> Edit:
        """One entry once more, in place of the next one or pushed in before it."""
        seq = self._random.randrange(self.base.size - 1)
        if seq % WIDTH == WIDTH - 1:
            return self.duplicate()
        entries_ = list(self._bundle(seq // WIDTH))
        if self._random.random() < 0.5:
            entries_[seq % WIDTH + 1] = entries_[seq % WIDTH]
        else:
            entries_.insert(seq % WIDTH + 1, entries_[seq % WIDTH])
        return self._put("duplicate", seq // WIDTH, entries_, seq + 1)

    def truncate(self) -> Edit:
        """A file cut short, or gone."""
        name = self._file()
        data = self.base.files[name]
        at = self._random.randrange(len(data))
        if self._random.random() < 0.2:
            return self._edit("truncate", {name: None}, self._touched(name, 0))
        return self._edit("truncate", {name: data[:at]}, self._touched(name, at))

    def rollback(self) -> Edit:
        """The log as it was before, with the checkpoint it had then."""
        return self._random.choice(self._past)

    def fork(self) -> Edit:
        """One entry replaced and all hashes made anew; half of the time signed with the log's own key."""
        seq = self._random.randrange(self.base.size)
        files: dict[str, bytes | None] = {}
        forged = list(self._bundle(seq // WIDTH))
        forged[seq % WIDTH] = self._random.randbytes(300)
        files[_name(self.base, seq // WIDTH)] = encode_bundle(forged)
        self._rehash(files, seq, leaf_hash(forged[seq % WIDTH]))
        if self._random.random() < 0.5:
            shown = Edited(self.base, Edit("fork", files, self.base.size, seq))
            root = tree_root(TileHashes(shown.fetch, self.base.size), self.base.size)
            files[CHECKPOINT] = sign_checkpoint(Checkpoint(KEY.name, self.base.size, root), KEY).data
        return self._edit("fork", files, seq)

    def splice(self) -> Edit:
        """Something of another tenant's log: an entry, a bundle, a tile, the checkpoint."""
        if self._random.random() < 0.5:
            seq = self._random.randrange(self.base.size)
            entries_ = list(self._bundle(seq // WIDTH))
            tile = self._place(seq // WIDTH)
            theirs = decode_bundle(tile, self._other.files[tile.path])
            entries_[seq % WIDTH] = self._random.choice(theirs)
            return self._put("splice", seq // WIDTH, entries_, seq)
        name = self._file()
        return self._edit("splice", {name: self._other.files[name]}, self._touched(name, 0))

    def _edit(self, kind: str, files: Mapping[str, bytes | None], first: int | None) -> Edit:
        return Edit(kind, files, self.base.size, first)

    def _put(self, kind: str, place: int, changed: list[bytes], first: int) -> Edit:
        return self._edit(kind, {_name(self.base, place): encode_bundle(changed)}, first)

    def _file(self) -> str:
        chance = self._random.random()
        if chance < 0.02:
            return CHECKPOINT
        if chance < 0.3:
            return self._random.choice(self._tiles).path
        return _name(self.base, self._random.randrange(-(-self.base.size // WIDTH)))

    def _place(self, place: int) -> Tile:
        return Tile(None, place, min(WIDTH, self.base.size - place * WIDTH))

    def _bundle(self, place: int) -> tuple[bytes, ...]:
        tile = self._place(place)
        return decode_bundle(tile, self.base.files[tile.path])

    def _touched(self, name: str, at: int) -> int | None:
        """The first entry that a change from byte `at` of a file touches."""
        if name == CHECKPOINT:
            return None
        tile = parse_path(name)
        if tile.level is not None:
            return tile.start + (at // 32 << 8 * tile.level)
        end = 0
        for seq, entry in enumerate(self._bundle(tile.index), tile.start):
            end += 2 + len(entry)
            if at < end:
                return seq
        raise AssertionError(name)

    def _rehash(self, files: dict[str, bytes | None], seq: int, made: bytes) -> None:
        level = 0
        while True:
            width = min(WIDTH, (self.base.size >> 8 * level) - seq // WIDTH * WIDTH)
            tile = Tile(level, seq // WIDTH, width)
            data = self.base.files[tile.path]
            data = data[: seq % WIDTH * 32] + made + data[(seq % WIDTH + 1) * 32 :]
            files[tile.path] = data
            if width < WIDTH:
                return
            made = root_of([data[at : at + 32] for at in range(0, len(data), 32)])
            level, seq = level + 1, seq // WIDTH

    def _older(self, size: int) -> Edit:
        past = Export(self._leaves[:size])
        present = {name: data for name, data in past.files.items() if self.base.files.get(name) != data}
        return Edit("rollback", present, size, size)


def _name(base: Export, place: int) -> str:
    return Tile(None, place, min(WIDTH, base.size - place * WIDTH)).path
