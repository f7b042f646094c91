"""The tree of RFC 6962: hashes, roots, and proofs made and checked by small pure functions.

A leaf hash is SHA-256(0x00 || entry), an inner one SHA-256(0x01 || left || right); the checks follow RFC 9162,
sections 2.1.3.2 and 2.1.4.2.
"""

from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from typing import Protocol

from countenance.contracts.errors import AuditError

EMPTY_ROOT = sha256(b"").digest()
"""The root of the tree with no leaf."""

Span = tuple[int, int]
"""First leaf and the leaf after the last."""


class HashReader(Protocol):
    """Where proofs are made from: the hash of each full subtree."""

    def hash(self, level: int, index: int) -> bytes:
        """The root over leaves `index * 2**level` up to, not including, `(index + 1) * 2**level`."""
        ...


def leaf_hash(entry: bytes) -> bytes:
    """The hash of an entry as a leaf."""
    return sha256(b"\x00" + entry).digest()


def leaf_hashes(entries: Iterable[bytes]) -> list[bytes]:
    """The hashes of many entries."""
    return [sha256(b"\x00" + entry).digest() for entry in entries]


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node."""
    return sha256(b"\x01" + left + right).digest()


class Frontier:
    """What must be kept to let a tree grow: its size and the roots of its full subtrees, the largest first."""

    __slots__ = ("hashes", "size")

    def __init__(self, size: int = 0, hashes: Sequence[bytes] = ()) -> None:
        if size < 0 or len(hashes) != size.bit_count() or any(len(one) != len(EMPTY_ROOT) for one in hashes):
            raise AuditError(f"{len(hashes)} subtree hashes do not make a tree of {size} leaves", "Rebuild the tree.")
        self.size = size
        self.hashes = list(hashes)

    def append(self, leaf: bytes) -> None:
        """Add one leaf hash."""
        size, hashes = self.size, self.hashes
        while size & 1:
            leaf = node_hash(hashes.pop(), leaf)
            size >>= 1
        hashes.append(leaf)
        self.size += 1

    def extend(self, leaves: Iterable[bytes]) -> None:
        """Add leaf hashes in order."""
        for leaf in leaves:
            self.append(leaf)

    def root(self) -> bytes:
        """The root of the tree as it stands."""
        return _fold(self.hashes) if self.hashes else EMPTY_ROOT


def root_of(leaves: Sequence[bytes]) -> bytes:
    """The root over leaf hashes at once; faster than a frontier where nothing else is needed."""
    row = list(leaves)
    while len(row) > 1:
        pairs = [sha256(b"\x01" + row[at] + row[at + 1]).digest() for at in range(0, len(row) - 1, 2)]
        row = [*pairs, row[-1]] if len(row) % 2 else pairs
    return row[0] if row else EMPTY_ROOT


def tree_root(reader: HashReader, size: int) -> bytes:
    """The root of the first `size` leaves."""
    return _subtree(reader, (0, size)) if size else EMPTY_ROOT


def inclusion(reader: HashReader, index: int, size: int) -> tuple[bytes, ...]:
    """The proof that leaf `index` is in the tree of `size` leaves: the siblings from the leaf up to the root."""
    if not 0 <= index < size:
        raise AuditError(f"entry {index} is not in a tree of {size} entries", "Ask for an entry that was logged.")
    spans: list[Span] = []
    low, high = 0, size
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            spans.append((middle, high))
            high = middle
        else:
            spans.append((low, middle))
            low = middle
    return tuple(_subtree(reader, span) for span in reversed(spans))


def consistency(reader: HashReader, old: int, new: int) -> tuple[bytes, ...]:
    """The proof that the tree of `new` leaves begins with the tree of `old` leaves; empty for 0 and for equal sizes."""
    if not 0 <= old <= new:
        raise AuditError(f"a tree of {new} entries cannot begin with {old}", "Ask for an older size.")
    if old in (0, new):
        return ()
    spans: list[Span] = []
    low, high = 0, new
    while high != old:
        middle = low + _split(high - low)
        if old <= middle:
            spans.append((middle, high))
            high = middle
        else:
            spans.append((low, middle))
            low = middle
    if low:
        spans.append((low, high))
    return tuple(_subtree(reader, span) for span in reversed(spans))


def check_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Raise AuditError unless the proof shows the leaf hash at this index under this root."""
    if not 0 <= index < size:
        raise AuditError(f"entry {index} is not in a tree of {size} entries", "The proof belongs to another log.")
    here, last, found = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            raise AuditError(f"the proof of entry {index} is too long", "The proof was changed.")
        if here & 1 or here == last:
            found = node_hash(sibling, found)
            here, last = _climb(here, last)
        else:
            found = node_hash(found, sibling)
        here, last = here >> 1, last >> 1
    if last:
        raise AuditError(f"the proof of entry {index} is too short", "The proof was changed.")
    if found != root:
        raise AuditError(f"entry {index} is not under the root of {size} entries", "Entry, proof or root was changed.")


def check_consistency(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> None:
    """Raise AuditError unless the proof shows that the new tree begins with the old one."""
    if not 0 <= old <= new:
        raise AuditError(
            f"the log went back from {old} to {new} entries", "The end was cut off: keep both as evidence."
        )
    if old in (0, new):
        expected = EMPTY_ROOT if old == 0 else new_root
        if proof or old_root != expected:
            raise _rewritten(old, new)
        return
    path = list(proof) if old & (old - 1) else [old_root, *proof]
    if not path:
        raise _rewritten(old, new)
    here, last = old - 1, new - 1
    while here & 1:
        here, last = here >> 1, last >> 1
    before = after = path[0]
    for sibling in path[1:]:
        if last == 0:
            raise _rewritten(old, new)
        if here & 1 or here == last:
            before, after = node_hash(sibling, before), node_hash(sibling, after)
            here, last = _climb(here, last)
        else:
            after = node_hash(after, sibling)
        here, last = here >> 1, last >> 1
    if last or before != old_root or after != new_root:
        raise _rewritten(old, new)


def cover(start: int, end: int) -> Iterator[Span]:
    """The full subtrees (level, index) that make up the leaves from `start`, where a subtree of the tree begins."""
    while start < end:
        level = (end - start).bit_length() - 1
        yield level, start >> level
        start += 1 << level


def _subtree(reader: HashReader, span: Span) -> bytes:
    return _fold([reader.hash(level, index) for level, index in cover(*span)])


def _fold(hashes: Sequence[bytes]) -> bytes:
    found = hashes[-1]
    for one in reversed(hashes[:-1]):
        found = node_hash(one, found)
    return found


def _split(width: int) -> int:
    return 1 << (width - 1).bit_length() - 1


def _climb(here: int, last: int) -> Span:
    # A right edge has no sibling on these levels.
    while here and not here & 1:
        here, last = here >> 1, last >> 1
    return here, last


def _rewritten(old: int, new: int) -> AuditError:
    return AuditError(
        f"the log of {new} entries does not begin with the {old} entries that were signed before",
        "History was rewritten: keep both checkpoints as evidence.",
    )
