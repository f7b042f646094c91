"""Places for workers: those that fell vacant wait for a spare, and some are for a few suspected calls alone."""

import asyncio
import logging
from collections import deque
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from countenance.contracts.errors import MediaError
from countenance.link.logs import extra
from countenance.server.process import Worker
from countenance.server.suspects import Suspects

CELLS = 4
"""Where there are so many places for suspected calls, no more are opened: each is a process beside those asked for."""
UNREADABLE = "the media of this call could not be read: the workers that tried have died"
"""The pages say it in the reader's language (`static/terms.js`)."""
GIVEN_UP = "Other calls go on. End this one and begin another."

log = logging.getLogger(__name__)


def _untaken() -> "asyncio.Future[Worker]":
    return asyncio.get_running_loop().create_future()


@dataclass(eq=False, slots=True)
class Place:
    """Where the next spare goes."""

    alone: bool = False
    """Whether it is for those calls only that are sent there."""
    taken: "asyncio.Future[Worker]" = field(default_factory=_untaken)

    @property
    def worker(self) -> Worker | None:
        """Who is there; None: it is vacant."""
        return self.taken.result() if self.taken.done() else None


class Places:
    """One for each worker that died and has no successor yet, and those of calls that are read apart."""

    def __init__(self, suspects: Suspects | None = None) -> None:
        self.given_up = 0
        """Calls that no worker gets any more, since the start."""
        self._suspects = suspects or Suspects()
        self._vacant: deque[Place] = deque()
        self._apart: dict[str, Place] = {}
        self._unreadable: set[str] = set()

    def __len__(self) -> int:
        """How many wait for a worker."""
        return len(self._vacant)

    def vacate(self) -> Place:
        """One that is open to every call."""
        self._vacant.append(place := Place())
        return place

    def take(self, worker: Worker) -> Place:
        """What has waited longest is this worker's, first among those that are open to all."""
        place = min(self._vacant, key=lambda one: one.alone)
        self._vacant.remove(place)
        place.taken.set_result(worker)
        return place

    def of(self, call_id: str) -> Place | None:
        """The place that a call has for itself, or with few others; raises MediaError where it gets none any more."""
        while (place := self._apart.get(call_id)) is not None:
            if place.worker is None or place.worker.line is not None:
                return place
            self.blame(place.worker)
        if call_id in self._unreadable:
            raise MediaError(UNREADABLE, GIVEN_UP)
        return None

    def sent_to(self, worker: Worker) -> Collection[str]:
        """The calls that have their place at this worker alone."""
        return {call_id for call_id, place in self._apart.items() if place.worker is worker}

    def blame(self, dead: Worker) -> None:
        """Hold a death against the calls that were aboard; doing it twice changes nothing."""
        if dead.blamed:
            return
        dead.blamed = True
        verdict, confined = self._suspects.died(dead.calls), set(self.sent_to(dead))
        if verdict.guilty is not None:
            log.error("a call is read no more: its workers die", extra=extra(call_id=verdict.guilty))
            self._unreadable.add(verdict.guilty)
            self.given_up += 1
        self._release(confined | verdict.apart)
        if confined or self._trials() < CELLS:
            self._confine(verdict.apart)
        self._confine(confined - verdict.apart - {verdict.guilty})

    def forget(self, call_id: str) -> None:
        """A call is over."""
        self._unreadable.discard(call_id)
        self._release((call_id,))

    def _confine(self, calls: Iterable[str]) -> None:
        """Give these a place of their own."""
        if group := tuple(calls):
            self._vacant.append(place := Place(alone=True))
            self._apart.update(dict.fromkeys(group, place))

    def _trials(self) -> int:
        """At how many places there are calls that may still be the ones."""
        return len({place for call_id, place in self._apart.items() if self._suspects.suspects(call_id)})

    def _release(self, calls: Iterable[str]) -> None:
        """These have no place of their own any more; one that is for nobody waits for no worker."""
        for call_id in calls:
            place = self._apart.pop(call_id, None)
            if place is not None and place in self._vacant and place not in self._apart.values():
                self._vacant.remove(place)
