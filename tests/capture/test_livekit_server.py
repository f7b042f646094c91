"""The tap on a real LiveKit server: LIVEKIT_URL, LIVEKIT_API_KEY and LIVEKIT_API_SECRET say which; skipped without.

A person made here publishes a picture, a tone and a transcript into a room of this test's own.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from secrets import token_hex

import numpy as np
import pytest
from tests.capture.waiting import until
from tests.capture.watching import Watched

from countenance.capture.livekit import LivekitConnector, tickets
from countenance.capture.livekitaccess import ENVIRONMENT, LivekitAccess, LivekitRoom
from countenance.capture.livekitmedia import Package
from countenance.capture.livekitroom import LISTENED_S, SIGNAL
from countenance.capture.livekitwords import FINAL, SEGMENT, TOPIC, TRACK
from countenance.contracts.call import Call, Participant, Purpose, Role
from countenance.contracts.media import AudioChunk, Utterance, VideoFrame
from countenance.storage.clocks import SystemClock

rtc = pytest.importorskip("livekit.rtc")
api = pytest.importorskip("livekit.api")

if not all(os.environ.get(name) for name in ENVIRONMENT):
    pytest.skip(f"no LiveKit server: set {', '.join(ENVIRONMENT)}", allow_module_level=True)

CALL = Call("call", "acme", Purpose.SUPPORT_QA, (Participant("p_1", "Ana", Role.CUSTOMER),))
VOICE, FACE, WORDS = "p_1/audio", "p_1/video", "p_1/text"
TONE = (8000 * np.sin(2 * np.pi * 400 * np.arange(480) / 48_000)).astype(np.int16)


class Ana:
    """Somebody in the room, who sends until the test ends."""

    def __init__(self, access: LivekitAccess, room: str) -> None:
        grants = api.VideoGrants(room_join=True, room=room)
        made = api.AccessToken(access.key, access.secret).with_identity("ana@acme").with_grants(grants)
        self._url, self._token = access.url, made.with_ttl(timedelta(minutes=5)).to_jwt()
        self.room: Package = rtc.Room()
        self.told: list[Package] = []
        self.sid = ""

    async def enter(self) -> None:
        self.room.on("data_received", self.told.append)
        await self.room.connect(self._url, self._token)
        self._sound, self._pictures = rtc.AudioSource(48_000, 1), rtc.VideoSource(640, 360)
        mine = self.room.local_participant
        camera = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_CAMERA, simulcast=True)
        microphone = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE)
        await mine.publish_track(rtc.LocalVideoTrack.create_video_track("face", self._pictures), camera)
        voice = rtc.LocalAudioTrack.create_audio_track("voice", self._sound)
        self.sid = (await mine.publish_track(voice, microphone)).sid

    async def send(self) -> None:
        frame = rtc.VideoFrame(640, 360, rtc.VideoBufferType.I420, bytes([128]) * (640 * 360 * 3 // 2))
        for count in range(100_000):
            await self._sound.capture_frame(rtc.AudioFrame(TONE.tobytes(), 48_000, 1, 480))
            if count % 3 == 0:
                self._pictures.capture_frame(frame)

    async def say(self, text: str, final: str) -> None:
        said = {SEGMENT: "SG_1", TRACK: self.sid, FINAL: final}
        await self.room.local_participant.send_text(text, topic=TOPIC, attributes=said)


@asynccontextmanager
async def call() -> AsyncIterator[tuple[LivekitConnector, Watched, Ana]]:
    access, name = LivekitAccess.of(os.environ), f"countenance-{token_hex(4)}"
    clock = SystemClock()
    connector = LivekitConnector(tickets(LivekitRoom(room=name), access, clock), clock.mono_us)
    connector.know("ana@acme", "p_1")
    ana = Ana(access, name)
    await ana.enter()
    sending = asyncio.create_task(ana.send())
    async with connector.join(CALL) as tap:
        watched = Watched(tap)
        await until(lambda: {VOICE, FACE} <= set(watched.ids()))
        yield connector, watched, ana
    sending.cancel()
    await ana.room.disconnect()


async def test_what_is_permitted_comes_and_what_is_given_up_stops() -> None:
    async with call() as (_, watched, ana):
        await asyncio.sleep(1)
        assert watched.media == []
        await watched.take(VOICE, FACE)
        await watched.until_seen(VOICE, FACE)
        assert any(isinstance(item, VideoFrame) for item in watched.media)
        assert any(isinstance(item, AudioChunk) and np.abs(item.pcm).max() > 1000 for item in watched.media)
        await watched.leave(FACE)
        seen = watched.seen(FACE)
        await asyncio.sleep(sum(LISTENED_S))
        assert watched.seen(FACE) == seen
        await watched.until_seen(VOICE)
        await watched.take(FACE)
        await watched.until_seen(FACE)
        seen_by_ana = next(iter(ana.room.remote_participants.values()))
        assert seen_by_ana.name.startswith("Countenance"), "the people in the room see the tap"


async def test_transcripts_come_and_a_person_is_told() -> None:
    async with call() as (connector, watched, ana):
        await ana.say("hello", "false")
        await until(lambda: WORDS in watched.ids())
        await watched.take(WORDS)
        await asyncio.sleep(0.2)
        await ana.say("hello there", "true")
        await until(lambda: any(isinstance(item, Utterance) and item.text == "hello there" for item in watched.media))
        assert await connector.signal("tell", {"participant_id": "p_1", "payload": "{}"}) == {"told": True}
        await until(lambda: bool(ana.told))
        assert (ana.told[0].data, ana.told[0].topic) == (b"{}", SIGNAL)


async def test_a_connection_that_is_resumed_or_made_anew_goes_on() -> None:
    scenario = rtc.room.SimulateScenarioKind
    async with call() as (connector, watched, _):
        await watched.take(VOICE)
        await watched.until_seen(VOICE)
        for kind in (scenario.SIMULATE_SIGNAL_RECONNECT, scenario.SIMULATE_FULL_RECONNECT):
            source = connector._source
            assert source is not None
            assert source._visit is not None
            await source._visit.room.simulate_scenario(kind)
            await watched.until_seen(*[name for name in watched.ids() if name.startswith(VOICE)][:1])
