import time
from collections.abc import AsyncIterator
from typing import Any

import aioice.ice
import pytest
from tests.capture.fake_janus import ROOM, FakeJanus, Publisher, janus_running
from tests.capture.publishing import Pictures, Tone
from tests.capture.waiting import until
from tests.capture.watching import Watched

from countenance.capture.janus import JanusConnector
from countenance.capture.janusroom import JanusRoom
from countenance.contracts.call import Call, Participant, Purpose, Role, TrackKind
from countenance.contracts.errors import TapError, UsageError
from countenance.contracts.media import AudioChunk, VideoFrame, whole_us
from countenance.testing.connectors import check_connector

CALL = Call(
    "c1",
    "acme",
    Purpose.SALES_COACHING,
    tuple(Participant(name, name.title(), Role.CUSTOMER) for name in ("ana", "ben")),
)


@pytest.fixture(autouse=True)
def loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """Peers find each other on loopback, and nothing leaves it."""
    monkeypatch.setattr(aioice.ice, "get_host_addresses", lambda use_ipv4, use_ipv6: ["127.0.0.1"])


@pytest.fixture
async def janus() -> AsyncIterator[FakeJanus]:
    async with janus_running() as running:
        yield running


def person(name: int | str, display: str = "", simulcast: bool = False) -> Publisher:
    layered = frozenset({"1"} if simulcast else set())
    return Publisher(name, display, {"0": Tone, "1": Pictures}, {"0": "audio", "1": "video"}, layered)


def connector(janus: FakeJanus, **keys: Any) -> JanusConnector:  # noqa: ANN401 - the keys of a room
    return JanusConnector(JanusRoom(url=janus.url, room=ROOM, **keys), mono_us, retries_s=(0.02,) * 100)


def mono_us() -> int:
    return time.monotonic_ns() // 1000


@pytest.mark.slow
async def test_it_keeps_the_promises_of_a_connector(janus: FakeJanus) -> None:
    await janus.publish(person("ana"))
    await janus.publish(person("ben"))
    await check_connector(connector(janus), CALL, enough=16)
    assert {body["display"] for body in janus.asked if body.get("ptype") == "publisher"} == {
        "Countenance (reads only what you permit)"
    }


async def test_pictures_and_sound_arrive_in_the_time_of_the_call(janus: FakeJanus) -> None:
    await janus.publish(person("ana"))
    async with connector(janus).join(CALL) as tap:
        watched = Watched(tap)
        assert watched.ids() == ["ana/audio", "ana/video"]
        await watched.take("ana/audio", "ana/video")
        await watched.until_seen("ana/audio", "ana/video", more=10)
        pictures = [item for item in watched.media if isinstance(item, VideoFrame)]
        sounds = [item for item in watched.media if isinstance(item, AudioChunk)]
        assert {item.rgb.shape for item in pictures} == {(90, 160, 3)}
        assert max(abs(sounds[-1].pcm.astype(int))) > 5000
        assert [*map(whole_us, watched.media)] == sorted(map(whole_us, watched.media))


async def test_only_what_was_subscribed_is_asked_for(janus: FakeJanus) -> None:
    await janus.publish(person("ana", simulcast=True))
    await janus.publish(person("ben"))
    async with connector(janus).join(CALL) as tap:
        watched = Watched(tap)
        assert janus.open_handles() == 0
        await watched.take("ana/video")
        await watched.until_seen("ana/video")
        asked = [body for body in janus.asked if body.get("ptype") == "subscriber"]
        lowest = {"feed": "ana", "mid": "1", "substream": 0, "temporal": 0}
        assert [(body["streams"], body["private_id"]) for body in asked] == [([lowest], 99)]
        assert {item.track_id for item in watched.media} == {"ana/video"}


