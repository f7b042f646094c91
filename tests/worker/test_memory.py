"""What a call holds of the seconds that are over: nothing, however long it goes on."""

import asyncio
import gc
from collections import Counter

from tests.worker.rehearsal import Rehearsal

from countenance.audit.holder import LeaseHolder
from countenance.contracts.media import SECOND_US, AudioChunk, VideoFrame
from countenance.seats import Opened

HELD = (Opened, LeaseHolder, AudioChunk, VideoFrame, asyncio.Task)


class Counted(Rehearsal):
    """Counts, late in some seconds, what is alive of the things that every second makes."""

    def __init__(self, seconds: int, at: tuple[int, ...]) -> None:
        super().__init__([], seconds)
        self.alive: list[Counter[str]] = []
        self._at = at

    async def ask_ahead(self, start_us: int) -> None:
        if start_us // SECOND_US in self._at:
            gc.collect()
            # By type alone: asking an object of some library what it is may run its code.
            kinds = map(type, gc.get_objects())
            self.alive.append(Counter(kind.__name__ for kind in kinds if issubclass(kind, HELD)))
        await super().ask_ahead(start_us)


async def test_a_call_holds_no_more_after_forty_seconds_than_after_five() -> None:
    call = Counted(45, at=(5, 40))
    await call.run()
    early, late = call.alive
    assert early["Opened"] >= 2
    assert late == early
