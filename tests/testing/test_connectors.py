from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest

from countenance.capture.replay import ReplayConnector
from countenance.contracts.call import Call, Participant, Purpose, Role, Track, TrackKind
from countenance.contracts.errors import MediaError
from countenance.contracts.media import AudioChunk, Media, Utterance
from countenance.testing.clips import Pictures, Tone, every, write_clip
from countenance.testing.connectors import check_connector
from countenance.testing.memory import MemoryConnector, MemoryTap

CALL = Call(
    "call",
    "deployment",
    Purpose.SUPPORT_QA,
    (Participant("ana", "Ana", Role.CUSTOMER), Participant("ben", "Ben", Role.AGENT)),
)
WORDS = tuple(Utterance("ben/text", "ben", k * 300_000, k * 300_000 + 250_000, f"word {k}") for k in range(10))
SOUND = tuple(AudioChunk("ana/audio", k * 100_000, np.full(1600, k, np.int16)) for k in range(30))


class Memory(MemoryConnector):
    """A connector over memory whose tap is broken on purpose."""

    tap: type[MemoryTap]

    @asynccontextmanager
    async def join(self, call: Call) -> AsyncIterator[MemoryTap]:
        async with super().join(call) as sound:
            yield self.tap(sound._media, sound.tracks())


class Eager(MemoryTap):
    """Hands out everything, subscribed or not."""

    async def media(self) -> AsyncIterator[Media]:
        for item in self._media:
            yield item


class Decoding(MemoryTap):
    """Decodes what nobody subscribed."""

    def decoded(self, track_id: str) -> int:
        return 1


class Backwards(MemoryTap):
    """Runs back in time."""

    async def media(self) -> AsyncIterator[Media]:
        for item in reversed([item async for item in super().media()]):
            yield item


class Clinging(MemoryTap):
    """Never lets go of a track."""

    async def unsubscribe(self, track: Track) -> None:
        pass


class Hasty(MemoryTap):
    """Begins before it was asked to."""

    async def subscribe(self, track: Track, since_us: int | None = None) -> None:
        await super().subscribe(track)


class Unannounced(MemoryTap):
    """Plays a track that it does not list."""

    def tracks(self) -> tuple[Track, ...]:
        return super().tracks()[:1]

    async def media(self) -> AsyncIterator[Media]:
        if self._subscribed:
            for item in self._media:
                yield item


async def test_a_call_in_memory_keeps_every_promise() -> None:
    await check_connector(MemoryConnector((*WORDS, *SOUND)), CALL)


async def test_recordings_keep_every_promise(tmp_path: Path) -> None:
    ana = write_clip(tmp_path / "ana.mp4", Pictures(at_us=every(30, 3)), Tone(3))
    ben = write_clip(tmp_path / "ben.webm", Pictures(codec="libvpx", at_us=every(15, 3), options={}), None)
    await check_connector(ReplayConnector({"ana": ana, "ben": ben}, WORDS), CALL)


@pytest.mark.parametrize(
    ("tap", "complaint"),
    [
        (Eager, "before anything was subscribed"),
        (Decoding, "was decoded though it was not subscribed"),
        (Backwards, "time runs back"),
        (Hasty, "from before it was to be subscribed"),
        (Clinging, "after unsubscribe returned"),
        (Unannounced, "a track that nobody announced"),
    ],
)
async def test_a_tap_that_breaks_a_promise_is_found_out(tap: type[MemoryTap], complaint: str) -> None:
    connector = Memory((*WORDS, *SOUND))
    connector.tap = tap
    with pytest.raises(AssertionError, match=complaint):
        await check_connector(connector, CALL)


async def test_a_track_with_media_of_another_kind_is_found_out() -> None:
    wrong = Track("ana/audio", "ana", TrackKind.VIDEO)
    with pytest.raises(AssertionError, match="carries AudioChunk"):
        await check_connector(MemoryConnector(SOUND, [wrong]), CALL)


async def test_the_suite_refuses_a_call_too_small_to_show_anything() -> None:
    with pytest.raises(AssertionError, match="at least two tracks"):
        await check_connector(MemoryConnector(SOUND), CALL)


async def test_memory_plays_only_people_on_the_call_and_only_their_own_tracks() -> None:
    stranger = Utterance("eve/text", "eve", 0, 1, "hello")
    async with MemoryConnector((stranger, *WORDS)).join(CALL) as tap:
        assert [track.id for track in tap.tracks()] == ["ben/text"]
        with pytest.raises(MediaError, match=r"'eve/text' is not on this call. Its tracks: ben/text"):
            await tap.subscribe(Track("eve/text", "eve", TrackKind.TEXT))


async def test_memory_goes_on_where_it_was_when_everybody_left_for_a_while() -> None:
    async with MemoryConnector(WORDS).join(CALL) as tap:
        (track,) = tap.tracks()
        await tap.subscribe(track)
        async for _ in tap.media():
            await tap.unsubscribe(track)
        await tap.subscribe(track)
        assert [item async for item in tap.media()] == list(WORDS[1:])
