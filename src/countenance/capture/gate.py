"""A gate before the decoder of one WebRTC track: packets of what is not subscribed are counted and forgotten.

aiortc decodes whatever arrives. It puts packets into a jitter buffer first, after feedback to the sender was seen to;
the gate takes the place of that buffer, and never gives aiortc a frame to decode.
"""

from collections import Counter
from collections.abc import Callable

from aiortc import RTCRtpTransceiver
from aiortc.rtp import RtpPacket

from countenance.capture.lanes import Lane
from countenance.capture.rtp import Assembler, Codec
from countenance.capture.unpacking import Decoder, decoder_of
from countenance.contracts.errors import TapError
from countenance.contracts.media import SECOND_US

JITTER_BUFFER = "_RTCRtpReceiver__jitter_buffer"
READ = ("opus", "vp8", "h264")
"""Codecs that are read; what is sent in another is counted and forgotten."""
ASK_EVERY_US = SECOND_US // 2
"""A key frame is asked for no more often than this."""
QUIET_US = SECOND_US // 2
"""A stream that was silent for so long may be followed by another of the same track."""


class Gate:
    """What arrives of one track; open while there is a lane."""

    def __init__(self, transceiver: RTCRtpTransceiver, now_us: Callable[[], int]) -> None:
        """Take the place of the receiver's jitter buffer, before anything has arrived. `now_us`: media time."""
        self._transceiver, self._now_us = transceiver, now_us
        self._lane: Lane | None = None
        self._stream: _Stream | None = None
        self._asked_us = -ASK_EVERY_US
        self.counts: Counter[str] = Counter()
        """`received`, and what was forgotten and why."""
        if not hasattr(transceiver.receiver, JITTER_BUFFER):
            # Without its buffer to take the place of, nothing would keep aiortc from decoding.
            raise TapError("this aiortc has no jitter buffer where it is looked for", "Install aiortc 1.16.")
        setattr(transceiver.receiver, JITTER_BUFFER, self)

    def open(self, lane: Lane) -> None:
        """Decode from the next key frame on; asks for one."""
        self._lane, self._stream, self._asked_us = lane, None, -ASK_EVERY_US

    def shut(self) -> None:
        """Decode nothing more from this moment."""
        if self._stream is not None:
            self._stream.decoder.close()
        self._lane = self._stream = None

    def add(self, packet: RtpPacket) -> tuple[bool, None]:
        """Take a packet, in the place of a jitter buffer: whether a key frame is needed, and never a frame."""
        self.counts["received"] += 1
        lane = self._lane
        if lane is None or lane.closed:
            self.counts["not_subscribed"] += 1
            return False, None
        now_us = self._now_us()
        stream = self._stream_of(packet, lane, now_us)
        if stream is None:
            return False, None
        stream.take(packet, now_us)
        if not stream.wants_key or now_us - self._asked_us < ASK_EVERY_US:
            return False, None
        self._asked_us = now_us
        self.counts["key_frames_asked"] += 1
        return True, None

    def _stream_of(self, packet: RtpPacket, lane: Lane, now_us: int) -> "_Stream | None":
        """The stream that a packet belongs to; another one takes over when that has fallen silent."""
        stream = self._stream
        if stream is not None and (stream.ssrc, stream.codec.payload_type) == (packet.ssrc, packet.payload_type):
            return stream
        if stream is not None and stream.ssrc != packet.ssrc and now_us - stream.heard_us < QUIET_US:
            self.counts["foreign"] += 1
            return None
        codec = self._codec(packet.payload_type)
        if codec is None:
            self.counts["unread_codec"] += 1
            return None
        if stream is not None:
            stream.decoder.close()
        self._stream = _Stream(codec, packet.ssrc, lane, now_us)
        return self._stream

    def _codec(self, payload_type: int) -> Codec | None:
        for codec in self._transceiver._codecs:  # noqa: SLF001 - what was agreed on, which aiortc keeps to itself
            if codec.payloadType == payload_type and codec.name.lower() in READ:
                return Codec(codec.name.lower(), payload_type, codec.clockRate)
        return None


class _Stream:
    """One RTP stream of the track, and its decoder."""

    def __init__(self, codec: Codec, ssrc: int, lane: Lane, now_us: int) -> None:
        self.codec, self.ssrc, self.heard_us = codec, ssrc, now_us
        self.decoder: Decoder = decoder_of(codec, lane)
        self._assembler = Assembler(codec, ssrc)
        self._lane = lane
        self._broken = False

    @property
    def wants_key(self) -> bool:
        """No picture can be made before the next key frame."""
        return self._broken or self._assembler.wants_key

    def take(self, packet: RtpPacket, now_us: int) -> None:
        """Decode the frames that a packet completes."""
        self.heard_us = now_us
        before = self._assembler.counts["lost"]
        for frame in self._assembler.take(packet, now_us):
            self._broken = not self.decoder.take(frame)
        lost = self._assembler.counts["lost"] - before
        if lost:
            self._lane.drop("lost", lost)
