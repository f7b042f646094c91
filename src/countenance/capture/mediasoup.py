"""The tap on a mediasoup router: RTP that its server's sidecar sends for the tracks that are asked for."""

import asyncio
import base64
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from secrets import token_bytes
from typing import Any

from countenance.capture.mixing import LiveTap
from countenance.capture.plainrtp import KEY_BYTES, Stream, open_port
from countenance.capture.remote import RETRIES_S, LostError, Reader, RemoteConnector, RemoteSource
from countenance.capture.roster import Roster
from countenance.capture.sampling import Grid
from countenance.capture.sidecar import MediasoupRoom, Sidecar, visiting
from countenance.contracts.call import TrackKind
from countenance.contracts.errors import TapError
from countenance.inference.tables import checked
from countenance.link.logs import extra

READ = ("audio/opus", "video/vp8", "video/h264")
KEY_EVERY_S = 1.0
"""A key frame costs the sender bandwidth: it is asked for no more often than this."""

log = logging.getLogger(__name__)


class MediasoupConnector(RemoteConnector[str]):
    """Enters one room of one server."""

    def __init__(
        self,
        room: MediasoupRoom,
        mono_us: Callable[[], int],
        *,
        began_us: int | None = None,
        grid: Grid | None = None,
        retries_s: Sequence[float] = RETRIES_S,
        token: Callable[[int], bytes] = token_bytes,
    ) -> None:
        """`token` gives so many random bytes."""
        super().__init__(mono_us, began_us=began_us, grid=grid)
        self._room, self._retries_s, self._token = room, retries_s, token

    @classmethod
    def from_table(
        cls, table: Mapping[str, Any], *, fps: int, mono_us: Callable[[], int], began_us: int
    ) -> "MediasoupConnector":
        """From the keys of a source; raises UsageError."""
        return cls(checked(MediasoupRoom, table, "source mediasoup"), mono_us, began_us=began_us, grid=Grid(fps))

    def source(self, roster: Roster[str]) -> "MediasoupSource":
        """The room, not yet entered."""
        return MediasoupSource(self._room, roster, self._retries_s, self._token)


class MediasoupSource(RemoteSource[str]):
    """One room, and what is received of its producers."""

    def __init__(
        self, room: MediasoupRoom, roster: Roster[str], retries_s: Sequence[float], token: Callable[[int], bytes]
    ) -> None:
        super().__init__(roster, retries_s)
        self._room, self._token = room, token
        self._sidecar: Sidecar | None = None
        self._ended: dict[str, asyncio.Event] = {}

    async def visit(self, tap: LiveTap) -> None:
        """Be in the room until it is closed or the line is lost."""
        async with visiting(self._room) as sidecar, AsyncExitStack() as inside:
            self._sidecar, seen = sidecar, set[str]()
            inside.callback(self._lose)
            inside.callback(tap.speakers.keep)
            async for event in sidecar.events():
                self._heard(event, seen)
                self._speak(event, tap)
                if "all" in event:
                    await inside.enter_async_context(self.arrived(tap))
                tap.wake()
                if self.over:
                    return
        raise LostError("the mediasoup sidecar broke off", "It is asked again.")

    def _lose(self) -> None:
        self._sidecar = None
        for ended in self._ended.values():
            ended.set()

    def _heard(self, event: Mapping[str, Any], seen: set[str]) -> None:
        """What the room says: producers, those already there first, in the order in which they came."""
        match event:
            case {"producer": {"id": str(name), "kind": "audio" | "video" as kind, "codec": str(codec), **more}}:
                seen.add(name)
                if codec.lower() in READ:
                    self.roster.publish(name, TrackKind(kind), str(more.get("participant") or ""))
                else:
                    log.warning("a producer is not read: offer Opus, VP8 or H264", extra=extra(codec=codec))
            case {"gone": str(name)}:
                self._gone(name)
            case {"all": _}:
                for name in self.roster.published():
                    if name not in seen:
                        self._gone(name)
            case {"closed": _}:
                self.over = True

    def _speak(self, event: Mapping[str, Any], tap: LiveTap) -> None:
        """Where the server allows it, it says which of the producers that it listens to are loud, received or not."""
        match event:
            case {"speakers": {"heard": [*heard], "loud": [*loud]}}:
                tap.speakers.only(self._owners(loud), self._owners(heard), tap.now_us())

    def _owners(self, producers: Sequence[object]) -> set[str]:
        owners = (self.roster.owner(one) for one in producers if isinstance(one, str))
        return {owner for owner in owners if owner is not None}

    def _gone(self, name: str) -> None:
        self.roster.withdraw(name)
        if name in self._ended:
            self._ended[name].set()

    async def receive(self, key: str, reader: Reader, tap: LiveTap) -> None:
        """Receive one producer until it or the line ends."""
        if (sidecar := self._sidecar) is None:
            raise LostError("the line to the mediasoup sidecar is down", "It is made anew.")
        ended = self._ended[key] = asyncio.Event()
        try:
            async with open_port(self._room.listen) as port:
                address = self._room.address or sidecar.address
                own = base64.b64encode(self._token(KEY_BYTES)).decode("ascii")
                taken = await sidecar.take(key, address, port.number, own)
                stream = Stream(taken.codec, taken.ssrc, taken.key, reader.lane, tap.now_us)
                reader.shut, port.heard = stream.shut, stream.take
                await sidecar.resume(key)
                await _until(ended, sidecar, key, stream)
        finally:
            reader.shut()
            del self._ended[key]
            with suppress(TapError):
                await sidecar.leave(key)


async def _until(ended: asyncio.Event, sidecar: Sidecar, producer: str, stream: Stream) -> None:
    """Wait for the end; meanwhile ask for key frames where pictures cannot be made without."""
    asking = asyncio.create_task(_ask_for_keys(sidecar, producer, stream))
    try:
        await ended.wait()
    finally:
        asking.cancel()
        await asyncio.wait([asking])


async def _ask_for_keys(sidecar: Sidecar, producer: str, stream: Stream) -> None:
    while True:
        await asyncio.sleep(KEY_EVERY_S)
        await stream.needs_key.wait()
        with suppress(TapError):
            await sidecar.key_frame(producer)
