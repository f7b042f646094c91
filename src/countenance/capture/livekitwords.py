"""Transcripts that an agent in a LiveKit room writes, as the words of whoever is transcribed: only final ones."""

import asyncio
from collections.abc import Callable

from countenance.capture.lanes import Lane
from countenance.capture.livekitmedia import Package
from countenance.contracts.media import Utterance

TOPIC = "lk.transcription"
SEGMENT, TRACK, FINAL = "lk.segment_id", "lk.transcribed_track_id", "lk.transcription_final"
LONGEST = 4000
"""Characters of one utterance; a longer one is cut off there."""
SEGMENTS = 64
"""Segments whose beginning is remembered; older ones are forgotten."""


class Transcripts:
    """Reads text streams of a room; a stream of somebody whose words are not subscribed is closed unread."""

    def __init__(self, sdk: Package, owner: Callable[[str], str | None], now_us: Callable[[], int]) -> None:
        """`owner` says which participant publishes a track."""
        self.lanes: dict[str, Lane] = {}
        """By participant: those whose words are subscribed."""
        self._sdk, self._owner, self._now_us = sdk, owner, now_us
        self._began_us: dict[str, int] = {}
        self._reading: set[asyncio.Task[None]] = set()

    def opened(self, stream: Package, _: str) -> None:
        """Take a stream; whoever sent it, it counts for the owner of the track that it names."""
        said = dict(stream.info.attributes or {})
        owner = self._owner(said.get(TRACK, ""))
        lane = None if owner is None else self.lanes.get(owner)
        if owner is None or lane is None:
            stream.close()
            return
        segment = said.get(SEGMENT, stream.info.stream_id)
        began_us = self._began_us.setdefault(segment, self._now_us())
        while len(self._began_us) > SEGMENTS:
            del self._began_us[next(iter(self._began_us))]
        task = asyncio.get_running_loop().create_task(self._read(stream, owner, lane, segment, began_us))
        self._reading.add(task)
        task.add_done_callback(self._reading.discard)

    async def close(self) -> None:
        """Read no more."""
        for task in tuple(self._reading):
            task.cancel()
        if self._reading:
            await asyncio.wait(self._reading)

    async def _read(self, stream: Package, owner: str, lane: Lane, segment: str, began_us: int) -> None:
        text = ""
        try:
            async for part in stream:
                text = (text + part)[:LONGEST]
                if lane.closed:
                    return
        except self._sdk.StreamError:
            lane.drop("broken")
            return
        finally:
            stream.close()
        # A stream may be opened as not final and say at its end that it is.
        if (stream.info.attributes or {}).get(FINAL, "true") != "true":
            lane.drop("interim")
            return
        self._began_us.pop(segment, None)
        if words := " ".join(text.split()):
            lane.decoded()
            lane.put(Utterance(lane.track.id, owner, began_us, self._now_us(), words))
