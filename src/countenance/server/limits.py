"""Token buckets: how often one key and one address may ask."""

import threading
from collections import OrderedDict
from dataclasses import dataclass
from math import ceil

from countenance.contracts.clock import Clock
from countenance.contracts.errors import RateError

MOST = 10_000
"""Buckets kept; the one that was asked least lately goes first, and it is full by then or was a stranger's."""


@dataclass(frozen=True, slots=True)
class Rate:
    """So many a second, and so many at once."""

    per_second: float
    burst: int


class Buckets:
    """One token bucket per name."""

    def __init__(self, rate: Rate, clock: Clock, most: int = MOST) -> None:
        self._rate = rate
        self._clock = clock
        self._most = most
        self._one = threading.Lock()
        self._kept: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def take(self, name: str) -> int:
        """Take one token, from any thread; 0, or the seconds after which there is one again."""
        with self._one:
            return self._take(name, self._clock.mono_us())

    def _take(self, name: str, now_us: int) -> int:
        left, at_us = self._kept.pop(name, (float(self._rate.burst), now_us))
        left = min(self._rate.burst, left + (now_us - at_us) / 1e6 * self._rate.per_second)
        wait_s = 0 if left >= 1 else ceil((1 - left) / self._rate.per_second)
        self._kept[name] = (left - 1 if wait_s == 0 else left, now_us)
        if len(self._kept) > self._most:
            self._kept.popitem(last=False)
        return wait_s


class Limiter:
    """The limits of an installation."""

    def __init__(self, per_key: Rate, per_address: Rate, clock: Clock) -> None:
        self._keys = Buckets(per_key, clock)
        self._addresses = Buckets(per_address, clock)

    def take_key(self, actor: str) -> None:
        """One request of a caller; raises RateError."""
        _refuse(self._keys.take(actor), "key")

    def take_address(self, address: str) -> None:
        """One request from an address; raises RateError."""
        _refuse(self._addresses.take(address), "address")


def _refuse(wait_s: int, what: str) -> None:
    if wait_s:
        raise RateError(f"too many requests from this {what}", f"Wait {wait_s} s.", wait_s)
