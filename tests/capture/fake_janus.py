"""As much of a Janus server as a tap speaks to: sessions, handles, one VideoRoom, real peer connections on loopback."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

ROOM = 1234


@dataclass
class Publisher:
    """Somebody in the room, and the sources of what they publish by its mid."""

    id: int | str
    display: str
    streams: dict[str, Callable[[], MediaStreamTrack]]
    kinds: dict[str, str]
    simulcast: frozenset[str] = frozenset()

    def announced(self) -> dict[str, Any]:
        streams = [
            {"type": kind, "mindex": int(mid), "mid": mid} | ({"simulcast": True} if mid in self.simulcast else {})
            for mid, kind in self.kinds.items()
        ]
        return {"id": self.id, "display": self.display, "streams": streams}


@dataclass
class FakeJanus:
    """Answers like Janus 1.1; `asked` is everything that was asked of the plugin."""

    port: int = 0
    publishers: dict[int | str, Publisher] = field(default_factory=dict)
    asked: list[dict[str, Any]] = field(default_factory=list)
    messages: list[dict[str, Any]] = field(default_factory=list)
    keepalives: int = 0
    refuse: dict[str, tuple[int, str]] = field(default_factory=dict)
    """An error for every request of this kind."""
    mute: set[str] = field(default_factory=set)
    """Requests that are acknowledged and never answered."""
    lines: list["Line"] = field(default_factory=list)
    attendees: int = 0
    offered: str | None = None
    """Offered in the place of a session description."""

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    def open_handles(self) -> int:
        """Subscriptions that stand."""
        return sum(len(line.peers) for line in self.lines)

    async def publish(self, publisher: Publisher) -> None:
        self.publishers[publisher.id] = publisher
        await self.tell({"videoroom": "event", "room": ROOM, "publishers": [publisher.announced()]})

    async def unpublish(self, feed: int | str) -> None:
        del self.publishers[feed]
        await self.tell({"videoroom": "event", "room": ROOM, "unpublished": feed})

    async def tell(self, data: dict[str, Any]) -> None:
        """An event to everyone who entered the room."""
        for line in self.lines:
            for handle in line.entered:
                await line.event(handle, data)

    async def say(self, text: str) -> None:
        """Anything at all, to every client."""
        for line in self.lines:
            await line.socket.send(text)

    async def cut(self) -> None:
        """Break every line, as a network does."""
        for line in list(self.lines):
            line.socket.transport.abort()
            await line.socket.wait_closed()

    async def serve(self, socket: ServerConnection) -> None:
        line = Line(self, socket)
        self.lines.append(line)
        try:
            async for text in socket:
                await line.take(json.loads(text))
        except ConnectionClosed:
            pass
        finally:
            self.lines.remove(line)
            await line.close()


class Line:
    """One client."""

    def __init__(self, janus: FakeJanus, socket: ServerConnection) -> None:
        self.janus, self.socket = janus, socket
        self.entered: list[int] = []
        self.handles = 0
        self.peers: dict[int, RTCPeerConnection] = {}

    async def take(self, message: dict[str, Any]) -> None:
        self.janus.messages.append(message)
        kind, transaction = message["janus"], message["transaction"]
        if kind == "create":
            await self.send({"janus": "success", "transaction": transaction, "data": {"id": 77}})
        elif kind == "keepalive":
            self.janus.keepalives += 1
            await self.send({"janus": "ack", "transaction": transaction})
        elif kind == "attach":
            self.handles += 1
            await self.send({"janus": "success", "transaction": transaction, "data": {"id": self.handles}})
        elif kind == "detach":
            await self.hang_up(message["handle_id"])
            await self.send({"janus": "success", "transaction": transaction})
        elif kind == "message":
            await self.send({"janus": "ack", "transaction": transaction})
            await self.plugin(message)

    async def plugin(self, message: dict[str, Any]) -> None:
        body, handle, transaction = message["body"], message["handle_id"], message["transaction"]
        self.janus.asked.append(body)
        kind = body.get("ptype", body["request"])
        if kind in self.janus.mute:
            return
        if kind in self.janus.refuse:
            code, error = self.janus.refuse[kind]
            await self.event(handle, {"videoroom": "event", "error_code": code, "error": error}, transaction)
        elif kind == "list":
            rooms = [{"room": ROOM, "description": "A room", "num_participants": len(self.janus.publishers)}]
            await self.event(handle, {"videoroom": "success", "list": rooms}, transaction)
        elif kind == "publisher":
            self.entered.append(handle)
            self.janus.attendees += 1
            publishers = [one.announced() for one in self.janus.publishers.values()]
            joined = {"videoroom": "joined", "room": ROOM, "id": 4711, "private_id": 99, "publishers": publishers}
            await self.event(handle, joined, transaction)
        elif kind == "subscriber":
            await self.offer(handle, body["streams"], transaction)
        elif kind == "start":
            await self.peers[handle].setRemoteDescription(RTCSessionDescription(**message["jsep"]))
            await self.event(handle, {"videoroom": "event", "started": "ok"}, transaction)

    async def offer(self, handle: int, streams: list[dict[str, Any]], transaction: str) -> None:
        publisher = self.janus.publishers.get(streams[0]["feed"])
        if publisher is None:
            await self.event(handle, {"videoroom": "event", "error_code": 428, "error": "No such feed"}, transaction)
            return
        peer = self.peers[handle] = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        for stream in streams:
            peer.addTransceiver(publisher.streams[stream["mid"]](), direction="sendonly")
        await peer.setLocalDescription(await peer.createOffer())
        sdp = peer.localDescription.sdp if self.janus.offered is None else self.janus.offered
        jsep = {"type": "offer", "sdp": sdp}
        await self.event(handle, {"videoroom": "attached", "room": ROOM}, transaction, jsep)

    async def event(
        self, handle: int, data: dict[str, Any], transaction: str | None = None, jsep: dict[str, str] | None = None
    ) -> None:
        message = {"janus": "event", "session_id": 77, "sender": handle}
        message["plugindata"] = {"plugin": "janus.plugin.videoroom", "data": data}
        await self.send(
            message
            | ({} if transaction is None else {"transaction": transaction})
            | ({} if jsep is None else {"jsep": jsep})
        )

    async def send(self, message: dict[str, Any]) -> None:
        with contextlib.suppress(ConnectionClosed):
            await self.socket.send(json.dumps(message))

    async def hang_up(self, handle: int) -> None:
        peer = self.peers.pop(handle, None)
        if peer is not None:
            await peer.close()

    async def close(self) -> None:
        for handle in list(self.peers):
            await self.hang_up(handle)


@asynccontextmanager
async def janus_running() -> AsyncIterator[FakeJanus]:
    """A server on a free port of loopback."""
    janus = FakeJanus()
    server: Server
    async with serve(janus.serve, "127.0.0.1", 0, subprotocols=["janus-protocol"]) as server:  # type: ignore[list-item]
        janus.port = next(iter(server.sockets)).getsockname()[1]
        yield janus
        await asyncio.gather(*(line.close() for line in janus.lines))
