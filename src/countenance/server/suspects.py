"""Which call it is that brings its workers down: each death counts against those aboard, until one call stands out.

A worker that dies says nothing of why. The first death is nobody's. From the second on, half of those that have
most deaths behind them are read away from the others, so that the next death falls on one half alone; a call that is by
itself when its worker dies, and has had enough of them, is the one. Nobody is found guilty in company.
"""

from collections import deque
from collections.abc import Callable, Set
from dataclasses import dataclass
from time import monotonic_ns

from countenance.contracts.media import SECOND_US

DEATHS = 3
"""So many of its workers must have died, and the last of them under it alone."""
SUSPECT = 2
"""After so many it is read away from the others."""
WITHIN_US = 600 * SECOND_US
"""Deaths that are further apart have nothing to do with each other."""
MOST = 256
"""Deaths that are kept in mind."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a death says of the calls that were aboard."""

    guilty: str | None = None
    """Not to be read again."""
    apart: frozenset[str] = frozenset()
    """To be read away from all others."""


@dataclass(frozen=True, slots=True)
class Death:
    """One worker's."""

    at_us: int
    aboard: frozenset[str]


class Suspects:
    """The deaths of the last minutes, and who was aboard."""

    def __init__(self, mono_us: Callable[[], int] = lambda: monotonic_ns() // 1000, deaths: int = DEATHS) -> None:
        self._mono_us = mono_us
        self._enough = deaths
        self._deaths: deque[Death] = deque(maxlen=MOST)

    def died(self, aboard: Set[str]) -> Verdict:
        """A worker died with these calls."""
        if not aboard:
            return Verdict()
        self._deaths.append(Death(self._forget(), frozenset(aboard)))
        counts = {call: self._count(call) for call in aboard}
        most = max(counts.values())
        if most < SUSPECT:
            return Verdict()
        suspects = sorted(call for call, count in counts.items() if count == most)
        if most >= self._enough and len(aboard) == 1:
            self._explain(suspects[0])
            return Verdict(guilty=suspects[0])
        return Verdict(apart=frozenset(suspects[: (len(suspects) + 1) // 2]))

    def suspects(self, call: str) -> bool:
        """Whether a call has so many deaths behind it that nothing else explains."""
        self._forget()
        return self._count(call) >= SUSPECT

    def _count(self, call: str) -> int:
        return sum(call in death.aboard for death in self._deaths)

    def _forget(self) -> int:
        now_us = self._mono_us()
        while self._deaths and self._deaths[0].at_us <= now_us - WITHIN_US:
            self._deaths.popleft()
        return now_us

    def _explain(self, guilty: str) -> None:
        """What one call has done is held against no other."""
        left = [death for death in self._deaths if guilty not in death.aboard]
        self._deaths.clear()
        self._deaths.extend(left)
