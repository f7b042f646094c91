"""The tap on a real mediasoup router, where COUNTENANCE_MEDIASOUP names a folder with `node_modules/mediasoup`."""

import os
from collections.abc import Iterator

import pytest
from tests.capture.sidecars import Rehearsal, rehearsal
from tests.capture.test_mediasoup import CALL, connector
from tests.capture.waiting import until
from tests.capture.watching import Watched

from countenance.contracts.media import VideoFrame

FOLDER = "COUNTENANCE_MEDIASOUP"


@pytest.fixture
def server() -> Iterator[Rehearsal]:
    if FOLDER not in os.environ:
        pytest.skip(f"mediasoup is not installed here; {FOLDER} says where it is")
    with rehearsal(os.environ[FOLDER]) as running:
        yield running


@pytest.mark.parametrize("codec", ["VP8", "H264"])
async def test_a_real_router_sends_what_was_asked_for_and_stops_at_a_no(server: Rehearsal, codec: str) -> None:
    server.produce("p1", "ana", "opus")
    server.produce("p2", "ana", codec)
    async with connector(server).join(CALL) as tap:
        watched = Watched(tap)
        assert (watched.ids(), server.senders()) == (["ana/audio", "ana/video"], 0)
        await watched.take("ana/audio", "ana/video")
        await watched.until_seen("ana/audio", "ana/video", more=10)
        await watched.leave("ana/video")
        decoded = tap.decoded("ana/video")
        await until(lambda: server.senders() == 1)
        await watched.until_seen("ana/audio")
        assert tap.decoded("ana/video") == decoded
    await until(lambda: server.senders() == 0)


async def test_of_layers_the_lowest_is_taken(server: Rehearsal) -> None:
    server.produce("p1", "ana", "VP8", layers=["160x90", "640x360"])
    async with connector(server).join(CALL) as tap:
        watched = Watched(tap)
        await watched.take("ana/video")
        await watched.until_seen("ana/video", more=15)
        shapes = {item.rgb.shape for item in watched.media if isinstance(item, VideoFrame)}
        assert shapes == {(90, 160, 3)}


async def test_a_line_that_is_cut_is_made_anew_and_a_producer_that_closes_is_gone(server: Rehearsal) -> None:
    server.produce("p1", "ana", "VP8")
    async with connector(server).join(CALL) as tap:
        watched = Watched(tap)
        await watched.take("ana/video")
        await watched.until_seen("ana/video")
        server.tell(cut=True)
        await until(lambda: server.senders() == 1)
        await watched.until_seen("ana/video", more=10)
        server.tell(close="p1")
        await until(lambda: not watched.ids())
        assert server.senders() == 0
