"""A live call out of a script: plain pictures, silence and words, given in real time to whoever may have them."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import numpy as np

from countenance.capture.lanes import Lane
from countenance.capture.mixing import LiveTap
from countenance.capture.sampling import Grid
from countenance.contracts.call import Call, Track, TrackKind
from countenance.contracts.media import SAMPLE_RATE, SECOND_US, AudioChunk, Media, Utterance, VideoFrame

CHUNK_US = 100_000
FRAME_US = 33_333


class ScriptedSource:
    """Everybody of the call sends pictures and sound, and the words of the script, from media time zero on."""

    def __init__(self, call: Call, words: Mapping[str, list[tuple[float, str]]], now_us: Callable[[], int]) -> None:
        """`words`: second and text, by name of the participant."""
        self._people = {one.id: one.name for one in call.participants}
        self._words = words
        self._now_us = now_us
        self._pumps: dict[str, asyncio.Task[None]] = {}

    def tracks(self) -> tuple[Track, ...]:
        """Pictures and sound of everybody, and the words of those who have some in the script."""
        return tuple(
            Track(f"{who}/{kind}", who, kind)
            for who, name in self._people.items()
            for kind in TrackKind
            if kind is not TrackKind.TEXT or name in self._words
        )

    async def start(self, track: Track, lane: Lane) -> None:
        """Begin to give a track."""
        self._pumps[track.id] = asyncio.create_task(self._pump(track, lane))

    async def stop(self, track: Track) -> None:
        """Nothing more of it."""
        pump = self._pumps.pop(track.id, None)
        if pump is not None:
            pump.cancel()

    async def _pump(self, track: Track, lane: Lane) -> None:
        for media, end_us in self._media(track):
            if end_us <= lane.since_us:
                continue
            wait_us = end_us - self._now_us()
            if wait_us > 0:
                await asyncio.sleep(wait_us / SECOND_US)
            lane.decoded()
            if not isinstance(media, VideoFrame) or lane.due(media.at_us):
                lane.put(media)

    def _media(self, track: Track) -> Iterator[tuple[Media, int]]:
        if track.kind is TrackKind.TEXT:
            for at_s, text in self._words.get(self._people[track.participant_id], ()):
                end_us = round(at_s * SECOND_US)
                said = Utterance(track.id, track.participant_id, max(0, end_us - SECOND_US), end_us, text, 1.0, "en")
                yield said, end_us
            return
        at_us = 0
        while True:
            if track.kind is TrackKind.VIDEO:
                yield VideoFrame(track.id, at_us, np.full((90, 160, 3), 90, np.uint8)), at_us
                at_us += FRAME_US
            else:
                chunk = AudioChunk(track.id, at_us, np.zeros(SAMPLE_RATE // 10, np.int16))
                yield chunk, chunk.end_us
                at_us += CHUNK_US


class ScriptedConnector:
    """Joins a scripted call; `{"kind": "countenance.testing.live:ScriptedConnector", "seconds": 5, "words": {...}}`."""

    def __init__(self, table: Mapping[str, Any], fps: int, mono_us: Callable[[], int], began_us: int) -> None:
        self._table, self._fps, self._mono_us, self._began_us = table, fps, mono_us, began_us

    @classmethod
    def from_table(
        cls, table: Mapping[str, Any], *, fps: int, mono_us: Callable[[], int], began_us: int
    ) -> "ScriptedConnector":
        """From the table of a source."""
        return cls(table, fps, mono_us, began_us)

    @asynccontextmanager
    async def join(self, call: Call) -> AsyncIterator[LiveTap]:
        """The call hangs up after its seconds, if it has any."""
        source = ScriptedSource(call, self._table.get("words", {}), lambda: self._mono_us() - self._began_us)
        tap = LiveTap(source, self._mono_us, began_us=self._began_us, grid=Grid(self._fps))
        left_us = self._table.get("seconds", 0) * SECOND_US - tap.now_us()
        timer = asyncio.get_running_loop().call_later(left_us / SECOND_US, tap.hang_up) if left_us > 0 else None
        try:
            yield tap
        finally:
            if timer is not None:
                timer.cancel()
            await tap.close()
