"""Decoded frames of one stream of one file; no other stream of it is decoded."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import av
from av.container import InputContainer

from countenance.capture.recording import EXPORT_AGAIN, LARGEST_PIXELS, PictureInfo, Recording, SoundInfo, open_media
from countenance.contracts.errors import MediaError
from countenance.contracts.media import SECOND_US

MOST_BREAKS = 100
"""After so many places that cannot even be split into packets, the rest of a file is given up."""

OwnStream = av.VideoStream | av.AudioStream


@dataclass(slots=True)
class Counts:
    """What happened to one track so far."""

    decoded: int = 0
    """Frames of pictures or sound that left the decoder; utterances handed out, for text."""
    sampled: int = 0
    """Pictures taken on the grid, pieces of sound, utterances."""
    dropped: int = 0
    """Pictures that were not due, and sound that was heard already."""
    repaired: int = 0
    """Timestamps that were missing, ran back or made no sense."""
    gaps: int = 0
    """Holes in the sound."""
    bad_packets: int = 0
    """Packets that could not be read, decoded or converted, and were skipped."""
    short_us: int = 0
    """How much earlier the track ended than its file promised, where that is more than a second."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Which part of a file is wanted, in media time of the call."""

    offset_us: int = 0
    """When the file's own zero is, in the call."""
    since_us: int | None = None
    """Nothing before this is decoded; None: decoding begins with the file."""
    from_us: int = 0
    """Nothing before this is given, though it may be decoded to get here."""
    until_us: int | None = None
    """Nothing from here on is decoded: the permission is known to end. None: to the end of the file."""

    @property
    def first_us(self) -> int:
        """The first moment that may be given."""
        return max(0, self.from_us, self.since_us or 0)


class StreamDecoder:
    """Reads one stream of one file from where it may begin to the end."""

    def __init__(self, recording: Recording, info: PictureInfo | SoundInfo, stretch: Stretch, counts: Counts) -> None:
        self.recording = recording
        self.counts = counts
        self._info = info
        self._stretch = stretch
        self._container: InputContainer | None = None

    def frames(self) -> Iterator[av.VideoFrame | av.AudioFrame]:
        """Frames in the order in which they are shown; what cannot be decoded is counted and skipped."""
        self._container = open_media(self.recording.path)
        for packet in self._packets(self._container, self._own_stream(self._container)):
            try:
                frames = packet.decode()
            except av.error.FFmpegError:
                self.counts.bad_packets += 1
                continue
            for frame in frames:
                self.counts.decoded += 1
                yield frame

    def file_us(self, frame: av.VideoFrame | av.AudioFrame) -> int | None:
        """Microseconds since the file's own zero; None where a frame has no timestamp."""
        return self._since_zero(frame.pts if frame.pts is not None else frame.dts, frame.time_base)

    def close(self) -> None:
        """Close the file."""
        if self._container is not None:
            self._container.close()

    def finish(self, file_us: int) -> None:
        """Note how much of what the headers promised is missing at the end; a stream that gave nothing is an error."""
        counts, path, promised = self.counts, self.recording.path, self.recording.duration_us
        whole = self._stretch.until_us is None
        if whole and promised is not None and promised - file_us > SECOND_US:
            counts.short_us = promised - file_us
        from_the_start = self._stretch.since_us is None and not self._stretch.from_us
        if counts.bad_packets and not counts.sampled and from_the_start:
            what = "pictures" if isinstance(self._info, PictureInfo) else "sound"
            bad = f"{counts.bad_packets} bad packets"
            raise MediaError(f"{path}: none of its {what} can be decoded ({bad})", EXPORT_AGAIN)

    def _own_stream(self, container: InputContainer) -> OwnStream:
        streams = container.streams
        stream = streams[self._info.index] if self._info.index < len(streams) else None
        if not isinstance(stream, OwnStream):
            raise MediaError(f"{self.recording.path}: changed while it was read", "Start again.")
        for other in streams:
            if other.index != stream.index:
                other.discard = av.stream.Discard.all
        if isinstance(stream, av.VideoStream):
            # One thread per file: two files use two cores, while threads within one cost a sixth more time.
            stream.codec_context.thread_count = 1
            stream.codec_context.options = {"max_pixels": str(LARGEST_PIXELS)}
        return stream

    def _packets(self, container: InputContainer, stream: OwnStream) -> Iterator["av.Packet[Any]"]:
        """Packets from the first that is wanted on; a place that cannot be read is counted and passed."""
        waiting = self._stretch.since_us is not None
        for _ in range(MOST_BREAKS):
            try:
                for packet in container.demux(stream):
                    if self._is_past(packet):
                        return
                    waiting = waiting and not self._may_begin(packet)
                    if not waiting:
                        yield packet
            except IndexError:
                # At the end PyAV looks for every stream, but knows none that a broken file showed midway.
                return
            except av.error.FFmpegError:
                self.counts.bad_packets += 1
            else:
                return

    def _is_past(self, packet: "av.Packet[Any]") -> bool:
        """Whether decoding must stop here, in the order of decoding: what needs a later picture goes with it."""
        at_us, until_us = self._packet_us(packet), self._stretch.until_us
        return at_us is not None and until_us is not None and at_us >= until_us

    def _may_begin(self, packet: "av.Packet[Any]") -> bool:
        """Whether decoding may begin here: at a packet that needs no other, and none of it before `since_us`."""
        at_us, since_us = self._packet_us(packet), self._stretch.since_us
        return packet.is_keyframe and at_us is not None and since_us is not None and at_us >= since_us

    def _packet_us(self, packet: "av.Packet[Any]") -> int | None:
        """Media time of the call at which a packet is shown."""
        at_us = self._since_zero(packet.pts if packet.pts is not None else packet.dts, packet.time_base)
        return None if at_us is None else at_us + self._stretch.offset_us

    def _since_zero(self, stamp: int | None, base: Fraction | None) -> int | None:
        if stamp is None or not base:
            return None
        return int(stamp * base.numerator * SECOND_US // base.denominator) - self.recording.zero_us
