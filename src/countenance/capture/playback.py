"""A tap on what is recorded: the readers of many tracks, pulled together in order of time."""

import asyncio
import heapq
import os
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import fields

from countenance.capture.decoding import Counts
from countenance.capture.lanes import order
from countenance.capture.reading import TrackReader
from countenance.contracts.call import Track
from countenance.contracts.errors import MediaError
from countenance.contracts.media import Media

Opener = Callable[[int | None, int], TrackReader]
"""Given `since_us` (nothing before it is decoded) and `from_us` (nothing before it is given): a reader of the track."""


class ReplayTap:
    """Media of one recorded call.

    Tracks are decoded in hops of media time, each in a thread, while the hop before is looked at: never further ahead.
    Time stands still while `media` is not read. With nothing subscribed it ends, and goes on when it is called again.
    """

    def __init__(
        self, openers: Mapping[Track, Opener], *, hop_us: int, from_us: int = 0, duration_us: int | None = None
    ) -> None:
        self.duration_us = duration_us
        """When the last recording ends, as far as the files say it."""
        self._openers = {track.id: opener for track, opener in openers.items()}
        self._tracks = tuple(openers)
        self._hop_us = hop_us
        # A thread per core: with one per track the decoders push each other out of the caches.
        self._pool = ThreadPoolExecutor(os.cpu_count(), "replay")
        self._now_us: int | None = None
        self._from_us = from_us
        self._lanes: dict[str, _Lane] = {}
        self._ready: list[tuple[int, int, str, int, Media]] = []
        self._pushed = 0
        self._counts: dict[str, list[Counts]] = {track.id: [] for track in self._tracks}

    def tracks(self) -> tuple[Track, ...]:
        """Every track of the call, whether or not it may be read."""
        return self._tracks

    def decoded(self, track_id: str) -> int:
        """How many frames (or utterances) of a track were decoded so far; 0 for one that was never subscribed."""
        return self.counts(track_id).decoded

    def counts(self, track_id: str) -> Counts:
        """What happened to a track so far, over all its subscriptions."""
        parts = self._counts.get(track_id, [])
        return Counts(**{field.name: sum(getattr(part, field.name) for part in parts) for field in fields(Counts)})

    async def subscribe(self, track: Track, since_us: int | None = None) -> None:
        """Begin to decode a track: from its beginning, but once media flow with the first key frame from now on.

        `since_us` sets that moment: later than now where time went on while nobody listened, earlier for a call that
        is taken up again midway.
        """
        if track.id not in self._openers:
            known = ", ".join(self._openers) or "none"
            raise MediaError(f"track {track.id!r} is not on this call", f"Its tracks: {known}.")
        if track.id in self._lanes:
            return
        since_us = self._now_us if since_us is None else since_us
        reader = self._openers[track.id](since_us, max(self._from_us, self._now_us or 0))
        self._counts[track.id].append(reader.counts)
        self._lanes[track.id] = _Lane(reader, since_us or 0, self._pool)

    async def unsubscribe(self, track: Track) -> None:
        """Stop decoding a track, at the latest with the hop under way; whatever waited is dropped."""
        lane = self._lanes.pop(track.id, None)
        if lane is None:
            return
        self._ready = [entry for entry in self._ready if entry[2] != track.id]
        heapq.heapify(self._ready)
        await lane.close()

    async def media(self) -> AsyncIterator[Media]:
        """Media of all subscribed tracks in order of time, to the end of the recordings."""
        while True:
            open_lanes = [lane for lane in self._lanes.values() if not lane.finished]
            watermark_us = min((lane.reached_us for lane in open_lanes), default=None)
            if self._ready and (watermark_us is None or self._ready[0][:2] < (watermark_us, 1)):
                self._now_us, _, _, _, item = heapq.heappop(self._ready)
                yield item
            elif watermark_us is None:
                return
            else:
                await self._pull((watermark_us // self._hop_us + 1) * self._hop_us)

    async def close(self) -> None:
        """Leave the call."""
        for track in self._tracks:
            await self.unsubscribe(track)
        self._pool.shutdown()

    async def _pull(self, end_us: int) -> None:
        """Take the next hop of every track that is not yet there, in parallel; their hops after it begin at once."""
        behind = {
            track_id: lane for track_id, lane in self._lanes.items() if not lane.finished and lane.reached_us < end_us
        }
        # asyncio.wait leaves the threads alone when this task is cancelled; gather would abandon them.
        await asyncio.wait([lane.next_hop(self._hop_us) for lane in behind.values()])
        for track_id, lane in behind.items():
            if self._lanes.get(track_id) is lane:
                for item in lane.take():
                    self._pushed += 1
                    heapq.heappush(self._ready, (*order(item), track_id, self._pushed, item))
                lane.next_hop(self._hop_us)


class _Lane:
    """One subscribed track and the hop that is being decoded ahead."""

    def __init__(self, reader: TrackReader, since_us: int, pool: Executor) -> None:
        self.reached_us = since_us
        self.finished = False
        self._reader = reader
        self._pool = pool
        self._ahead: asyncio.Future[list[Media]] | None = None

    def next_hop(self, hop_us: int) -> "asyncio.Future[list[Media]]":
        """Decode the next hop, if that is not going on already."""
        if self._ahead is None:
            end_us = (self.reached_us // hop_us + 1) * hop_us
            self._ahead = asyncio.get_running_loop().run_in_executor(self._pool, self._reader.until, end_us)
        return self._ahead

    def take(self) -> list[Media]:
        """The hop that was decoded."""
        assert self._ahead is not None
        media = self._ahead.result()
        self._ahead = None
        self.finished, self.reached_us = self._reader.finished, max(self.reached_us, self._reader.reached_us)
        return media

    async def close(self) -> None:
        """Let the hop under way end, and close the file; an error of a track that nobody reads any more is moot."""
        if self._ahead is not None:
            await asyncio.wait([self._ahead])
            if not self._ahead.cancelled():
                self._ahead.exception()
        self._reader.close()
