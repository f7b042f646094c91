"""A call held in memory: scripted media for tests, with the manners of a real tap."""

from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from countenance.contracts.call import Call, Track, TrackKind
from countenance.contracts.errors import MediaError
from countenance.contracts.media import AudioChunk, Media, Utterance, VideoFrame, whole_us

KIND_OF = {VideoFrame: TrackKind.VIDEO, AudioChunk: TrackKind.AUDIO, Utterance: TrackKind.TEXT}


class MemoryConnector:
    """Plays the given media in the order in which they are whole.

    Track ids are `<participant_id>/<kind>` unless tracks are given.
    """

    def __init__(self, media: Iterable[Media], tracks: Iterable[Track] = ()) -> None:
        self._media = tuple(sorted(media, key=lambda item: (whole_us(item), item.track_id)))
        self._tracks = tuple(tracks) or _tracks_of(self._media)

    @asynccontextmanager
    async def join(self, call: Call) -> AsyncIterator["MemoryTap"]:
        """Enter the call; only tracks of its participants are seen."""
        people = {person.id for person in call.participants}
        tap = MemoryTap(self._media, tuple(track for track in self._tracks if track.participant_id in people))
        try:
            yield tap
        finally:
            tap.close()


class MemoryTap:
    """Media of one scripted call.

    Time advances only while `media` is read. With nothing subscribed it ends, and goes on when it is called again.
    """

    def __init__(self, media: tuple[Media, ...], tracks: tuple[Track, ...]) -> None:
        self._media = media
        self._tracks = {track.id: track for track in tracks}
        self._subscribed: dict[str, int] = {}
        self._decoded: Counter[str] = Counter()
        self._next = 0

    def tracks(self) -> tuple[Track, ...]:
        """Every track of the call."""
        return tuple(self._tracks.values())

    def decoded(self, track_id: str) -> int:
        """How many frames, chunks or utterances of a track were handed out."""
        return self._decoded[track_id]

    async def subscribe(self, track: Track, since_us: int | None = None) -> None:
        """Begin to hand out a track from the present time of the call on, but nothing of it before `since_us`."""
        if track.id not in self._tracks:
            known = ", ".join(self._tracks) or "none"
            raise MediaError(f"track {track.id!r} is not on this call", f"Its tracks: {known}.")
        self._subscribed.setdefault(track.id, since_us or 0)

    async def unsubscribe(self, track: Track) -> None:
        """Hand out nothing of a track any more."""
        self._subscribed.pop(track.id, None)

    async def media(self) -> AsyncIterator[Media]:
        """Media of the subscribed tracks in order of time."""
        while self._subscribed and self._next < len(self._media):
            item = self._media[self._next]
            self._next += 1
            since_us = self._subscribed.get(item.track_id)
            if since_us is not None and item.at_us >= since_us:
                self._decoded[item.track_id] += 1
                yield item

    def close(self) -> None:
        """Leave: nothing is handed out any more."""
        self._subscribed.clear()


def _tracks_of(media: tuple[Media, ...]) -> tuple[Track, ...]:
    """One track per track id, in order of first appearance."""
    found: dict[str, Track] = {}
    for item in media:
        if item.track_id not in found:
            owner = item.participant_id if isinstance(item, Utterance) else item.track_id.rpartition("/")[0]
            found[item.track_id] = Track(item.track_id, owner, KIND_OF[type(item)])
    return tuple(found.values())
