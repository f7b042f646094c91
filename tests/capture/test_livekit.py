"""The tap on a LiveKit room: all its logic against a room in memory, and that room against LiveKit's own package."""

import asyncio
import inspect
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date

import jwt
import numpy as np
import pytest

pytest.importorskip("livekit.rtc")

import itertools

from tests.capture import memory_livekit
from tests.capture.memory_livekit import RTC, MemoryLivekit, MemoryText
from tests.capture.waiting import until
from tests.capture.watching import Watched

from countenance.aggregation.taxonomy import load
from countenance.assembly import rule_all
from countenance.capture.livekit import PATIENCE, LivekitConnector, tickets
from countenance.capture.livekitaccess import LivekitAccess, LivekitRoom
from countenance.capture.livekitroom import LISTENED_S, SIGNAL, Visit
from countenance.capture.livekitwords import FINAL, LONGEST, SEGMENT, TRACK
from countenance.consent.register import Register
from countenance.contracts.call import Call, Participant, Purpose, Role
from countenance.contracts.errors import TapError, UsageError
from countenance.contracts.media import SECOND_US, AudioChunk, Utterance, VideoFrame
from countenance.contracts.trust import ConsentStatus
from countenance.deployment import Deployment, Person
from countenance.permission import Permissions
from countenance.policy.gate import Gate
from countenance.storage.clocks import SystemClock
from countenance.testing.connectors import check_connector
from countenance.worker.looking import sights, tracks_of

CALL = Call(
    "call",
    "acme",
    Purpose.SUPPORT_QA,
    (Participant("p_1", "Ana", Role.CUSTOMER), Participant("p_2", "Ben", Role.AGENT)),
)
ACCESS = LivekitAccess("ws://livekit.example", "APIkey", "a-secret-of-more-than-thirty-two-bytes")
AUDIO, VIDEO = RTC.TrackKind.KIND_AUDIO, RTC.TrackKind.KIND_VIDEO
CAMERA, MICROPHONE = RTC.TrackSource.SOURCE_CAMERA, RTC.TrackSource.SOURCE_MICROPHONE
SCREEN = RTC.TrackSource.SOURCE_SCREENSHARE
GREY = np.full((36, 32), 128, np.uint8)
"""Of 32 x 24 pixels, I420."""
LOUD = np.full(160, 1000, np.int16)
TEN_MS = 10_000


@dataclass
class Room:
    """A room with Ana, who sends a picture and a sound, and Ben, who sends a sound; time is the test's."""

    server: MemoryLivekit = field(default_factory=MemoryLivekit)
    asked: LivekitRoom = field(default_factory=lambda: LivekitRoom(room="lesson-7"))
    now_us: int = 0
    sids: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.server.join("ana@acme")
        self.server.join("ben@acme")
        self.sids["face"] = self.server.publish("ana@acme", VIDEO, CAMERA, simulcasted=True)
        self.sids["voice"] = self.server.publish("ana@acme", AUDIO, MICROPHONE)
        self.sids["ben"] = self.server.publish("ben@acme", AUDIO, MICROPHONE)

    def connector(self, retries_s: tuple[float, ...] = (0.0,) * 50) -> LivekitConnector:
        made = LivekitConnector(
            tickets(self.asked, ACCESS, SystemClock()),
            lambda: self.now_us,
            began_us=0,
            retries_s=retries_s,
            sdk=self.server,
        )
        made.know("ana@acme", "p_1")
        made.know("ben@acme", "p_2")
        return made

    @asynccontextmanager
    async def tapped(self, connector: LivekitConnector | None = None) -> AsyncIterator[Watched]:
        async with (connector or self.connector()).join(CALL) as tap:
            yield Watched(tap)

    async def play(self, tenths: int = 10) -> None:
        """Everybody sends for so many tenths of a second."""
        for _ in range(tenths * 10):
            self.now_us += TEN_MS
            for name in ("voice", "ben"):
                self.server.sound(self.sids[name], LOUD)
            if self.now_us % 40_000 == 0:
                self.server.picture(self.sids["face"], GREY, self.now_us)
            await asyncio.sleep(0)

    def publication(self, name: str) -> memory_livekit.MemoryPublication:
        room = self.server.connected()[-1]
        found = (p.track_publications.get(self.sids[name]) for p in room.remote_participants.values())
        return next(publication for publication in found if publication is not None)