async def test_a_no_ends_decoding_at_once_and_touches_nobody_else(janus: FakeJanus) -> None:
    await janus.publish(person("ana"))
    async with connector(janus).join(CALL) as tap:
        watched = Watched(tap)
        await watched.take("ana/audio", "ana/video")
        await watched.until_seen("ana/audio", "ana/video")
        await watched.leave("ana/video")
        decoded, seen = tap.decoded("ana/video"), watched.seen("ana/video")
        await until(lambda: janus.open_handles() == 1)
        await watched.until_seen("ana/audio")
        assert (tap.decoded("ana/video"), watched.seen("ana/video")) == (decoded, seen)


async def test_people_come_and_go_and_a_stranger_is_never_shown(janus: FakeJanus) -> None:
    async with connector(janus).join(CALL) as tap:
        watched = Watched(tap)
        await janus.publish(person("zoe"))
        await janus.publish(person("ana"))
        await until(lambda: watched.ids() == ["ana/audio", "ana/video"])
        await watched.take("ana/audio")
        await watched.until_seen("ana/audio")
        await janus.unpublish("ana")
        await until(lambda: watched.ids() == [])
        await janus.publish(person("ana"))
        await until(lambda: watched.ids() == ["ana/audio.2", "ana/video.2"])
        await watched.take("ana/audio.2")
        await watched.until_seen("ana/audio.2")
        assert [track.kind for track in tap.tracks()] == [TrackKind.AUDIO, TrackKind.VIDEO]


async def test_who_talks_is_known_from_the_room_with_nothing_subscribed(janus: FakeJanus) -> None:
    await janus.publish(person("ana"))
    await janus.publish(person("ben"))
    async with connector(janus).join(CALL) as tap:
        await janus.tell({"videoroom": "talking", "room": ROOM, "id": "ben", "audio-level-dBov-avg": 22})
        await until(lambda: [*tap.speakers.spans(tap.now_us())] == ["ben"])
        await janus.tell({"videoroom": "talking", "room": ROOM, "id": "zoe"})
        await janus.tell({"videoroom": "stopped-talking", "room": ROOM, "id": "ben"})
        await until(lambda: tap.speakers.spans(tap.now_us()) == tap.speakers.spans(tap.now_us() + 1))
        ((start_us, end_us),) = tap.speakers.spans(tap.now_us())["ben"]
        assert 0 <= start_us <= end_us <= tap.now_us()
        assert not [body for body in janus.asked if body.get("ptype") == "subscriber"]
        await janus.unpublish("ben")
        await until(lambda: tap.speakers.spans(tap.now_us()) == {})


async def test_people_are_known_by_what_the_room_calls_them_once_that_is_said(janus: FakeJanus) -> None:
    it = connector(janus)
    await janus.publish(person(4711))
    async with it.join(CALL) as tap:
        assert tap.tracks() == ()
        assert await it.signal("know", {"called": "4711", "participant_id": "ben"}) == {}
        assert [track.id for track in tap.tracks()] == ["ben/audio", "ben/video"]
    async with it.join(CALL) as tap:
        assert [track.id for track in tap.tracks()] == ["ben/audio", "ben/video"]
    with pytest.raises(UsageError, match="takes no 'offer'"):
        await it.signal("offer", {})
    with pytest.raises(UsageError, match="needs `called`"):
        await it.signal("know", {"called": 3})


async def test_a_line_that_breaks_is_made_anew_and_what_was_subscribed_comes_back(janus: FakeJanus) -> None:
    await janus.publish(person("ana"))
    async with connector(janus).join(CALL) as tap:
        watched = Watched(tap)
        await watched.take("ana/audio")
        await watched.until_seen("ana/audio")
        await janus.cut()
        assert watched.ids() == ["ana/audio", "ana/video"]
        await until(lambda: janus.attendees == 2)
        await watched.until_seen("ana/audio")
        assert watched.ids() == ["ana/audio", "ana/video"]
        assert [*map(whole_us, watched.media)] == sorted(map(whole_us, watched.media))


