"""What every connector owes the call, as a suite to run against it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from itertools import pairwise

from countenance.contracts.call import Call, Track, TrackKind
from countenance.contracts.media import AudioChunk, Media, Reached, Utterance, VideoFrame, whole_us
from countenance.contracts.stages import Connector, Tap

CARRIES = {TrackKind.VIDEO: VideoFrame, TrackKind.AUDIO: AudioChunk, TrackKind.TEXT: Utterance}
QUIET_S = 0.2
"""How long silence is listened to where a tap waits instead of ending."""
ENOUGH = 200
"""Pieces of media after which a call that never ends has shown what it does."""


async def check_connector(connector: Connector, call: Call, enough: int = ENOUGH) -> None:
    """Join the call several times and demand the promises of `Tap`; raises AssertionError with what was broken.

    The call must have media on at least two tracks, each lasting longer than the connector decodes ahead. `enough`
    pieces are looked at each time: on a live call they take as long as they last.
    """
    await _Suite(connector, call, enough).run()


class _Suite:
    """The promises of one connector, on one call."""

    def __init__(self, connector: Connector, call: Call, enough: int) -> None:
        self._connector, self._call, self._enough = connector, call, enough

    async def run(self) -> None:
        """Every promise."""
        tracks = await self._check_tracks()
        await self._check_nothing_before_subscribe()
        playing = await self._check_order()
        assert len(playing) > 1, "the suite needs a call with media on at least two tracks"
        await self._check_nothing_before_its_time(max(playing.values()))
        for track in tracks:
            await self._check_only_the_subscribed_is_decoded(track)
        for track in tracks:
            if track.id in playing:
                await self._check_nothing_after_unsubscribe(track)
                await self._check_subscribing_again(track)

    async def _check_tracks(self) -> tuple[Track, ...]:
        async with self._connector.join(self._call) as tap:
            tracks = tap.tracks()
        people = {person.id for person in self._call.participants}
        ids = [track.id for track in tracks]
        assert len(set(ids)) == len(ids), f"two tracks have one id: {ids}"
        for track in tracks:
            assert track.participant_id in people, f"{track.id} belongs to nobody on the call"
        async with self._connector.join(self._call) as tap:
            assert tap.tracks() == tracks, "joining again shows other tracks"
        return tracks

    async def _check_nothing_before_subscribe(self) -> None:
        async with self._connector.join(self._call) as tap:
            with suppress(TimeoutError):
                async with asyncio.timeout(QUIET_S):
                    async for item in _media(tap):
                        raise AssertionError(f"media of {item.track_id} before anything was subscribed")
            for track in tap.tracks():
                _check_not_decoded(tap, track)

    async def _check_order(self) -> dict[str, int]:
        """Time never runs back, and every track carries its kind of media; returns when each track last had any."""
        async with self._connector.join(self._call) as tap:
            kinds = {track.id: track.kind for track in tap.tracks()}
            for track in tap.tracks():
                await tap.subscribe(track)
            media = [item async for item in self._some(tap)]
        for item in media:
            assert item.track_id in kinds, f"media of {item.track_id!r}, a track that nobody announced"
            assert isinstance(item, CARRIES[kinds[item.track_id]]), f"{item.track_id} carries {type(item).__name__}"
            assert item.at_us >= 0, f"{item.track_id} begins before the call"
        _check_forward(media)
        return {item.track_id: item.at_us for item in media}

    async def _check_nothing_before_its_time(self, last_us: int) -> None:
        """Subscribed as of a later moment, a track gives nothing of the time before."""
        since_us = last_us // 2
        async with self._connector.join(self._call) as tap:
            for track in tap.tracks():
                await tap.subscribe(track, since_us)
            async for item in self._some(tap):
                assert item.at_us >= since_us, f"media of {item.track_id} from before it was to be subscribed"

    async def _check_only_the_subscribed_is_decoded(self, track: Track) -> None:
        async with self._connector.join(self._call) as tap:
            await tap.subscribe(track)
            async for item in self._some(tap):
                assert item.track_id == track.id, f"media of {item.track_id}, only {track.id} was subscribed"
            for other in tap.tracks():
                if other.id != track.id:
                    _check_not_decoded(tap, other)

    async def _check_nothing_after_unsubscribe(self, track: Track) -> None:
        async with self._connector.join(self._call) as tap:
            for each in tap.tracks():
                await tap.subscribe(each)
            left = None
            async for item in self._some(tap):
                assert left is None or item.track_id != track.id, f"media of {track.id} after unsubscribe returned"
                if item.track_id == track.id:
                    await tap.unsubscribe(track)
                    left = _decoded(tap, track)
            assert _decoded(tap, track) == left, f"{track.id} was decoded after unsubscribe returned"

    async def _check_subscribing_again(self, track: Track) -> None:
        """Left and subscribed again, a track brings nothing of the time before; the others go on meanwhile."""
        async with self._connector.join(self._call) as tap:
            for each in tap.tracks():
                await tap.subscribe(each)
            media: list[Media] = []
            left = again = False
            async for item in self._some(tap):
                media.append(item)
                if left and not again:
                    await tap.subscribe(track)
                    again = True
                if item.track_id == track.id and not left:
                    await tap.unsubscribe(track)
                    left = True
        _check_forward(media)

    async def _some(self, tap: Tap) -> AsyncIterator[Media]:
        """Media until the call ends or has shown enough."""
        count = 0
        async for item in _media(tap):
            yield item
            count += 1
            if count == self._enough:
                return


def _check_forward(media: list[Media]) -> None:
    for before, after in pairwise(media):
        then_us, now_us = whole_us(before), whole_us(after)
        assert now_us >= then_us, (
            f"time runs back from {then_us} us ({before.track_id}) to {now_us} us ({after.track_id})"
        )


def _check_not_decoded(tap: Tap, track: Track) -> None:
    assert not _decoded(tap, track), f"{track.id} was decoded though it was not subscribed"


def _decoded(tap: Tap, track: Track) -> int:
    """What a tap that counts says it decoded of a track."""
    count = getattr(tap, "decoded", None)
    return 0 if count is None else int(count(track.id))


async def _media(tap: Tap) -> AsyncIterator[Media]:
    """Media without what a live tap says of time."""
    reached_us = 0
    async for item in tap.media():
        at_us = item.at_us if isinstance(item, Reached) else whole_us(item)
        assert at_us >= reached_us, f"{item} comes after the tap had said {reached_us} us"
        if isinstance(item, Reached):
            reached_us = at_us
        else:
            yield item
