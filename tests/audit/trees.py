"""The tree as RFC 6962 writes it down, slowly: what the fast code is held against."""

from collections.abc import Sequence
from hashlib import sha256

from countenance.audit.merkle import leaf_hash


def leaves(count: int) -> list[bytes]:
    return [leaf_hash(f"entry {n}".encode()) for n in range(count)]


def mth(rows: Sequence[bytes]) -> bytes:
    """Section 2.1, over leaf hashes."""
    if len(rows) == 0:
        return sha256(b"").digest()
    if len(rows) == 1:
        return rows[0]
    k = largest_power_below(len(rows))
    return sha256(b"\x01" + mth(rows[:k]) + mth(rows[k:])).digest()


def path(m: int, rows: Sequence[bytes]) -> list[bytes]:
    """Section 2.1.1."""
    if len(rows) == 1:
        return []
    k = largest_power_below(len(rows))
    if m < k:
        return [*path(m, rows[:k]), mth(rows[k:])]
    return [*path(m - k, rows[k:]), mth(rows[:k])]


def proof(m: int, rows: Sequence[bytes]) -> list[bytes]:
    """Section 2.1.2."""
    return _subproof(m, rows, whole=True)


def _subproof(m: int, rows: Sequence[bytes], *, whole: bool) -> list[bytes]:
    if m == len(rows):
        return [] if whole else [mth(rows)]
    k = largest_power_below(len(rows))
    if m <= k:
        return [*_subproof(m, rows[:k], whole=whole), mth(rows[k:])]
    return [*_subproof(m - k, rows[k:], whole=False), mth(rows[:k])]


def largest_power_below(n: int) -> int:
    k = 1
    while k * 2 < n:
        k *= 2
    return k


class Rows:
    """A HashReader over leaf hashes in memory."""

    def __init__(self, rows: Sequence[bytes]) -> None:
        self._rows = rows

    def hash(self, level: int, index: int) -> bytes:
        start = index << level
        assert start + (1 << level) <= len(self._rows)
        return mth(self._rows[start : start + (1 << level)])
