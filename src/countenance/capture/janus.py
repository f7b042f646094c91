"""The tap on a VideoRoom of Janus: enters visibly, publishes nothing, receives one permitted stream at a time.

Every track has a handle and a peer connection of its own: giving one up ends its media and touches no other.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.exceptions import InvalidAccessError, InvalidStateError

from countenance.capture.gate import Gate
from countenance.capture.ice import for_aiortc
from countenance.capture.janusroom import PLUGIN, Board, JanusRoom, Publication
from countenance.capture.januswire import Happened, JanusWire, Reply, open_wire
from countenance.capture.mixing import LiveTap
from countenance.capture.remote import RETRIES_S, LostError, Reader, RemoteConnector, RemoteSource
from countenance.capture.roster import Roster
from countenance.capture.sampling import Grid
from countenance.contracts.errors import TapError
from countenance.inference.tables import checked

BAD_OFFER = (ValueError, KeyError, IndexError, TypeError, AttributeError, AssertionError)
"""What aiortc raises for a description that it cannot read."""


class JanusConnector(RemoteConnector[Publication]):
    """Enters one room of one Janus server."""

    def __init__(
        self,
        room: JanusRoom,
        mono_us: Callable[[], int],
        *,
        began_us: int | None = None,
        grid: Grid | None = None,
        retries_s: Sequence[float] = RETRIES_S,
    ) -> None:
        super().__init__(mono_us, began_us=began_us, grid=grid)
        self._room, self._retries_s = room, retries_s

    @classmethod
    def from_table(
        cls, table: Mapping[str, Any], *, fps: int, mono_us: Callable[[], int], began_us: int
    ) -> "JanusConnector":
        """From the keys of a source; raises UsageError."""
        return cls(checked(JanusRoom, table, "source janus"), mono_us, began_us=began_us, grid=Grid(fps))

    def source(self, roster: Roster[Publication]) -> "JanusSource":
        """The room, not yet entered."""
        return JanusSource(self._room, roster, self._retries_s)


class JanusSource(RemoteSource[Publication]):
    """One room, and the streams that are received of it."""

    def __init__(self, room: JanusRoom, roster: Roster[Publication], retries_s: Sequence[float]) -> None:
        super().__init__(roster, retries_s)
        self._room, self._board = room, Board(room, roster)
        self._wire: JanusWire | None = None
        self._attendee: int | None = None
        self._ended: dict[int, asyncio.Event] = {}

    async def visit(self, tap: LiveTap) -> None:
        """Enter the room, and stay until it is over or the line is lost."""
        async with open_wire(self._room.url, self._room.secret, self._heard) as wire:
            self._attendee = await wire.attach(PLUGIN)
            # A publisher that publishes nothing: seen by everyone in the room, told of who comes and goes.
            entering = self._room.request("join", ptype="publisher", display=self._room.display)
            self._board.entered((await wire.ask(self._attendee, entering)).data)
            self._wire = wire
            try:
                async with self.arrived(tap):
                    while not (self.over or wire.lost.is_set()):
                        await self.changed.wait()
                        self.changed.clear()
                        tap.wake()
            finally:
                self._wire = None
                tap.speakers.keep()
                for ended in self._ended.values():
                    ended.set()

    def _heard(self, what: Happened) -> None:
        if what.handle in self._ended and what.kind in ("hangup", "detached"):
            self._ended[what.handle].set()
        elif what.handle == self._attendee and what.kind == "event":
            self._board.heard(what.reply.data)
            speakers = self._tap.speakers
            speakers.keep(self._board.people())
            if (talk := self._board.talks(what.reply.data)) is not None:
                speakers.say(talk[0], speaks=talk[1], at_us=self._tap.now_us())
            self.over = self._board.over is not None
        self.changed.set()

    async def receive(self, key: Publication, reader: Reader, tap: LiveTap) -> None:
        """Subscribe to one stream, until Janus or the network ends it."""
        if (wire := self._wire) is None:
            raise LostError("the line to Janus is down", "It is made anew.")
        handle = await wire.attach(PLUGIN)
        ended = self._ended[handle] = asyncio.Event()
        peer = _Peer(ended, RTCConfiguration(for_aiortc(self._room.ice)))
        try:
            offer = await wire.ask(handle, self._board.subscription(key))
            answer = await peer.answer(offer, reader, tap.now_us)
            await wire.ask(handle, self._room.request("start"), {"type": "answer", "sdp": answer})
            await ended.wait()
        finally:
            reader.shut()
            del self._ended[handle]
            await peer.close()
            with suppress(TapError):
                await wire.detach(handle)


class _Peer:
    """The receiving end of one subscription."""

    def __init__(self, ended: asyncio.Event, configuration: RTCConfiguration) -> None:
        self._connection = RTCPeerConnection(configuration)

        def changed() -> None:
            if self._connection.connectionState in ("failed", "closed"):
                ended.set()

        self._connection.on("connectionstatechange", changed)

    async def answer(self, offer: Reply, reader: Reader, now_us: Callable[[], int]) -> str:
        """Take the offer of one stream, its gate open to the reader; gives the answer."""
        try:
            given = RTCSessionDescription(str((offer.jsep or {}).get("sdp")), str((offer.jsep or {}).get("type")))
            await self._connection.setRemoteDescription(given)
            for transceiver in self._connection.getTransceivers():
                gate = Gate(transceiver, now_us)
                reader.shut = gate.shut
                gate.open(reader.lane)
            await self._connection.setLocalDescription(await self._connection.createAnswer())
        except (*BAD_OFFER, InvalidAccessError, InvalidStateError) as error:
            raise TapError(
                f"Janus offers what cannot be received ({error})", "Is it a VideoRoom of Janus 1?"
            ) from error
        return self._connection.localDescription.sdp

    async def close(self) -> None:
        """Receive no more."""
        await self._connection.close()
