"""One side of the sample call as packets that a client can send: VP8 with a key picture each second, and Opus."""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.video.stream import VideoStream

from countenance.contracts.media import SECOND_US

OPTIONS = {"deadline": "realtime", "cpu-used": "-8", "static-thresh": "100"}
BITS = 400_000
MICROSECONDS = Fraction(1, SECOND_US)


@dataclass(frozen=True, slots=True)
class Piece:
    """A packet."""

    at_us: int
    data: bytes
    key: bool
    """Whether somebody who comes in may begin with it."""


@dataclass(frozen=True, slots=True)
class Clip:
    """What one person sends, from the first moment to the last."""

    video: tuple[Piece, ...]
    audio: tuple[Piece, ...]
    length_us: int


def clip_of(recording: Path, length_us: int) -> Clip:
    """Read a recording; its pictures are encoded anew beside it, once, so that newcomers need not wait for one."""
    target = recording.with_name(f"{recording.stem}-live.webm")
    if not target.is_file():
        unfinished = target.with_suffix(".part")
        _encode(recording, unfinished)
        unfinished.replace(target)
    return Clip(_pieces(target, "video"), _pieces(recording, "audio"), length_us)


def _encode(recording: Path, target: Path) -> None:
    with av.open(str(recording)) as source, av.open(str(target), "w", format="webm") as out:
        given = source.streams.video[0]
        stream = out.add_stream("libvpx", rate=int(given.average_rate or 15), options=OPTIONS)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = given.width, given.height, "yuv420p"
        stream.bit_rate, stream.codec_context.thread_count = BITS, 1
        stream.codec_context.gop_size = int(given.average_rate or 15)
        for frame in source.decode(given):
            frame.pict_type = av.video.frame.PictureType.NONE
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))


def _pieces(path: Path, kind: str) -> tuple[Piece, ...]:
    with av.open(str(path)) as source:
        packets: list[av.Packet[Any]] = [one for one in source.demux(**{kind: 0}) if one.size]
        return tuple(
            Piece(max(0, round((one.pts or 0) * (one.time_base or 0) * SECOND_US)), bytes(one), one.is_keyframe)
            for one in packets
        )