async def test_a_refused_subscription_is_asked_for_again_and_the_call_goes_on(janus: FakeJanus) -> None:
    await janus.publish(person("ana"))
    janus.refuse["subscriber"] = (428, "No such feed")
    async with connector(janus).join(CALL) as tap:
        watched = Watched(tap)
        await watched.take("ana/audio")
        await until(lambda: tap.counts("ana/audio").get("refused", 0) > 1)
        janus.refuse.clear()
        await watched.until_seen("ana/audio")


async def test_a_subscription_that_janus_ends_is_asked_for_again(janus: FakeJanus) -> None:
    await janus.publish(person("ana"))
    async with connector(janus).join(CALL) as tap:
        watched = Watched(tap)
        await watched.take("ana/audio")
        await watched.until_seen("ana/audio")
        (line,) = janus.lines
        (handle,) = line.peers
        await line.hang_up(handle)
        await janus.say(f'{{"janus": "hangup", "sender": {handle}, "reason": "ICE failed"}}')
        await watched.until_seen("ana/audio", more=15)
        assert len([body for body in janus.asked if body.get("ptype") == "subscriber"]) == 2


@pytest.mark.parametrize("sdp", ["", "v=0", "v=0\r\nm=audio x UDP/TLS/RTP/SAVPF 0\r\n", "m=\r\na=mid:0"])
async def test_an_offer_that_is_none_is_refused_and_does_not_end_the_call(janus: FakeJanus, sdp: str) -> None:
    await janus.publish(person("ana"))
    janus.offered = sdp
    async with connector(janus).join(CALL) as tap:
        watched = Watched(tap)
        await watched.take("ana/audio")
        await until(lambda: tap.counts("ana/audio").get("refused", 0) > 1)
        janus.offered = None
        await watched.until_seen("ana/audio")


@pytest.mark.parametrize("event", [{"videoroom": "destroyed"}, {"videoroom": "event", "kicked": 4711}])
async def test_the_tap_ends_with_the_room_and_does_not_come_back_when_it_was_sent_away(
    janus: FakeJanus, event: dict[str, Any]
) -> None:
    async with connector(janus).join(CALL) as tap:
        watched = Watched(tap)
        await janus.tell(event)
        await until(lambda: watched.ended)
        assert janus.attendees == 1


async def test_a_room_that_is_gone_when_the_line_is_back_ends_the_call(janus: FakeJanus) -> None:
    async with connector(janus).join(CALL) as tap:
        watched = Watched(tap)
        janus.refuse["publisher"] = (426, "No such room")
        await janus.cut()
        await until(lambda: watched.ended)


async def test_a_room_that_cannot_be_entered_is_an_error_with_the_words_of_janus(janus: FakeJanus) -> None:
    janus.refuse["publisher"] = (426, "No such room (1234)")
    with pytest.raises(TapError, match=r"No such room \(1234\) \(426\)"):
        async with connector(janus).join(CALL):
            pass


async def test_there_is_no_server(janus: FakeJanus) -> None:
    there = connector(janus)
    for nowhere in ("ws://127.0.0.1:1", "http://127.0.0.1:1", "nowhere"):
        there._room = there._room.model_copy(update={"url": nowhere})
        with pytest.raises(TapError, match="no Janus at"):
            async with there.join(CALL):
                pass


async def test_leaving_gives_every_subscription_back(janus: FakeJanus) -> None:
    await janus.publish(person("ana"))
    async with connector(janus).join(CALL) as tap:
        watched = Watched(tap)
        await watched.take("ana/audio", "ana/video")
        await watched.until_seen("ana/audio", "ana/video")
        assert janus.open_handles() == 2
    await until(lambda: not janus.lines)
    assert "ana" in janus.publishers


def test_it_is_made_from_the_table_of_a_source() -> None:
    table = {"url": "ws://janus", "room": 5}
    assert JanusConnector.from_table(table, fps=10, mono_us=mono_us, began_us=0)
    with pytest.raises(UsageError, match="Did you mean known_by"):
        JanusConnector.from_table(table | {"know_by": "id"}, fps=10, mono_us=mono_us, began_us=0)
