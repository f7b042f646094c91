"""Encrypted RTP of one track on a port of its own, decoded as it arrives."""

import asyncio
import base64
import binascii
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from pylibsrtp import Error, Policy, Session
from pylibsrtp._binding import ffi  # type: ignore[import-not-found]

from countenance.capture.lanes import Lane
from countenance.capture.rtp import Assembler, Codec
from countenance.capture.unpacking import decoder_of
from countenance.contracts.errors import TapError

KEY_BYTES = 30
"""Of AES_CM_128_HMAC_SHA1_80: 16 of key and 14 of salt (RFC 3711, 4.1 and 4.3)."""

MOST_BYTES = 2048
"""Of a datagram. mediasoup adds to what a sender made as long as the network takes: more than 1500 bytes come."""


class Stream:
    """One stream on its way into a lane; nothing is decrypted or decoded once it is shut."""

    def __init__(self, codec: Codec, ssrc: int, key: str, lane: Lane, now_us: Callable[[], int]) -> None:
        """`key` as Base64; `now_us`: media time."""
        self.needs_key = asyncio.Event()
        """Set while pictures arrive that cannot be made without a key frame."""
        self._assembler = Assembler(codec, ssrc)
        self._session = _session(key)
        self._decoder = decoder_of(codec, lane)
        self._lane, self._now_us = lane, now_us
        self._is_open = True

    def take(self, datagram: bytes) -> None:
        """Take what came over the network, from whomever."""
        if not self._is_open or self._lane.closed:
            return
        if len(datagram) > MOST_BYTES:
            self._lane.drop("unverified")
            return
        try:
            packet = self._session.unprotect(datagram)
        except Error:
            # Not from who holds the key, sent twice, or control.
            self._lane.drop("unverified")
            return
        before = self._assembler.counts.copy()
        broken = False
        for frame in self._assembler.add(packet, self._now_us()):
            broken = not self._decoder.take(frame)
        for reason, count in (self._assembler.counts - before).items():
            self._lane.drop(reason, count)
        if broken or self._assembler.wants_key:
            self.needs_key.set()
        else:
            self.needs_key.clear()

    def shut(self) -> None:
        """Take nothing more from this moment."""
        self._is_open = False
        self._decoder.close()


class Port(asyncio.DatagramProtocol):
    """A port that media are sent to; what comes before somebody listens is forgotten."""

    def __init__(self) -> None:
        self.heard: Callable[[bytes], None] = lambda _: None
        self.number = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Note which port it is."""
        self.number = transport.get_extra_info("sockname")[1]

    def datagram_received(self, data: bytes, addr: tuple[str | int, ...]) -> None:  # noqa: ARG002 - the key says who
        """Hand it on."""
        self.heard(data)


@asynccontextmanager
async def open_port(listen: str) -> AsyncIterator[Port]:
    """A free port, given back at the end of the block."""
    loop = asyncio.get_running_loop()
    try:
        transport, port = await loop.create_datagram_endpoint(Port, local_addr=(listen, 0))
    except OSError as error:
        raise TapError(f"no port for media on {listen} ({error.strerror})", "Check `listen` of the source.") from error
    try:
        yield port
    finally:
        transport.close()


def roomy(session: Session) -> Session:
    """The same session with room for `MOST_BYTES`: it is made for 1500, and refuses more as a mistake of its caller."""
    session._cdata = ffi.new("char[]", MOST_BYTES)  # noqa: SLF001 - nothing public sets it
    session._buffer = ffi.buffer(session._cdata)  # noqa: SLF001
    return session


def _session(key: str) -> Session:
    """Decryption of whatever is sent with this key."""
    try:
        raw = base64.b64decode(key, validate=True)
    except binascii.Error:
        raw = b""
    if len(raw) != KEY_BYTES:
        raise TapError(f"the key of a stream is not {KEY_BYTES} bytes in Base64", "Use a sidecar of this version.")
    return roomy(Session(Policy(key=raw, ssrc_type=Policy.SSRC_ANY_INBOUND)))
