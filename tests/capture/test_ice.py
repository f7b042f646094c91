"""TURN, with a real coturn between peers that can reach each other in no other way."""

import re
import socket
from collections.abc import Iterator

import aioice.ice
import pytest
from aiortc import RTCConfiguration, RTCIceTransportPolicy, RTCPeerConnection, RTCSessionDescription
from tests.capture.coturn import PLAIN, coturn
from tests.capture.publishing import Pictures
from tests.capture.test_whip import CALL
from tests.capture.webrtc import Publisher, given, loopback, mono_us, named, shown

from countenance.capture.ice import IceServer, for_aiortc, relayed
from countenance.capture.whip import WhipConnector
from countenance.contracts.errors import TapError

__all__ = ["loopback"]


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with coturn(tmp_path_factory.mktemp("coturn"), *PLAIN) as found:
        yield found


def server(url: str) -> IceServer:
    return IceServer(urls=(url,), username="ana", credential="pass")


def test_a_plain_string_is_a_server_without_a_password() -> None:
    assert IceServer.model_validate("stun:stun.example").told() == {"urls": ["stun:stun.example"]}
    assert "hush" not in repr(IceServer(urls=("turn:x",), username="u", credential="hush"))


async def test_a_publisher_behind_a_wall_comes_in_by_the_relay_alone(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # No host address, on either side: what is left are the relays.
    monkeypatch.setattr(aioice.ice, "get_host_addresses", lambda use_ipv4, use_ipv6: [])
    connector = WhipConnector(mono_us, ice_servers=(server(url),))
    ana = Publisher(Pictures())
    await ana.peer.close()
    only = RTCConfiguration(for_aiortc([server(url)]), iceTransportPolicy=RTCIceTransportPolicy.RELAY)
    ana.peer = RTCPeerConnection(only)
    ana.peer.addTransceiver(Pictures(), direction="sendonly")
    async with connector.join(CALL) as tap:
        offer = await ana.offer()
        answer = await connector.offer("ana", offer)
        for sdp in (offer, answer.sdp):
            assert set(re.findall(r"a=candidate:.* typ (\w+)", sdp)) == {"relay"}
        await ana.peer.setRemoteDescription(RTCSessionDescription(answer.sdp, "answer"))
        await shown(tap, "ana/video")
        await tap.subscribe(named(tap, "ana/video"))
        await given(tap, "ana/video")
        await ana.close()


async def test_without_the_relay_that_publisher_has_no_way_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aioice.ice, "get_host_addresses", lambda use_ipv4, use_ipv6: [])
    connector = WhipConnector(mono_us)
    ana = Publisher(Pictures())
    async with connector.join(CALL):
        assert "a=candidate" not in (await connector.offer("ana", await ana.offer())).sdp
    await ana.close()


async def test_who_asks_a_relay_hears_what_is_wrong_with_it(url: str) -> None:
    assert re.fullmatch(r"127\.0\.0\.1:\d+", await relayed(url, "ana", "pass"))
    with pytest.raises(TapError, match="gives no relay"):
        await relayed(url, "ana", "wrong")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        nobody = f"turn:127.0.0.1:{taken.getsockname()[1]}?transport=tcp"
    with pytest.raises(TapError, match="cannot be reached"):
        await relayed(nobody, "ana", "pass")


async def test_a_relay_that_keeps_silent_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("countenance.capture.ice.ANSWERS_WITHIN_S", 0.01)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        with pytest.raises(TapError, match="does not answer"):
            await relayed(f"turn:127.0.0.1:{silent.getsockname()[1]}", "ana", "pass")
