"""A live tap that is read all the time, as a session would."""

import asyncio

from tests.capture.waiting import until

from countenance.capture.mixing import LiveTap
from countenance.contracts.media import Media, Reached


class Watched:
    """A tap whose media are read in the background, and remembered."""

    def __init__(self, tap: LiveTap) -> None:
        self.tap = tap
        self.media: list[Media] = []
        self.ended = False
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        async for item in self.tap.media():
            if not isinstance(item, Reached):
                self.media.append(item)
        self.ended = True

    def ids(self) -> list[str]:
        return [track.id for track in self.tap.tracks()]

    async def take(self, *track_ids: str) -> None:
        for track in self.tap.tracks():
            if track.id in track_ids:
                await self.tap.subscribe(track)

    async def leave(self, track_id: str) -> None:
        for track in self.tap.tracks():
            if track.id == track_id:
                await self.tap.unsubscribe(track)

    def seen(self, track_id: str) -> int:
        return sum(item.track_id == track_id for item in self.media)

    async def until_seen(self, *track_ids: str, more: int = 5) -> None:
        """Wait for media that are new."""
        goal = {track_id: self.seen(track_id) + more for track_id in track_ids}
        await until(lambda: all(self.seen(track_id) >= count for track_id, count in goal.items()))
