"""RTP packets of one stream to encoded frames, in order: what is missing is waited for a little, then left out.

Nothing is decoded here. A picture stream that lost a packet is picked up again at the next key frame, for what comes
before it would be smeared.
"""

from collections import Counter
from dataclasses import dataclass
from typing import NamedTuple

from aiortc.codecs.h264 import H264PayloadDescriptor
from aiortc.codecs.vpx import VpxPayloadDescriptor
from aiortc.rtp import RtpPacket, is_rtcp

from countenance.contracts.errors import TapError

HOLD_US = 100_000
"""A packet that is missing is waited for so long: a server passes on what it had to ask for again a little later."""
MOST_HELD = 256
"""Packets that wait for a missing one."""
LARGEST_FRAME = 4_000_000
"""Bytes; whoever sends more under one timestamp sends no picture."""
IDR_SLICE, PARAMETERS = 5, 7
"""Kinds of NAL units (H.264, table 7-1)."""
FAR = 3_000
"""Further than this apart, sequence numbers are those of a sender that began anew (RFC 3550, appendix A.1)."""


@dataclass(frozen=True, slots=True)
class Codec:
    """What a stream carries, as its signalling says."""

    name: str
    """`opus`, `vp8` or `h264`."""
    payload_type: int
    clock_rate: int
    """RTP timestamps per second."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """One frame as it was sent."""

    data: bytes
    stamp: int
    """The RTP timestamp, 32 bits."""
    arrived_us: int
    """When its last packet came."""


class Assembler:
    """Puts the packets of one stream together; counts what it leaves out, by reason."""

    def __init__(self, codec: Codec, ssrc: int | None = None) -> None:
        if codec.name not in ("opus", "vp8", "h264"):
            raise TapError(f"{codec.name} is not read", "Let the server offer Opus, VP8 or H264.")
        self.counts: Counter[str] = Counter()
        self.wants_key = codec.name != "opus"
        """No picture can be made before the next key frame."""
        self._codec, self._ssrc = codec, ssrc
        self._next: int | None = None
        self._held: dict[int, tuple[RtpPacket, int]] = {}
        self._since_us = 0
        # Who comes in the middle of a stream cannot know whether its first packet begins a picture.
        self._picture = _Picture(codec, torn=True)

    def add(self, data: bytes, arrived_us: int) -> list[Encoded]:
        """Take one datagram; gives the frames that it completes."""
        packet = self._parsed(data)
        return [] if packet is None else self.take(packet, arrived_us)

    def take(self, packet: RtpPacket, arrived_us: int) -> list[Encoded]:
        """Take a packet of this stream; gives the frames that it completes."""
        if self._next is None:
            self._next = packet.sequence_number
        ahead = (packet.sequence_number - self._next + 0x8000) % 0x10000 - 0x8000
        if abs(ahead) > FAR:
            self._begin_anew(packet.sequence_number)
            ahead = 0
        if ahead < 0 or packet.sequence_number in self._held:
            self.counts["late"] += 1
            return []
        if not self._held:
            self._since_us = arrived_us
        self._held[packet.sequence_number] = (packet, arrived_us)
        frames = self._ready()
        if self._held and (arrived_us - self._since_us > HOLD_US or len(self._held) > MOST_HELD):
            self._give_up_on_the_missing()
            frames += self._ready()
        return frames

    def _parsed(self, data: bytes) -> RtpPacket | None:
        if len(data) >= 2 and is_rtcp(data):
            return None
        try:
            packet = RtpPacket.parse(data)
        except ValueError:
            self.counts["malformed"] += 1
            return None
        if packet.payload_type != self._codec.payload_type or self._ssrc not in (None, packet.ssrc):
            self.counts["foreign"] += 1
            return None
        return packet

    def _ready(self) -> list[Encoded]:
        """What follows without a gap."""
        frames: list[Encoded] = []
        while self._next is not None and self._next in self._held:
            packet, arrived_us = self._held.pop(self._next)
            self._next = (self._next + 1) % 0x10000
            self._since_us = min((at_us for _, at_us in self._held.values()), default=0)
            if self._codec.name == "opus":
                frames += [Encoded(packet.payload, packet.timestamp, arrived_us)] if packet.payload else []
            else:
                frames += self._pictures(packet, arrived_us)
        return frames

    def _pictures(self, packet: RtpPacket, arrived_us: int) -> list[Encoded]:
        """The pictures that a packet ends, of those that can be made."""
        frames = []
        for frame, is_key in self._picture.add(packet, arrived_us):
            if frame is None:
                self.counts["broken"] += 1
                self.wants_key = True
            elif self.wants_key and not is_key:
                self.counts["no_key"] += 1
            else:
                self.wants_key = False
                frames.append(frame)
        return frames

    def _give_up_on_the_missing(self) -> None:
        assert self._next is not None
        begin = self._next
        self._next = min(self._held, key=lambda number: (number - begin) % 0x10000)
        self.counts["lost"] += (self._next - begin) % 0x10000
        self._break()

    def _begin_anew(self, number: int) -> None:
        self.counts["restarted"] += 1
        self._next, self._held = number, {}
        self._break()

    def _break(self) -> None:
        """A hole: what was begun cannot be finished, and no picture can be made from those before."""
        if self._codec.name != "opus":
            self.wants_key = True
            self._picture = _Picture(self._codec, torn=True)


class _Picture:
    """The picture that is being put together."""

    def __init__(self, codec: Codec, *, torn: bool) -> None:
        """`torn`: the first packets may be the rest of a picture whose beginning is lost."""
        self._parse = _vp8 if codec.name == "vp8" else _h264
        self._torn = torn
        self._is_begun = False
        self._begin(None)

    def add(self, packet: RtpPacket, arrived_us: int) -> list[tuple[Encoded | None, bool]]:
        """Pictures that end before or with this packet, and whether they need no other; None for one that is broken."""
        ended = []
        if packet.timestamp != self._stamp:
            if self._is_begun:
                ended.append(self._end())
            self._begin(packet.timestamp)
        self._arrived_us = arrived_us
        # A packet without a payload is padding, as senders use to feel for bandwidth.
        if packet.payload:
            self._append(packet.payload)
        if packet.marker and self._is_begun:
            ended.append(self._end())
        return ended

    def _begin(self, stamp: int | None) -> None:
        self._stamp = stamp
        self._parts: list[bytes] = []
        self._size = self._arrived_us = 0
        self._is_begun = self._is_key = False
        self._is_whole = True

    def _append(self, payload: bytes) -> None:
        try:
            part = self._parse(payload)
        except ValueError:
            self._is_begun, self._is_whole = True, False
            return
        if not self._is_begun:
            self._is_begun, self._is_whole = True, part.begins
        self._is_key = self._is_key or part.is_surely_key or (part.is_key and not self._torn)
        self._size += len(part.data)
        self._is_whole = self._is_whole and self._size <= LARGEST_FRAME
        if self._is_whole:
            self._parts.append(part.data)

    def _end(self) -> tuple[Encoded | None, bool]:
        assert self._stamp is not None
        whole = self._is_whole and self._parts
        frame = Encoded(b"".join(self._parts), self._stamp, self._arrived_us) if whole else None
        is_key = self._is_key
        self._torn = False
        self._begin(None)
        return frame, is_key


class _Part(NamedTuple):
    """What one packet holds of a picture."""

    begins: bool
    """It may be the first of a picture."""
    is_key: bool
    """The picture needs no other, if it begins here."""
    is_surely_key: bool
    """The picture needs no other, and begins here."""
    data: bytes


def _vp8(payload: bytes) -> _Part:
    """A piece of a VP8 picture (RFC 7741, 4.2 and 4.3)."""
    descriptor, data = VpxPayloadDescriptor.parse(payload)
    begins = bool(descriptor.partition_start) and descriptor.partition_id == 0
    is_key = begins and bool(data) and not data[0] & 1
    return _Part(begins, is_key, is_key, data)


def _h264(payload: bytes) -> _Part:
    """A piece of an H264 picture (RFC 6184, 5.6 to 5.8); parameters come first, slices may come anywhere."""
    descriptor, data = H264PayloadDescriptor.parse(payload)
    unit = data[4] & 0x1F if descriptor.first_fragment and len(data) > 4 else 0
    return _Part(descriptor.first_fragment, unit == IDR_SLICE, unit == PARAMETERS, data)
