"""Writes one person's side of the call: WebM with VP8 and Opus."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from countenance.contracts.media import SAMPLE_RATE
from countenance.testing.sample_call.acting import Actor
from countenance.testing.sample_call.face import FacePainter
from countenance.testing.sample_call.people import LOOKS, Look
from countenance.testing.sample_call.scene import HEIGHT, WIDTH
from countenance.testing.sample_call.script import Script

VIDEO_OPTIONS = {"deadline": "realtime", "cpu-used": "-8", "static-thresh": "100"}
"""A speed below 0 is fixed: above 0 the encoder would hurry when the machine is busy, and write other bytes."""
VIDEO_BITS = 260_000
AUDIO_BITS = 32_000
CODEC_TAIL = SAMPLE_RATE // 50
"""The codec adds a few milliseconds of its own; without this much sound the call still ends with its last frame."""


def record(script: Script, name: str, path: Path, look: Look | None = None) -> None:
    """Draw, speak and encode everything one person does, from the first moment to the last."""
    person = script.person(name)
    actor, painter = Actor(script, name), FacePainter(look or LOOKS[person.look])
    with av.open(path, "w", format="webm", options={"fflags": "+bitexact"}) as file:
        video = _video(file, person.fps)
        sound = _sound(file)
        pcm = actor.sound()[:-CODEC_TAIL]
        for index in range(script.length * person.fps // 1000):
            at_ms = index * 1000 // person.fps
            if index % person.fps == 0:
                _put_sound(file, sound, pcm, at_ms * SAMPLE_RATE // 1000)
            frame = VideoFrame.from_ndarray(painter.draw(actor.pose(at_ms), index), "rgb24")
            frame.pts, frame.time_base = index, Fraction(1, person.fps)
            file.mux(video.encode(frame))
        file.mux(sound.encode(None))
        file.mux(video.encode(None))


def _video(file: OutputContainer, fps: int) -> VideoStream:
    stream = file.add_stream("libvpx", rate=fps, options=VIDEO_OPTIONS)
    stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
    stream.bit_rate = VIDEO_BITS
    stream.time_base = Fraction(1, fps)
    stream.codec_context.thread_count = 1
    stream.codec_context.gop_size = 10 * fps
    return stream


def _sound(file: OutputContainer) -> AudioStream:
    stream = file.add_stream("libopus", rate=SAMPLE_RATE, layout="mono")
    stream.bit_rate = AUDIO_BITS
    return stream


def _put_sound(file: OutputContainer, stream: AudioStream, pcm: NDArray[np.int16], start: int) -> None:
    """Encode the second of sound that starts here."""
    second = pcm[start : start + SAMPLE_RATE]
    if len(second):
        frame = AudioFrame.from_ndarray(second[None, :], format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = SAMPLE_RATE, start, Fraction(1, SAMPLE_RATE)
        file.mux(stream.encode(frame))
