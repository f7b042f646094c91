"""Small media files made on the spot, so that tests need no footage of anybody."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.container import OutputContainer
from numpy.typing import NDArray

from countenance.contracts.media import SECOND_US

MICROSECONDS = Fraction(1, SECOND_US)
CONTAINER_TICKS = Fraction(1, 90_000)


@dataclass(frozen=True, slots=True)
class Pictures:
    """A grey picture that brightens from frame to frame, its left upper quarter white."""

    width: int = 160
    height: int = 96
    at_us: Sequence[int] = tuple(k * SECOND_US // 30 for k in range(30))
    """When each frame is shown."""
    codec: str = "libx264"
    options: Mapping[str, str] = field(default_factory=lambda: {"preset": "ultrafast", "g": "15"})
    turned: int = 0
    """Degrees counterclockwise by which a player is told to turn the picture."""


@dataclass(frozen=True, slots=True)
class Tone:
    """A steady tone, at the same level on every channel."""

    seconds: float = 1.0
    hertz: float = 440.0
    level: float = 0.5
    """Peak, 0..1."""
    rate: int = 48_000
    layout: str = "mono"
    codec: str = "aac"
    start_us: int = 0
    holes_us: Sequence[tuple[int, int]] = ()
    """Half-open stretches that are left out of the file."""


def every(fps: float, seconds: float, start_us: int = 0) -> tuple[int, ...]:
    """Times of frames at a steady rate."""
    return tuple(start_us + round(k * SECOND_US / fps) for k in range(round(seconds * fps)))


def write_clip(
    path: Path,
    pictures: Pictures | None = Pictures(),
    tone: Tone | None = Tone(),
    metadata: Mapping[str, str] | None = None,
    options: Mapping[str, str] | None = None,
) -> Path:
    """Write a media file of the kind its name says, and return its path; `options` are FFmpeg's for the container."""
    with av.open(str(path), "w", options=dict(options or {})) as container:
        container.metadata.update(metadata or {})
        tracks = []
        if pictures is not None:
            tracks.append(_encoded_pictures(container, pictures))
        if tone is not None:
            tracks.append(_encoded_tone(container, tone))
        for packet in sorted((p for track in tracks for p in track), key=_order):
            container.mux(packet)
    return path


def _order(packet: "av.Packet[Any]") -> Fraction:
    """Decoding time in seconds; packets are written in this order."""
    return Fraction(packet.dts or 0) * (packet.time_base or MICROSECONDS)


def _encoded_pictures(container: OutputContainer, pictures: Pictures) -> list["av.Packet[Any]"]:
    stream = container.add_stream(pictures.codec, rate=30, options=dict(pictures.options))
    assert isinstance(stream, av.VideoStream)
    stream.width, stream.height, stream.pix_fmt = pictures.width, pictures.height, "yuv420p"
    stream.codec_context.time_base = CONTAINER_TICKS
    if pictures.turned:
        stream.set_display_rotation(pictures.turned)
    packets = []
    for index, at_us in enumerate(pictures.at_us):
        frame = av.VideoFrame.from_ndarray(_painted(pictures, index), format="rgb24")
        frame.time_base = CONTAINER_TICKS
        frame.pts = round(at_us * MICROSECONDS / CONTAINER_TICKS)
        packets += stream.encode(frame)
    return packets + stream.encode(None)


def _painted(pictures: Pictures, index: int) -> NDArray[np.uint8]:
    canvas = np.full((pictures.height, pictures.width, 3), 30 + index % 40 * 4, np.uint8)
    canvas[: pictures.height // 2, : pictures.width // 2] = 255
    return canvas


def _encoded_tone(container: OutputContainer, tone: Tone) -> list["av.Packet[Any]"]:
    stream = container.add_stream(tone.codec, rate=tone.rate, layout=tone.layout)
    assert isinstance(stream, av.AudioStream)
    packets = []
    for first in range(0, round(tone.seconds * tone.rate), tone.rate // 50):
        at_us = tone.start_us + first * SECOND_US // tone.rate
        if not any(begin <= at_us < end for begin, end in tone.holes_us):
            packets += stream.encode(_sounding(tone, first))
    return packets + stream.encode(None)


def _sounding(tone: Tone, first: int) -> av.AudioFrame:
    """20 ms of the tone, from this sample on."""
    moments = (first + np.arange(tone.rate // 50)) / tone.rate
    wave = (np.sin(2 * np.pi * tone.hertz * moments) * tone.level * 32767).astype(np.int16)
    channels = av.AudioLayout(tone.layout).nb_channels
    frame = av.AudioFrame.from_ndarray(np.repeat(wave, channels)[None], format="s16", layout=tone.layout)
    frame.sample_rate, frame.time_base = tone.rate, Fraction(1, tone.rate)
    frame.pts = first + tone.start_us * tone.rate // SECOND_US
    return frame
