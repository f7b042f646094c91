"""The tap of every live connector: a source decodes permitted tracks into lanes, the mixer gives them in order."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Protocol

from countenance.capture.lanes import Lane, Mixer
from countenance.capture.sampling import Grid
from countenance.capture.speakers import Speakers
from countenance.contracts.call import Track
from countenance.contracts.errors import CountenanceError, MediaError
from countenance.contracts.media import SECOND_US, Media, Reached

TICK_S = 0.05
"""A live tap looks at the clock at least so often."""
STILL_S = 0.1
"""A beat that comes later than this was held up by a standstill of the loop."""
CATCH_UP_S = 0.3
"""How long it may take to read what arrived during a standstill."""
MOST_SLACK_US = 2 * SECOND_US


class Source(Protocol):
    """A live call as one kind of media server shows it."""

    def tracks(self) -> tuple[Track, ...]:
        """What is published now, whether or not it may be read."""
        ...

    async def start(self, track: Track, lane: Lane) -> None:
        """Begin to decode a track into a lane, pictures only where `lane.due` says so."""
        ...

    async def stop(self, track: Track) -> None:
        """Nothing of the track is decoded any more when this returns; a track that is gone is no error."""
        ...


class LiveTap:
    """Media of a live call; media time is the time since `began_us` on an injected monotonic clock."""

    def __init__(
        self, source: Source, clock_us: Callable[[], int], *, began_us: int | None = None, grid: Grid | None = None
    ) -> None:
        """`began_us` is when the call began on that clock; None: it begins now."""
        self._source, self._clock_us = source, clock_us
        self._began_us = clock_us() if began_us is None else began_us
        self._loop, self._awake = asyncio.get_running_loop(), asyncio.Event()
        self._mixer = Mixer(grid or Grid(), self.wake)
        self._over = False
        self.speakers = Speakers()
        """Who speaks, where the media server says so."""

    def dress(self, around: Callable[[Source], Source]) -> None:
        """Put something around the source, such as a transcriber, before anything is subscribed."""
        self._source = around(self._source)

    def now_us(self) -> int:
        """Media time of this moment, as arriving media are stamped; any thread may ask."""
        return max(0, self._clock_us() - self._began_us)

    def tracks(self) -> tuple[Track, ...]:
        """What is published now."""
        return self._source.tracks()

    def decoded(self, track_id: str) -> int:
        """How many frames of a track left a decoder so far."""
        return self.counts(track_id).get("decoded", 0)

    def counts(self, track_id: str) -> Mapping[str, int]:
        """What happened to a track so far: `decoded`, `given`, and what was left out by reason."""
        return self._mixer.counts.get(track_id, Counter[str]())

    async def subscribe(self, track: Track, since_us: int | None = None) -> None:
        """Decode a track from now on; nothing of before `since_us` is given."""
        published = self._source.tracks()
        if track not in published:
            known = ", ".join(each.id for each in published) or "none"
            raise MediaError(f"track {track.id!r} is not on this call", f"Its tracks: {known}.")
        if track in self._mixer.opened():
            return
        lane = self._mixer.open(track, since_us or 0)
        try:
            await self._source.start(track, lane)
        except CountenanceError:
            self._mixer.close(track.id)
            raise

    async def unsubscribe(self, track: Track) -> None:
        """Give nothing of a track from this moment, and decode nothing when this returns."""
        if self._mixer.close(track.id) is not None:
            await self._source.stop(track)

    async def media(self) -> AsyncIterator[Media | Reached]:
        """Media in order of time and how far time has come, until the call hangs up."""
        heart = Heart(self._loop, self._awake)
        try:
            while True:
                over, now_us = self._over, self.now_us()
                self._awake.clear()
                while (item := self._mixer.take(now_us, heart.slack_us())) is not None:
                    yield item
                if over:
                    return
                await self._awake.wait()
        finally:
            heart.stop()

    def wake(self) -> None:
        """Look again soon: something arrived, or tracks came or went; any thread may call it."""
        if not self._awake.is_set():
            self._loop.call_soon_threadsafe(self._awake.set)

    def hang_up(self) -> None:
        """The call is over: `media` gives what arrived and ends."""
        self._over = True
        self._mixer.finish()
        self.wake()

    async def close(self) -> None:
        """Leave the call."""
        for track in self._mixer.opened():
            await self.unsubscribe(track)
        self.hang_up()


class Heart:
    """Beats once a tick and notices when the loop stood still: what arrived meanwhile is not to count as late.

    After a standstill packets are read one by one, while the clock is already where they end.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, awake: asyncio.Event) -> None:
        self._loop, self._awake = loop, awake
        self._due_s = loop.time() + TICK_S
        self._timer = loop.call_at(self._due_s, self._beat)
        self._slack_us, self._until_s = 0, 0.0

    def slack_us(self) -> int:
        """How much longer than usual media are waited for now."""
        now_s = self._loop.time()
        if now_s - self._due_s > STILL_S:
            self._slack_us = min(int((now_s - self._due_s) * SECOND_US), MOST_SLACK_US)
            self._until_s = now_s + CATCH_UP_S
        return self._slack_us if now_s < self._until_s else 0

    def stop(self) -> None:
        """Beat no more."""
        self._timer.cancel()

    def _beat(self) -> None:
        self.slack_us()
        self._due_s = self._loop.time() + TICK_S
        self._timer = self._loop.call_at(self._due_s, self._beat)
        self._awake.set()