FACE, VOICE, BEN = "p_1/video", "p_1/audio", "p_2/audio"
WORDS = "p_1/text"


@pytest.fixture
def room() -> Room:
    return Room()


async def subscribed(room: Room, *names: str) -> None:
    await until(lambda: all(room.publication(name).flowing is not None for name in names))
    await asyncio.sleep(0)


async def playing(room: Room, held: Callable[[], bool]) -> None:
    """Everybody sends until something holds."""
    async with asyncio.timeout(20):
        while not held():
            await room.play(1)
            await asyncio.sleep(0.01)


async def test_it_enters_seen_by_all_with_a_token_for_this_room_and_subscribes_to_nothing(room: Room) -> None:
    async with room.tapped() as watched:
        assert sorted(watched.ids()) == ["p_1/audio", "p_1/video", "p_2/audio"]
        await room.play()
        assert watched.media == []
        assert not room.server.decoded
        assert room.server.rooms[0].options.auto_subscribe is False
    claims = jwt.decode(room.server.tokens[0], ACCESS.secret, algorithms=["HS256"])
    assert claims["video"]["hidden"] is False
    assert claims["video"]["canPublish"] is False
    assert claims["video"]["room"] == "lesson-7"
    assert not room.server.connected(), "leaving the tap leaves the room"


async def test_what_is_subscribed_and_only_that_is_decoded_and_given(room: Room) -> None:
    async with room.tapped() as watched:
        await watched.take(VOICE)
        await subscribed(room, "voice")
        await room.play(20)
        await until(lambda: watched.seen(VOICE) >= 15)
        assert {item.track_id for item in watched.media} == {VOICE}
        assert set(room.server.decoded) == {room.sids["voice"]}
        sounds = [item for item in watched.media if isinstance(item, AudioChunk)]
        assert all(a.end_us == b.at_us for a, b in itertools.pairwise(sounds)), "one line without a seam"
        assert all(sound.pcm[0] == 1000 for sound in sounds)


