"""A browser's part of WHIP, played by aiortc on loopback."""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager

import aioice.ice
import pytest
from aiortc import MediaStreamTrack, RTCConfiguration, RTCIceTransport, RTCPeerConnection, RTCSessionDescription
from tests.capture.publishing import Pictures, Tone

from countenance.capture.mixing import LiveTap
from countenance.capture.offers import checked_fragment
from countenance.capture.restarting import Restart
from countenance.capture.whip import WhipConnector
from countenance.contracts.call import Call, Track, TrackKind
from countenance.contracts.media import Media, Reached


def mono_us() -> int:
    return time.monotonic_ns() // 1000


@pytest.fixture
def loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing leaves this machine: ICE is told of the loopback address, which it would otherwise pass over."""
    monkeypatch.setattr(aioice.ice, "get_host_addresses", lambda use_ipv4, use_ipv6: ["127.0.0.1"])


async def until(tap: LiveTap, done: Callable[[list[Media]], bool]) -> list[Media]:
    """Read the tap until enough was seen."""
    seen: list[Media] = []
    async with asyncio.timeout(60):
        async for item in tap.media():
            if not isinstance(item, Reached):
                seen.append(item)
            if done(seen):
                return seen
    raise AssertionError("the call ended before")


def ids(tap: LiveTap) -> list[str]:
    return sorted(track.id for track in tap.tracks() if track.kind is not TrackKind.TEXT)


def named(tap: LiveTap, name: str) -> Track:
    return next(track for track in tap.tracks() if track.id == name)


async def shown(tap: LiveTap, *names: str) -> None:
    await until(tap, lambda _: ids(tap) == sorted(names))


async def given(tap: LiveTap, name: str, more: int = 3) -> list[Media]:
    enough = tap.counts(name).get("given", 0) + more
    return await until(tap, lambda _: tap.counts(name).get("given", 0) >= enough)


class Publisher:
    """Somebody who publishes camera and microphone, or other tracks."""

    def __init__(self, *tracks: MediaStreamTrack) -> None:
        self.peer = RTCPeerConnection(RTCConfiguration([]))
        for track in tracks or (Pictures(), Tone()):
            self.peer.addTransceiver(track, direction="sendonly")
        self.resource_id = ""
        self.etag = ""

    async def offer(self) -> str:
        await self.peer.setLocalDescription(await self.peer.createOffer())
        return str(self.peer.localDescription.sdp)

    async def publish(self, connector: WhipConnector, participant_id: str) -> None:
        answer = await connector.offer(participant_id, await self.offer())
        self.resource_id, self.etag = answer.resource_id, answer.etag
        await self.peer.setRemoteDescription(RTCSessionDescription(answer.sdp, "answer"))

    def without_candidates(self) -> tuple[str, str]:
        """The offer without its candidates, and the fragment that holds them."""
        sdp = str(self.peer.localDescription.sdp)
        held = [line for line in sdp.splitlines() if line.startswith(("a=candidate", "a=end-of-candidates"))]
        first = list(dict.fromkeys(held))
        ufrag = re.findall(r"a=ice-ufrag:(\S+)", sdp)[0]
        pwd = re.findall(r"a=ice-pwd:(\S+)", sdp)[0]
        bare = "\r\n".join(line for line in sdp.splitlines() if line not in held) + "\r\n"
        lines = [f"a=ice-ufrag:{ufrag}", f"a=ice-pwd:{pwd}", "m=video 9 UDP/TLS/RTP/SAVPF 0", "a=mid:0", *first]
        return bare, "\r\n".join(lines) + "\r\n"

    @property
    def transport(self) -> RTCIceTransport:
        return self.peer.getTransceivers()[0].receiver.transport.transport

    async def restarted(self, patch: Callable[[str], Awaitable[Mapping[str, str]]]) -> Mapping[str, str]:
        """Restart ICE as a browser does: new credentials, the other end's in return."""
        restart = Restart(self.transport, [])
        await restart._fresh.gather_candidates()
        fragment = restart._answer()
        answer = await patch(fragment)
        await restart.begin(checked_fragment(answer["fragment"]))
        return answer

    async def close(self) -> None:
        await self.peer.close()


@asynccontextmanager
async def publishing(
    connector: WhipConnector, participant_id: str, *tracks: MediaStreamTrack
) -> AsyncIterator[Publisher]:
    publisher = Publisher(*tracks)
    try:
        await publisher.publish(connector, participant_id)
        yield publisher
    finally:
        await publisher.close()


class Standing:
    """A call that goes on while taps join and leave it, for the suite that joins many times."""

    def __init__(self) -> None:
        self.inner = WhipConnector(mono_us)
        self.tap: LiveTap

    @asynccontextmanager
    async def standing(self, call: Call) -> AsyncIterator[None]:
        async with self.inner.join(call) as self.tap:
            yield

    @asynccontextmanager
    async def join(self, call: Call) -> AsyncIterator[LiveTap]:
        """Another tap on the same sessions."""
        assert self.inner._source is not None
        tap = LiveTap(self.inner._source, mono_us, began_us=self.tap._began_us)
        yield tap
        await tap.close()
