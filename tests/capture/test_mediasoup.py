import random
import time
from collections.abc import Iterator
from typing import Any

import pytest
from tests.capture.sidecars import TOKEN, Rehearsal, rehearsal
from tests.capture.waiting import until
from tests.capture.watching import Watched

from countenance.capture.mediasoup import MediasoupConnector
from countenance.capture.plainrtp import Port
from countenance.capture.remote import LostError
from countenance.capture.sidecar import MediasoupRoom, SidecarError
from countenance.contracts.call import Call, Participant, Purpose, Role
from countenance.contracts.errors import UsageError
from countenance.contracts.media import AudioChunk, VideoFrame, whole_us
from countenance.testing.connectors import check_connector

CALL = Call(
    "c1",
    "acme",
    Purpose.SALES_COACHING,
    tuple(Participant(name, name.title(), Role.CUSTOMER) for name in ("ana", "ben")),
)


@pytest.fixture
def server() -> Iterator[Rehearsal]:
    with rehearsal() as running:
        yield running


def connector(server: Rehearsal, **keys: Any) -> MediasoupConnector:  # noqa: ANN401 - the keys of a room
    values = {"url": server.url, "room": "rehearsal", "token": TOKEN, "listen": "127.0.0.1"} | keys
    return MediasoupConnector(MediasoupRoom(**values), mono_us, retries_s=(0.02,) * 200)


def mono_us() -> int:
    return time.monotonic_ns() // 1000


@pytest.mark.slow
async def test_it_keeps_the_promises_of_a_connector(server: Rehearsal) -> None:
    server.produce("p1", "ana", "opus")
    server.produce("p2", "ana", "VP8")
    await check_connector(connector(server), CALL, enough=16)
    assert server.senders() == 0


@pytest.mark.parametrize("codec", ["VP8", "H264"])
async def test_encrypted_pictures_and_sound_arrive_in_the_time_of_the_call(server: Rehearsal, codec: str) -> None:
    server.produce("p1", "ana", "opus")
    server.produce("p2", "ana", codec)
    async with connector(server).join(CALL) as tap:
        watched = Watched(tap)
        assert watched.ids() == ["ana/audio", "ana/video"]
        assert server.senders() == 0
        await watched.take("ana/audio", "ana/video")
        await watched.until_seen("ana/audio", "ana/video", more=10)
        pictures = [item for item in watched.media if isinstance(item, VideoFrame)]
        sounds = [item for item in watched.media if isinstance(item, AudioChunk)]
        assert {item.rgb.shape for item in pictures} == {(180, 320, 3)}
        assert max(abs(sounds[-1].pcm.astype(int))) > 1000
        assert [*map(whole_us, watched.media)] == sorted(map(whole_us, watched.media))


async def test_only_what_was_subscribed_is_sent_and_a_no_ends_it(server: Rehearsal) -> None:
    server.produce("p1", "ana", "opus")
    server.produce("p2", "ana", "VP8")
    server.produce("p3", "ben", "opus")
    async with connector(server).join(CALL) as tap:
        watched = Watched(tap)
        await watched.take("ana/audio", "ana/video")
        await watched.until_seen("ana/audio", "ana/video")
        assert server.senders() == 2
        await watched.leave("ana/video")
        decoded, seen = tap.decoded("ana/video"), watched.seen("ana/video")
        await until(lambda: server.senders() == 1)
        await watched.until_seen("ana/audio")
        assert (tap.decoded("ana/video"), watched.seen("ana/video")) == (decoded, seen)
        await watched.take("ana/video")
        await watched.until_seen("ana/video")
    await until(lambda: server.senders() == 0)


async def test_a_no_that_is_taken_back_at_once_is_obeyed_in_order(server: Rehearsal) -> None:
    server.produce("p1", "ana", "opus")
    async with connector(server).join(CALL) as tap:
        watched = Watched(tap)
        for _ in range(3):
            await watched.take("ana/audio")
            await watched.leave("ana/audio")
        await watched.take("ana/audio")
        await watched.until_seen("ana/audio")
        assert server.senders() == 1


async def test_people_come_and_go_and_a_stranger_is_never_shown(server: Rehearsal) -> None:
    it = connector(server)
    async with it.join(CALL) as tap:
        watched = Watched(tap)
        server.produce("p0", "zoe", "opus")
        server.produce("p1", None, "opus")
        server.produce("p2", "ana", "opus")
        await until(lambda: watched.ids() == ["ana/audio"])
        await watched.take("ana/audio")
        await watched.until_seen("ana/audio")
        server.tell(close="p2")
        await until(lambda: watched.ids() == [])
        server.produce("p3", "ana", "opus")
        await until(lambda: watched.ids() == ["ana/audio.2"])
        it.know("zoe", "ben")
        assert watched.ids() == ["ben/audio", "ana/audio.2"]


