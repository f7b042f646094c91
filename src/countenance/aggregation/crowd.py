"""What a group shows as a whole: means over at least k people and five minutes, from which nobody can be worked out.

People are counted in blocks of at least k. A block is counted whole or not at all, for as long as the call goes on: if
one of it is missing in a window, all of it is. So whatever is told, now or later, and however it is added and
subtracted, is about whole blocks. Who comes later waits until k have come.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from countenance.contracts.errors import UsageError
from countenance.contracts.media import SECOND_US

LEAST = 10
"""People in a block, at least."""
WINDOW_US = 300 * SECOND_US
"""The shortest window."""

Values = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Group:
    """What one taxonomy says of a group in one window."""

    taxonomy: str
    start_us: int
    end_us: int
    size: int
    k: int
    means: Values
    """By name: of each person the mean over the window, then the mean over people."""


class Crowd:
    """The people of one call, in blocks."""

    def __init__(self, k: int = LEAST, window_us: int = WINDOW_US) -> None:
        if k < LEAST or window_us < WINDOW_US:
            remedy = f"At least {LEAST} people and {WINDOW_US // SECOND_US} s."
            raise UsageError(f"groups of {k} in windows of {window_us // SECOND_US} s tell of single people", remedy)
        self._k = k
        self._window_us = window_us
        self._blocks: list[frozenset[str]] = []
        self._read: dict[int, dict[str, dict[str, list[Values]]]] = {}
        """By window: person, taxonomy, and what was read second by second."""
        self._gone = 0

    @property
    def k(self) -> int:
        """How many people a block has at least."""
        return self._k

    def need(self, k: int) -> None:
        """From now on blocks have at least so many people."""
        self._k = max(self._k, k)

    def add(self, person: str, taxonomy: str, at_us: int, values: Values) -> None:
        """Something that was read of a person; who comes back to a call is the same person."""
        if values:
            window = self._read.setdefault(at_us // self._window_us, {})
            window.setdefault(person, defaultdict(list))[taxonomy].append(values)

    def withdraw(self, person: str) -> None:
        """Nothing of a person counts that was not told yet."""
        for window in self._read.values():
            window.pop(person, None)

    def forget(self, person: str) -> None:
        """A person is erased: their block stays one short for good."""
        self.withdraw(person)
        self._gone += 1
        self._blocks = [frozenset(f"{self._gone}" if one == person else one for one in b) for b in self._blocks]

    def close(self, until_us: int) -> Sequence[Group]:
        """The groups of every window that has ended by now, in order."""
        over = sorted(number for number in self._read if (number + 1) * self._window_us <= until_us)
        return [group for number in over for group in self._groups(number, self._read.pop(number))]

    def _groups(self, number: int, window: Mapping[str, Mapping[str, Sequence[Values]]]) -> list[Group]:
        self._seat(window)
        span = (number * self._window_us, (number + 1) * self._window_us)
        groups = []
        for taxonomy in sorted({name for read in window.values() for name in read}):
            told = {who: _means(read[taxonomy]) for who, read in window.items() if taxonomy in read}
            whole = [block for block in self._blocks if block <= told.keys()]
            people = [told[who] for block in whole for who in sorted(block)]
            if people:
                means = {name: fmean(one[name] for one in people) for name in _shared(people)}
                groups.append(Group(taxonomy, *span, len(people), self._k, means))
        return groups

    def _seat(self, window: Mapping[str, object]) -> None:
        """Those who are in no block yet make blocks of their own, once there are enough of them."""
        seated = frozenset[str]().union(*self._blocks)
        waiting = [who for who in window if who not in seated]
        many = len(waiting) // self._k
        for place in range(many):
            self._blocks.append(frozenset(waiting[place::many]))


def _means(read: Sequence[Values]) -> Values:
    return {name: fmean(one[name] for one in read) for name in _shared(read)}


def _shared(rows: Sequence[Values]) -> Sequence[str]:
    return sorted(frozenset(rows[0]).intersection(*rows))