async def test_pictures_come_on_the_grid_from_the_lowest_layer(room: Room) -> None:
    async with room.tapped() as watched:
        await watched.take(FACE)
        await subscribed(room, "face")
        await room.play(20)
        await until(lambda: watched.seen(FACE) >= 15)
        pictures = [item for item in watched.media if isinstance(item, VideoFrame)]
        assert len({picture.at_us // 100_000 for picture in pictures}) == len(pictures), "ten a second at most"
        assert pictures[0].rgb.shape == (24, 32, 3)
        assert room.publication("face").quality == RTC.VideoQuality.VIDEO_QUALITY_LOW
        assert watched.tap.counts(FACE)["not_due"] > 0


async def test_a_track_without_layers_is_asked_for_no_layer(room: Room) -> None:
    room.sids["face"] = room.server.publish("ana@acme", VIDEO, CAMERA)
    async with room.tapped() as watched:
        name = next(name for name in watched.ids() if name.startswith(FACE) and name != FACE)
        await watched.take(name)
        await subscribed(room, "face")
        await room.play(10)
        await until(lambda: watched.seen(name) > 3)
        assert room.publication("face").quality is None


@pytest.mark.parametrize(("rotation", "shape"), [(0, (24, 32)), (1, (32, 24)), (2, (24, 32)), (3, (32, 24))])
async def test_pictures_stand_upright(room: Room, rotation: int, shape: tuple[int, int]) -> None:
    planes = GREY.copy()
    planes[:4] = 235
    async with room.tapped() as watched:
        await watched.take(FACE)
        await subscribed(room, "face")
        for _ in range(10):
            room.now_us += 100_000
            room.server.picture(room.sids["face"], planes, room.now_us, rotation)
            await asyncio.sleep(0)
        await until(lambda: watched.seen(FACE) > 1)
        first = next(item for item in watched.media if isinstance(item, VideoFrame))
        assert first.rgb.shape[:2] == shape
        edges = {"top": first.rgb[0], "right": first.rgb[:, -1], "bottom": first.rgb[-1], "left": first.rgb[:, 0]}
        bright = max(edges, key=lambda edge: edges[edge].mean())
        assert bright == ("top", "right", "bottom", "left")[rotation], "turned clockwise, as WebRTC means it"


async def test_pictures_of_odd_sizes_are_read(room: Room) -> None:
    async with room.tapped() as watched:
        await watched.take(FACE)
        await subscribed(room, "face")
        planes = np.full(33 * 25 + 2 * 17 * 13, 128, np.uint8)
        frame = RTC.VideoFrame(33, 25, RTC.VideoBufferType.I420, planes.tobytes())
        for _ in range(10):
            room.now_us += 100_000
            room.server._deliver(room.sids["face"], RTC.VideoFrameEvent(frame, room.now_us, 0))
            await asyncio.sleep(0)
        await until(lambda: watched.seen(FACE) > 1)
        assert isinstance(watched.media[0], VideoFrame)
        assert watched.media[0].rgb.shape == (25, 33, 3)


async def test_after_a_no_nothing_is_given_at_once_and_the_server_is_told_and_the_stream_closed(room: Room) -> None:
    async with room.tapped() as watched:
        await watched.take(VOICE, BEN)
        await subscribed(room, "voice", "ben")
        await room.play()
        publication = room.publication("voice")
        assert publication.track is not None
        (stream,) = publication.track.streams
        await watched.leave(VOICE)
        assert publication.asked[-1] is False, "the server was told before this returned"
        seen, decoded = watched.seen(VOICE), room.server.decoded[room.sids["voice"]]
        await until(lambda: stream.closed)
        await room.play()
        assert watched.seen(VOICE) == seen
        assert room.server.decoded[room.sids["voice"]] == decoded
        await until(lambda: watched.seen(BEN) > 5)
        assert len(room.server.rooms) == 1, "the others were not disturbed"


async def test_a_server_that_goes_on_sending_is_left_and_only_what_is_permitted_is_subscribed_again(
    room: Room,
) -> None:
    async with room.tapped() as watched:
        await watched.take(VOICE, BEN)
        await subscribed(room, "voice", "ben")
        room.server.deaf = True
        await watched.leave(VOICE)
        await playing(room, lambda: len(room.server.rooms) == 2)
        room.server.deaf = False
        decoded = room.server.decoded[room.sids["voice"]]
        await subscribed(room, "ben")
        seen = watched.seen(BEN)
        await room.play(20)
        await until(lambda: watched.seen(BEN) > seen)
        assert room.server.decoded[room.sids["voice"]] == decoded
        assert not room.server.rooms[0].isconnected()


async def test_a_server_that_never_listens_is_left_for_good(room: Room) -> None:
    room.server.deaf = True
    async with room.tapped() as watched:
        for visit in range(1, PATIENCE + 2):
            await until(lambda: watched.ended or len(room.server.connected()) == 1)
            await watched.take(VOICE)
            await subscribed(room, "voice")
            await watched.leave(VOICE)
            await playing(room, lambda visit=visit: watched.ended or len(room.server.rooms) > visit)  # type: ignore[misc]
        await until(lambda: watched.ended)
        assert len(room.server.rooms) == PATIENCE + 1
        assert not room.server.connected()


async def test_what_the_server_sends_unasked_is_given_up_and_opened_by_nobody(room: Room) -> None:
    async with room.tapped() as watched:
        publication = room.publication("ben")
        publication.force()
        assert publication.track is not None
        assert publication.track.streams == []
        await until(lambda: publication.flowing is None)
        assert publication.asked == [False]
        await room.play()
        assert watched.media == []


async def test_a_server_that_sends_unasked_and_does_not_stop_is_left(room: Room) -> None:
    async with room.tapped() as watched:
        room.server.deaf = True
        room.publication("ben").force()
        await playing(room, lambda: len(room.server.rooms) == 2)
        assert watched.media == []


@pytest.mark.parametrize("fresh", [False, True])
async def test_what_is_subscribed_again_goes_on_whether_or_not_the_package_says_so(room: Room, fresh: bool) -> None:
    room.server.fresh = fresh
    async with room.tapped() as watched:
        for _ in range(3):
            await watched.take(VOICE)
            await subscribed(room, "voice")
            seen = watched.seen(VOICE)
            await playing(room, lambda seen=seen: watched.seen(VOICE) > seen + 3)  # type: ignore[misc]
            await watched.leave(VOICE)
            await until(lambda: room.publication("voice").flowing is None)
        assert len(room.server.rooms) == 1


async def test_subscribing_again_before_the_server_has_answered_goes_on(room: Room) -> None:
    async with room.tapped() as watched:
        await watched.take(VOICE)
        await subscribed(room, "voice")
        await watched.leave(VOICE)
        await watched.take(VOICE)
        goal = asyncio.get_running_loop().time() + sum(LISTENED_S[:2]) * 1.5
        await playing(room, lambda: asyncio.get_running_loop().time() > goal)
        assert len(room.server.rooms) == 1, "nobody was left because of it"
        seen = watched.seen(VOICE)
        await playing(room, lambda: watched.seen(VOICE) > seen)


async def test_a_muted_microphone_is_a_gap_and_not_silence(room: Room) -> None:
    async with room.tapped() as watched:
        await watched.take(VOICE)
        await subscribed(room, "voice")
        await room.play(5)
        room.server.mute(room.sids["voice"])
        await room.play(5)
        room.server.mute(room.sids["voice"], muted=False)
        await room.play(10)
        await until(lambda: watched.seen(VOICE) >= 12)
        sounds = [item for item in watched.media if isinstance(item, AudioChunk)]
        gaps = [b.at_us - a.end_us for a, b in itertools.pairwise(sounds) if b.at_us != a.end_us]
        assert len(gaps) == 1
        assert 450_000 <= gaps[0] <= 550_000


async def test_people_come_and_go_and_a_track_that_comes_again_is_another(room: Room) -> None:
    async with room.tapped() as watched:
        await watched.take(VOICE)
        await subscribed(room, "voice")
        room.server.unpublish(room.sids["voice"])
        assert VOICE not in watched.ids()
        room.sids["voice"] = room.server.publish("ana@acme", AUDIO, MICROPHONE)
        again = next(name for name in watched.ids() if name.startswith(VOICE))
        assert again != VOICE
        assert room.publication("voice").track is None, "the new one is not subscribed because the old one was"
        room.server.leave("ana@acme")
        assert watched.ids() == ["p_2/audio"]
        room.server.join("ana@acme")
        room.server.publish("ana@acme", AUDIO, MICROPHONE)
        assert sum(name.startswith("p_1/") for name in watched.ids()) == 1


async def test_screens_agents_and_strangers_are_never_tracks(room: Room) -> None:
    room.server.publish("ben@acme", VIDEO, SCREEN)
    room.server.publish("ben@acme", AUDIO, RTC.TrackSource.SOURCE_SCREENSHARE_AUDIO)
    room.server.join("agent", kind=RTC.ParticipantKind.PARTICIPANT_KIND_AGENT)
    room.server.publish("agent", AUDIO)
    room.server.join("eve")
    room.server.publish("eve", VIDEO, CAMERA)
    connector = room.connector()
    async with room.tapped(connector) as watched:
        assert sorted(watched.ids()) == ["p_1/audio", "p_1/video", "p_2/audio"]
        assert [seen.identity for seen in connector.people()] == ["ana@acme", "ben@acme", "eve"]
        await connector.signal("know", {"called": "eve", "participant_id": "p_2"})
        assert sum(name.startswith("p_2/") for name in watched.ids()) == 2


async def test_who_speaks_is_known_from_the_room_with_nothing_subscribed(room: Room) -> None:
    async with room.connector().join(CALL) as tap:
        assert tap.speakers.spans(0) == {}, "nobody has said anything yet"
        room.server.speak("ben@acme")
        room.now_us = 400_000
        room.server.speak()
        room.now_us = SECOND_US
        assert tap.speakers.spans(room.now_us) == {"p_1": (), "p_2": ((0, 400_000),)}
        assert room.server.decoded.total() == 0
        room.server.leave("ben@acme")
        await until(lambda: tap.speakers.spans(room.now_us) == {"p_1": ()})
        room.server.end(RTC.DisconnectReason.SIGNAL_CLOSE)
        await until(lambda: tap.speakers.spans(room.now_us) == {})


async def test_attributes_are_hints_and_no_permission(room: Room) -> None:
    room.server.attributes("ben@acme", {"lk.simulator": "true", "unrelated": "x"})
    connector = room.connector()
    async with room.tapped(connector):
        room.server.attributes("ana@acme", {"countenance.consent.face": "given", "countenance.consent.text": "refused"})
        ana, ben = connector.people()
        assert (ana.participant_id, ana.hints) == ("p_1", {"face": "given", "text": "refused"})
        assert (ana.simulated, ben.simulated, dict(ben.hints)) == (False, True, {})
        assert room.publication("face").asked == [], "nothing was subscribed because an attribute says so"
    assert connector.people() == ()


async def test_a_lost_line_is_made_anew_and_the_same_tracks_go_on(room: Room) -> None:
    async with room.tapped() as watched:
        await watched.take(VOICE)
        await subscribed(room, "voice")
        await room.play(5)
        room.server.refusals = 2
        room.server.end(RTC.DisconnectReason.SIGNAL_CLOSE)
        assert VOICE in watched.ids()
        await until(lambda: len(room.server.connected()) == 1)
        await subscribed(room, "voice")
        seen = watched.seen(VOICE)
        await room.play(10)
        await until(lambda: watched.seen(VOICE) > seen)
        assert len(room.server.tokens) == 4, "every attempt has a token of its own"
        assert not watched.ended


@pytest.mark.parametrize("reason", ["ROOM_DELETED", "ROOM_CLOSED", "PARTICIPANT_REMOVED", "DUPLICATE_IDENTITY"])
async def test_a_room_that_is_over_and_a_tap_that_was_removed_do_not_come_back(room: Room, reason: str) -> None:
    async with room.tapped() as watched:
        room.server.end(getattr(RTC.DisconnectReason, reason))
        await until(lambda: watched.ended)
        assert len(room.server.rooms) == 1


async def test_a_server_that_does_not_let_the_tap_in_is_an_error_that_shows_no_key(room: Room) -> None:
    room.server.refusals = 1
    with pytest.raises(TapError, match="401") as caught:
        async with room.tapped():
            pass
    assert ACCESS.secret not in str(caught.value)


def text(pieces: list[str], sid: str, final: str | None = "true", **more: str) -> MemoryText:
    said = {SEGMENT: "SG_1", TRACK: sid, **({FINAL: final} if final else {}), **more}
    return MemoryText(pieces, said)


async def transcribed(room: Room, watched: Watched) -> None:
    """Let the first sight of a transcript make a text track of Ana's, and subscribe to it."""
    first = text(["A"], room.sids["voice"], "false", **{SEGMENT: "SG_0"})
    room.server.write(first)
    assert (first.read, first.closed) == (0, True), "it was not permitted yet"
    await watched.take(WORDS)
    await asyncio.sleep(0.01)


async def test_final_transcripts_are_the_words_of_whose_track_they_name(room: Room) -> None:
    async with room.tapped() as watched:
        await transcribed(room, watched)
        room.now_us = SECOND_US
        room.server.write(text(["So ", "far"], room.sids["voice"], "false"))
        await asyncio.sleep(0.01)
        room.now_us = 3 * SECOND_US
        room.server.write(text(["So far  ", "so\ngood."], room.sids["voice"]))
        await until(lambda: bool(watched.media))
        (said,) = watched.media
        assert isinstance(said, Utterance)
        assert (said.text, said.participant_id, said.track_id) == ("So far so good.", "p_1", WORDS)
        assert said.start_us == SECOND_US, "the segment began with its first sight"
        assert said.end_us == 3 * SECOND_US
        assert watched.tap.counts(WORDS)["interim"] == 1


async def test_a_stream_that_turns_out_final_at_its_end_counts(room: Room) -> None:
    async with room.tapped() as watched:
        await transcribed(room, watched)
        said = {SEGMENT: "SG_2", TRACK: room.sids["voice"], FINAL: "false"}
        room.server.write(MemoryText(["Yes."], said, {FINAL: "true"}))
        room.server.write(MemoryText(["No"], said, {FINAL: "true"}, broken=True))
        room.server.write(text(["x" * (LONGEST + 9)], room.sids["voice"]))
        room.server.write(text([" "], room.sids["voice"]))
        await until(lambda: len(watched.media) == 2)
        assert [len(item.text) for item in watched.media if isinstance(item, Utterance)] == [4, LONGEST]
        assert watched.tap.counts(WORDS)["broken"] == 1


async def test_words_of_who_did_not_permit_are_closed_unread(room: Room) -> None:
    async with room.tapped() as watched:
        await transcribed(room, watched)
        streams = [text(["secret"], sid) for sid in (room.sids["ben"], "TR_nobody", "")]
        for stream in streams:
            room.server.write(stream)
        assert [(stream.read, stream.closed) for stream in streams] == [(0, True)] * 3
        await watched.leave(WORDS)
        late = text(["secret"], room.sids["voice"])
        room.server.write(late)
        assert (late.read, late.closed) == (0, True)
        await asyncio.sleep(0.01)
        assert watched.media == []


async def test_words_being_read_when_the_permission_ends_are_not_given(room: Room) -> None:
    async with room.tapped() as watched:
        await transcribed(room, watched)
        stream = text(["one ", "two ", "three"], room.sids["voice"])
        room.server.write(stream)
        await watched.leave(WORDS)
        await until(lambda: stream.closed)
        assert stream.read <= 1
        assert watched.media == []


async def test_no_transcript_is_offered_before_there_is_one_or_where_words_are_redacted(room: Room) -> None:
    room.server.attributes("ben@acme", {"lk.redaction.enabled": "true"})
    async with room.tapped() as watched:
        assert WORDS not in watched.ids()
        room.server.write(text(["Hello."], room.sids["ben"]))
        assert "p_2/text" not in watched.ids()
        await transcribed(room, watched)
        room.server.end(RTC.DisconnectReason.SIGNAL_CLOSE)
        await until(lambda: len(room.server.connected()) == 1)
        assert WORDS in watched.ids(), "a line made anew still knows of it"


async def test_transcripts_of_the_room_can_be_left_out(room: Room) -> None:
    room.asked = LivekitRoom(room="lesson-7", transcripts=False)
    async with room.tapped() as watched:
        first = text(["A"], room.sids["voice"])
        room.server.write(first)
        assert first.read == 0
        assert WORDS not in watched.ids()


async def test_a_person_is_told_of_their_own_readings_and_nobody_else_is(room: Room) -> None:
    connector = room.connector()
    async with room.tapped(connector):
        assert await connector.signal("tell", {"participant_id": "p_1", "payload": "{}"}) == {"told": True}
        assert await connector.signal("tell", {"participant_id": "p_9", "payload": "{}"}) == {"told": False}
        with pytest.raises(UsageError, match="at most"):
            await connector.signal("tell", {"participant_id": "p_1", "payload": "x" * 20_000})
        with pytest.raises(UsageError, match="tell"):
            await connector.signal("tell", {"participant_id": "p_1"})
        with pytest.raises(UsageError, match="offer"):
            await connector.signal("offer", {})
    assert room.server.sent == [(b"{}", ("ana@acme",), SIGNAL)]
    assert await connector.signal("tell", {"participant_id": "p_1", "payload": "{}"}) == {"told": False}


def test_a_source_is_built_from_its_table_and_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIVEKIT_API_KEY", "k")
    monkeypatch.setenv("LIVEKIT_API_SECRET", "s" * 32)
    monkeypatch.delenv("LIVEKIT_URL", raising=False)

    def build(table: Mapping[str, object]) -> LivekitConnector:
        return LivekitConnector.from_table(table, fps=5, mono_us=lambda: 0, began_us=0)

    with pytest.raises(UsageError, match="LIVEKIT_URL"):
        build({"room": "lesson-7"})
    monkeypatch.setenv("LIVEKIT_URL", "ws://127.0.0.1:7880")
    assert build({"room": "lesson-7"})
    with pytest.raises(UsageError, match="unknown key 'url'"):
        build({"room": "lesson-7", "url": "ws://elsewhere"})  # a token is sent to no address that a caller names
    with pytest.raises(UsageError, match="Did you mean room"):
        build({"room": "lesson-7", "rom": "lesson-7"})


async def test_a_dry_run_shows_who_publishes_what_and_decodes_nothing(room: Room) -> None:
    register = Register(CALL.id, CALL.purpose)
    register.answer("p_1", "voice", ConsentStatus.GIVEN, 0, kind="express_written")
    facts = {"minor": "adult", "b2b": "no"}
    deployment = Deployment(
        purpose=CALL.purpose,
        jurisdictions=("US-CA",),
        facts=facts,
        participant=tuple(Person(name=p.name, role=p.role) for p in CALL.participants),
    )
    rulings = rule_all(Gate.load(), deployment, CALL, [load("engagement.v1")], date(2026, 11, 23))
    permissions = Permissions(CALL, rulings, register, ("face", "voice", "text"))
    playing_on = asyncio.create_task(room.play(30))
    found = sights(permissions, await tracks_of(room.connector(), permissions, 0.2))
    await playing_on
    assert {(one.participant.id, one.track_id): one.decoded for one in found if one.track_id} == {
        ("p_1", FACE): False,
        ("p_1", VOICE): True,
        ("p_2", BEN): False,
    }
    assert not room.server.decoded


class Conformed(LivekitConnector):
    """A connector into a room in which everybody sends for four seconds and then hangs up."""

    def __init__(self) -> None:
        self.room = Room()
        super().__init__(
            tickets(self.room.asked, ACCESS, SystemClock()),
            lambda: self.room.now_us,
            began_us=0,
            retries_s=(0.0,) * 50,
            sdk=self.room.server,
        )
        self.know("ana@acme", "p_1")
        self.know("ben@acme", "p_2")

    @asynccontextmanager
    async def join(self, call: Call) -> AsyncIterator[object]:  # type: ignore[override]
        self.room.now_us = 0
        async with super().join(call) as tap:
            playing = asyncio.create_task(self._play())
            yield tap
            playing.cancel()

    async def _play(self) -> None:
        await asyncio.sleep(0.02)
        for tenth in range(40):
            await self.room.play(1)
            self.room.server.write(MemoryText([f"word {tenth}"], {TRACK: self.room.sids["voice"], SEGMENT: str(tenth)}))
            await asyncio.sleep(0.002)
        self.room.server.end(RTC.DisconnectReason.ROOM_DELETED)


async def test_the_tap_keeps_every_promise_of_a_connector() -> None:
    await check_connector(Conformed(), CALL, 60)  # type: ignore[arg-type]


PARTS = [
    (memory_livekit.MemoryTrack, RTC.RemoteAudioTrack, {"streams", "packets"}),
    (memory_livekit.MemoryRoom, RTC.Room, {"server", "options", "handlers", "meet", "fall", "emit", "on"}),
    (memory_livekit.MemoryPublication, RTC.RemoteTrackPublication, {"asked", "quality", "flowing", "force", "stop"}),
    (memory_livekit.MemoryLocal, RTC.LocalParticipant, set()),
    (memory_livekit.MemoryVideoStream, RTC.VideoStream, {"put", "finish", "closed"}),
    (memory_livekit.MemoryAudioStream, RTC.AudioStream, {"put", "finish", "closed"}),
    (memory_livekit.MemoryText, RTC.TextStreamReader, {"read", "closed"}),
]


@pytest.mark.parametrize(("memory", "package", "own"), PARTS)
def test_the_room_in_memory_has_the_interface_of_the_package(memory: type, package: type, own: set[str]) -> None:
    for name, part in inspect.getmembers(memory):
        if name.startswith("_") or name in own:
            continue
        theirs = getattr(package, name)
        if inspect.isfunction(part) and inspect.isfunction(theirs):
            known = inspect.signature(theirs).parameters
            assert set(inspect.signature(part).parameters) <= set(known), f"{memory.__name__}.{name}"
            assert inspect.iscoroutinefunction(part) == inspect.iscoroutinefunction(theirs)


def test_streams_options_and_events_are_asked_for_as_the_package_knows_them() -> None:
    assert {"track", "format", "capacity"} <= set(inspect.signature(RTC.VideoStream.__init__).parameters)
    sound = set(inspect.signature(RTC.AudioStream.__init__).parameters)
    assert {"track", "sample_rate", "num_channels", "capacity"} <= sound
    assert RTC.RoomOptions(auto_subscribe=False, data_stream=RTC.DataStreamOptions(max_payload_byte_length=1))
    followed = set(re.findall(r'"([a-z]+(?:_[a-z]+)*)"', inspect.getsource(Visit.enter)))
    assert {*followed, "active_speakers_changed"} <= set(RTC.room.EventTypes.__args__)
    assert {"track_published", "track_subscribed", "track_unsubscribed", "disconnected"} <= followed
    for attribute in ("identity", "kind", "attributes", "track_publications"):
        assert hasattr(RTC.RemoteParticipant, attribute)
    for attribute in ("sid", "kind", "source", "muted", "simulcasted", "track"):
        assert hasattr(RTC.RemoteTrackPublication, attribute)
    assert issubclass(RTC.participant.PublishDataError, Exception)