async def test_who_speaks_is_known_from_the_router_with_nothing_subscribed(server: Rehearsal) -> None:
    server.produce("p1", "ana", "opus")
    server.produce("p2", "ben", "opus")
    server.produce("p3", "zoe", "opus")
    async with connector(server).join(CALL) as tap:
        await until(lambda: tap.speakers.spans(tap.now_us()) == {"ana": (), "ben": ()})
        server.tell(loud=["p2", "p3"])
        await until(lambda: bool(tap.speakers.spans(tap.now_us())["ben"]))
        assert tap.speakers.spans(tap.now_us())["ana"] == ()
        server.tell(loud=[])
        await until(lambda: tap.speakers.spans(tap.now_us()) == tap.speakers.spans(tap.now_us() + 1))
        ((start_us, end_us),) = tap.speakers.spans(tap.now_us())["ben"]
        assert 0 <= start_us <= end_us <= tap.now_us()
        server.tell(close="p2")
        await until(lambda: tap.speakers.spans(tap.now_us()) == {"ana": ()})
        assert server.senders() == 0
        server.tell(end=True)
        await until(lambda: tap.speakers.spans(tap.now_us()) == {})


async def test_a_line_that_breaks_is_made_anew_and_what_was_subscribed_comes_back(server: Rehearsal) -> None:
    server.produce("p1", "ana", "opus")
    server.produce("p2", "ben", "opus")
    async with connector(server).join(CALL) as tap:
        watched = Watched(tap)
        await watched.take("ana/audio")
        await watched.until_seen("ana/audio")
        server.tell(cut=True)
        server.tell(close="p2")
        await until(lambda: watched.ids() == ["ana/audio"])
        await watched.until_seen("ana/audio", more=15)
        assert server.senders() == 1


@pytest.mark.parametrize("codec", ["VP8", "H264"])
async def test_packets_that_are_lost_cost_pictures_and_no_more(
    server: Rehearsal, codec: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrives, chance = Port.datagram_received, random.Random(5)

    def arrives_mostly(port: Port, data: bytes, addr: tuple[str | int, ...]) -> None:
        if chance.random() > 0.05:
            arrives(port, data, addr)

    monkeypatch.setattr(Port, "datagram_received", arrives_mostly)
    server.produce("p1", "ana", "opus")
    server.produce("p2", "ana", codec)
    async with connector(server).join(CALL) as tap:
        watched = Watched(tap)
        await watched.take("ana/audio", "ana/video")
        await until(lambda: all(tap.counts(track.id).get("lost", 0) > 1 for track in tap.tracks()))
        await watched.until_seen("ana/audio", "ana/video")
        assert tap.counts("ana/video").get("bad", 0) == 0
        assert [*map(whole_us, watched.media)] == sorted(map(whole_us, watched.media))


async def test_a_codec_that_is_not_read_is_not_offered_as_a_track(
    server: Rehearsal, caplog: pytest.LogCaptureFixture
) -> None:
    server.produce("p1", "ana", "VP9")
    async with connector(server).join(CALL) as tap:
        assert tap.tracks() == ()
    assert [one.codec for one in caplog.records if "is not read" in one.message] == ["video/VP9"]  # type: ignore[attr-defined]


async def test_the_call_ends_with_the_router(server: Rehearsal) -> None:
    async with connector(server).join(CALL) as tap:
        watched = Watched(tap)
        server.tell(end=True)
        await until(lambda: watched.ended)


async def test_nobody_enters_without_the_token_or_a_room_that_is_not_there(server: Rehearsal) -> None:
    for keys, status in (({"token": "another token of it"}, 401), ({"room": "none"}, 404)):
        with pytest.raises(SidecarError, match=rf"\({status}\)"):
            async with connector(server, **keys).join(CALL):
                pass


async def test_a_server_that_is_gone_ends_the_call_only_when_patience_does(server: Rehearsal) -> None:
    server.produce("p1", "ana", "opus")
    it = connector(server)
    it._retries_s = (0.01, 0.01)
    async with it.join(CALL) as tap:
        watched = Watched(tap)
        await watched.take("ana/audio")
        await watched.until_seen("ana/audio")
        server.process.kill()
        await until(lambda: watched.ended)
        assert watched.ids() == ["ana/audio"]
    with pytest.raises(LostError, match="no mediasoup sidecar at"):
        async with it.join(CALL):
            pass


def test_it_is_made_from_the_table_of_a_source() -> None:
    table = {"url": "http://server/countenance", "room": "r", "token": TOKEN}
    assert MediasoupConnector.from_table(table, fps=10, mono_us=mono_us, began_us=0)
    with pytest.raises(UsageError, match="Did you mean token"):
        MediasoupConnector.from_table(table | {"tokn": TOKEN}, fps=10, mono_us=mono_us, began_us=0)
