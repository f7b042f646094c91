"""Signals back into a room: each person is told of their own readings, and nobody is told of anybody else's."""

import asyncio
import logging
from contextlib import suppress

from countenance.contracts.errors import CountenanceError, LinkError, OverloadError, UsageError
from countenance.control.access import Access
from countenance.control.subject import SELF
from countenance.link.logs import extra
from countenance.link.messages import Signalling
from countenance.server.hosting import Hosting
from countenance.server.live import LiveCall, Tell
from countenance.server.stream import SlowReaderError
from countenance.surface.envelope import PREFIX, SAMPLE, Envelope, participant_of, to_line

ABLE = ("livekit",)
"""Sources whose rooms can address one person."""
ROOM = "room"
"""The reason that stands in the log for showing people their own readings where they are."""

log = logging.getLogger(__name__)


def check_tell(tell: Tell, kind: object) -> None:
    """Raise UsageError where a source cannot tell anybody anything."""
    if tell != "nothing" and kind not in ABLE:
        raise UsageError(f"a source of kind {kind!r} tells nobody anything", f"Leave `tell` out, or use {ABLE[0]}.")


class Telling:
    """Follows one call and tells its people."""

    def __init__(self, live: LiveCall, hosting: Hosting, access: Access) -> None:
        self._live = live
        self._hosting = hosting
        self._access = access
        self._told: set[str] = set()

    async def run(self) -> None:
        """Until the call is over. Who is told too slowly misses what came meanwhile: it is no record, but a mirror."""
        while not self._live.stream.ended:
            try:
                async for envelope in self._live.stream.follow():
                    if (who := self._whom(envelope)) is not None:
                        await self._tell(who, envelope)
            except SlowReaderError:
                told = extra(call_id=self._live.id)
                log.warning("people of a call are told of their readings too slowly: some are left out", extra=told)

    def _whom(self, envelope: Envelope) -> str | None:
        kind, running = str(envelope["type"]), self._live.running
        wanted = kind.startswith(f"{PREFIX}.signal.") and (kind != SAMPLE or self._live.tell == "samples")
        who = participant_of(envelope) if wanted else None
        return who if who is not None and who not in running.left else None

    async def _tell(self, who: str, envelope: Envelope) -> None:
        if who not in self._told:
            subject = self._live.running.subjects[who]
            await asyncio.to_thread(self._access.look, self._live.running.call_ref, subject, SELF, ROOM)
            self._told.add(who)
        table = {"participant_id": who, "payload": to_line(envelope)}
        try:
            # While a worker is being replaced nobody is told; the next one is told what comes then.
            with suppress(LinkError, OverloadError):
                await self._hosting.ask(self._live, Signalling(self._live.id, "tell", table))
        except CountenanceError as fault:
            told = extra(call_id=self._live.id)
            log.warning("somebody could not be told of their reading", exc_info=fault, extra=told)
