"""Recorded files played as if they were live: the very same media, each piece when its time has come."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from countenance.capture.lanes import TOLD_EVERY_US
from countenance.capture.playback import ReplayTap
from countenance.capture.replay import TEN_FPS, ReplayConnector
from countenance.capture.sampling import Grid
from countenance.capture.transcripts import read_transcript
from countenance.contracts.call import Call, Track
from countenance.contracts.errors import UsageError
from countenance.contracts.media import SECOND_US, Media, Reached, whole_us
from countenance.inference.tables import Table, checked, near

Sleep = Callable[[float], Awaitable[object]]
"""Waits so many seconds, as `asyncio.sleep` does."""

LATE_US = 5 * SECOND_US
"""Joined no later than this, a call is played from its beginning, the first seconds at once; later, from there on."""


class PlayingTable(Table):
    """The keys of a file source."""

    recordings: Mapping[str, Path]
    """One file per participant, by their id, or by their name."""
    transcript: Path | None = None
    speakers: Mapping[str, str] = {}
    """Whom a name in the transcript means: the name or id of a participant, or nobody where it is empty."""


class PlayingConnector:
    """A recorded call that takes place now: the files begin when the call does."""

    def __init__(
        self,
        table: PlayingTable,
        mono_us: Callable[[], int],
        *,
        began_us: int | None = None,
        grid: Grid = TEN_FPS,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        """`began_us` is when the call began on the clock `mono_us`; None: when it is joined."""
        self._table, self._mono_us, self._began_us, self._grid, self._sleep = table, mono_us, began_us, grid, sleep

    @classmethod
    def from_table(
        cls, table: Mapping[str, Any], *, fps: int, mono_us: Callable[[], int], began_us: int
    ) -> "PlayingConnector":
        """From the keys of a source; raises UsageError."""
        return cls(checked(PlayingTable, table, "source file"), mono_us, began_us=began_us, grid=Grid(fps))

    @asynccontextmanager
    async def join(self, call: Call) -> AsyncIterator["PlayingTap"]:
        """Open the files; nothing is decoded before it is subscribed."""
        known = {**{person.name: person.id for person in call.participants}, **{p.id: p.id for p in call.participants}}
        strangers = sorted(set(self._table.recordings) - set(known))
        if strangers:
            raise UsageError(f"a recording of {strangers[0]!r}, who is not on the call", near(strangers[0], known))
        recordings = {known[owner]: path for owner, path in self._table.recordings.items()}
        transcript = self._table.transcript
        words = read_transcript(transcript, call.participants, self._table.speakers) if transcript else ()
        paced = PacedConnector(
            ReplayConnector(recordings, words, self._grid), self._mono_us, self._began_us, self._sleep
        )
        async with paced.join(call) as tap:
            yield tap


class PacedConnector:
    """Recordings that are already chosen, at the speed of a clock."""

    def __init__(
        self,
        replay: ReplayConnector,
        mono_us: Callable[[], int],
        began_us: int | None = None,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        """`began_us` is when the call began on the clock `mono_us`; None: when it is joined."""
        self._replay, self._mono_us, self._began_us, self._sleep = replay, mono_us, began_us, sleep

    @asynccontextmanager
    async def join(self, call: Call) -> AsyncIterator["PlayingTap"]:
        """Open the files; nothing is decoded before it is subscribed."""
        async with self._replay.join(call) as replay:
            began_us = self._mono_us() if self._began_us is None else self._began_us
            yield PlayingTap(replay, self._mono_us, began_us, self._sleep)


class PlayingTap:
    """A tap of recordings that keeps to the clock: it never gives media before their end, and leaves none out."""

    def __init__(self, replay: ReplayTap, mono_us: Callable[[], int], began_us: int, sleep: Sleep) -> None:
        self._replay, self._mono_us, self._began_us, self._sleep = replay, mono_us, began_us, sleep
        self._subscribed: set[str] = set()
        self._told_us = -1
        self._over = asyncio.Event()
        joined_us = self.now_us()
        self._first_us = joined_us if joined_us > LATE_US else None

    def now_us(self) -> int:
        """Media time of this moment."""
        return max(0, self._mono_us() - self._began_us)

    def tracks(self) -> tuple[Track, ...]:
        """Every track of the recordings."""
        return self._replay.tracks()

    def decoded(self, track_id: str) -> int:
        """How many frames (or utterances) of a track were decoded so far."""
        return self._replay.decoded(track_id)

    def counts(self, track_id: str) -> Mapping[str, int]:
        """What happened to a track so far."""
        counts = self._replay.counts(track_id)
        return {**asdict(counts), "given": counts.sampled}

    async def subscribe(self, track: Track, since_us: int | None = None) -> None:
        """Decode a track from a moment on; None: from its beginning."""
        if self._first_us is not None:
            since_us = max(since_us or 0, self._first_us)
        await self._replay.subscribe(track, since_us)
        self._subscribed.add(track.id)

    async def unsubscribe(self, track: Track) -> None:
        """Give and decode nothing more of a track."""
        self._subscribed.discard(track.id)
        await self._replay.unsubscribe(track)

    async def media(self) -> AsyncIterator[Media | Reached]:
        """Media of subscribed tracks in order of time, and how far time has come, to the end of the recordings."""
        while not self._over.is_set():
            async for media in self._replay.media():
                async for reached in self._come(media):
                    yield reached
                if self._over.is_set():
                    return
                if media.track_id in self._subscribed:
                    yield media
            ends_us = self._replay.duration_us
            if self.now_us() >= ends_us if ends_us is not None else self._subscribed:
                return
            await self._sleep(TOLD_EVERY_US / SECOND_US)
            if (now := self._told(self.now_us())) is not None:
                yield now

    def hang_up(self) -> None:
        """The call is over: `media` ends."""
        self._over.set()

    async def _come(self, media: Media) -> AsyncIterator[Reached]:
        """Wait until a piece could have arrived, saying what time it is."""
        due_us = whole_us(media)
        while (now_us := self.now_us()) < due_us and not self._over.is_set():
            if (now := self._told(now_us)) is not None:
                yield now
            await self._sleep(min(TOLD_EVERY_US, due_us - now_us) / SECOND_US)

    def _told(self, at_us: int) -> Reached | None:
        """That time has come so far, where that is worth saying."""
        if at_us // TOLD_EVERY_US <= self._told_us // TOLD_EVERY_US:
            return None
        self._told_us = at_us
        return Reached(at_us)
