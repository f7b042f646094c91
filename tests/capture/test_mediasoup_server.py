"""The tap on a real mediasoup router, where COUNTENANCE_MEDIASOUP names a folder with `node_modules/mediasoup`."""

import os
from collections.abc import Iterator

import pytest
from tests.capture.sidecars import Rehearsal, rehearsal
from tests.capture.test_mediasoup import CALL, connector
from tests.capture.waiting import until
from tests.capture.watching import Watched

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
