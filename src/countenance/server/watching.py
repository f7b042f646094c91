"""Following a call as one reader: what they asked for, what they may see, and the log knows of it before they do."""

import asyncio
from collections.abc import AsyncIterator, Iterator

from countenance.contracts.errors import CountenanceError
from countenance.contracts.trust import Duties
from countenance.control.access import Access
from countenance.control.running import RunningCall
from countenance.server.access import Caller
from countenance.server.advice import reduced
from countenance.server.kinds import REVIEWER
from countenance.server.problems import ProblemError
from countenance.server.stream import Stream
from countenance.server.viewing import Viewer, Wanted
from countenance.surface.envelope import Envelope, is_individual, participant_of

OWN = "self"
WATCH = "live"
"""The reason that stands in the log for looking on while a call runs."""


class Watch:
    """One reader of one running call."""

    def __init__(self, caller: Caller, running: RunningCall, stream: Stream, wanted: Wanted, access: Access) -> None:
        """Raises ProblemError when readings are asked for that this reader can never have."""
        self._caller = caller
        self._running = running
        self._stream = stream
        self._wanted = wanted
        self._access = access
        self._viewer = Viewer(caller, self._duties)
        self._looked: set[str] = set()
        if wanted.individual and caller.seat is None and not caller.reviewer:
            raise ProblemError(REVIEWER)

    async def events(self, after: str | None) -> AsyncIterator[Envelope]:
        """The events; before the first of each person, the log has who looks at what was read of them."""
        async for envelope in self._stream.follow(after):
            if self._wanted.takes(str(envelope["type"])) and self._viewer.sees(envelope):
                await self._note(envelope)
                yield envelope if self._caller.seat is None else reduced(envelope)

    def _duties(self, participant_id: str) -> Iterator[Duties]:
        for (who, _), ruling in tuple(self._running.rulings.items()):
            if who == participant_id and ruling.allowed:
                yield ruling.duties

    async def _note(self, envelope: Envelope) -> None:
        who = participant_of(envelope)
        seat = None if who is None else self._running.seats.get(who)
        if seat is None or seat.participant_id in self._looked or not is_individual(str(envelope["type"])):
            return
        actor = OWN if self._caller.seat is not None else self._caller.actor
        await asyncio.to_thread(self._access.look, self._running.call_ref, seat.subject_ref, actor, WATCH)
        self._looked.add(seat.participant_id)


def reason_of(fault: CountenanceError) -> str:
    """What fits into a close frame: 123 bytes."""
    return fault.diagnosis.encode()[:120].decode(errors="ignore")
