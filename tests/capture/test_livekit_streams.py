"""LiveKit's own native streams, on tracks of this process: they give what the tap takes. No server is needed."""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import numpy as np
import pytest

pytest.importorskip("livekit.rtc")

from tests.capture.memory_livekit import RTC
from tests.capture.waiting import until

from countenance.capture.lanes import Mixer
from countenance.capture.livekitmedia import Package, Pictures, Sounds
from countenance.capture.livekitroom import received
from countenance.capture.sampling import Grid
from countenance.contracts.call import Track, TrackKind
from countenance.contracts.media import AudioChunk, Media, Reached, VideoFrame

VOICE, FACE = Track("p_1/audio", "p_1", TrackKind.AUDIO), Track("p_1/video", "p_1", TrackKind.VIDEO)
TONE = (8000 * np.sin(2 * np.pi * 400 * np.arange(480) / 48_000)).astype(np.int16)


class Heard:
    """One native stream into a lane."""

    def __init__(self, track: Track, native: Package) -> None:
        self._began_us = time.monotonic_ns() // 1000
        self.mixer = Mixer(Grid(10))
        self.lane = self.mixer.open(track, 0)
        taking: Sounds | Pictures = Sounds(self.lane, self.now_us)
        if track.kind is TrackKind.VIDEO:
            taking = Pictures(self.lane, self.now_us, RTC)
        self.taking, self.stream = taking, taking.stream(RTC, native)

    def now_us(self) -> int:
        return time.monotonic_ns() // 1000 - self._began_us

    async def take(self) -> None:
        async for event in self.stream:
            self.taking.take(event, muted=False)

    def media(self) -> list[Media]:
        found: list[Media] = []
        while (item := self.mixer.take(self.now_us())) is not None:
            if not isinstance(item, Reached):
                found.append(item)
        return found


@asynccontextmanager
async def heard(track: Track, native: Package) -> AsyncIterator[Heard]:
    hearing = Heard(track, native)
    taking = asyncio.create_task(hearing.take())
    yield hearing
    taking.cancel()
    async with asyncio.timeout(5):
        await hearing.stream.aclose()


async def test_sound_is_one_line_of_sixteen_kilohertz() -> None:
    source = RTC.AudioSource(48_000, 1)
    async with heard(VOICE, RTC.LocalAudioTrack.create_audio_track("voice", source)) as hearing:
        for _ in range(60):
            await source.capture_frame(RTC.AudioFrame(TONE.tobytes(), 48_000, 1, 480))
        await until(lambda: hearing.lane.counts["decoded"] >= 50)
        sounds = [item for item in hearing.media() if isinstance(item, AudioChunk)]
    assert len(sounds) >= 3
    assert all(a.end_us == b.at_us for a, b in itertools.pairwise(sounds))
    whole = [sound.pcm.astype(float) for sound in sounds if len(sound.pcm) == 1600]
    heard_hz = [int(np.argmax(np.abs(np.fft.rfft(pcm)))) * 10 for pcm in whole if np.abs(pcm).mean() > 1000]
    assert 400 in heard_hz, "the tone that was sent"


async def test_pictures_are_those_that_were_sent() -> None:
    source = RTC.VideoSource(320, 180)
    async with heard(FACE, RTC.LocalVideoTrack.create_video_track("face", source)) as hearing:
        planes = np.full(320 * 180 * 3 // 2, 128, np.uint8)
        planes[: 320 * 90] = 235
        frame = RTC.VideoFrame(320, 180, RTC.VideoBufferType.I420, planes.tobytes())
        seen: list[Media] = []
        async with asyncio.timeout(20):
            while len(seen) < 3:
                source.capture_frame(frame)
                await asyncio.sleep(0.03)
                seen += hearing.media()
    first = seen[0]
    assert isinstance(first, VideoFrame)
    assert first.rgb.shape == (180, 320, 3)
    assert first.rgb[:80].mean() > 240 > 140 > first.rgb[100:].mean()
    assert len({picture.at_us // 100_000 for picture in seen}) == len(seen), "no more than ten a second"


async def test_nothing_is_counted_of_a_track_that_nobody_sends() -> None:
    native = RTC.LocalAudioTrack.create_audio_track("voice", RTC.AudioSource(48_000, 1))
    assert await received(native) == 0
