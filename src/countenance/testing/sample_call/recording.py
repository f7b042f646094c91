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

from countenance.contracts.media import SAMPLE_RATE
from countenance.testing.sample_call.acting import Actor
from countenance.testing.sample_call.face import FacePainter
from countenance.testing.sample_call.people import LOOKS
from countenance.testing.sample_call.scene import HEIGHT, WIDTH
from countenance.testing.sample_call.script import Script

VIDEO_OPTIONS = {"deadline": "realtime", "cpu-used": "8", "static-thresh": "100"}
VIDEO_BITS = 260_000
AUDIO_BITS = 32_000
SOUND_BLOCK = SAMPLE_RATE // 50


def record(script: Script, name: str, path: Path) -> None:
    """Draw, speak and encode everything one person does, from the first moment to the last."""
    person = script.person(name)
    actor, painter = Actor(script, name), FacePainter(LOOKS[person.look])
    with av.open(path, "w", format="webm", options={"fflags": "+bitexact"}) as file:
        video = _video(file, person.fps)
        sound = _sound(file)
        pcm = actor.sound()[:-SOUND_BLOCK]  # the codec adds its own few milliseconds; the call ends with the last frame
        heard = 0
        for index in range(script.length * person.fps // 1000):
            until = min(len(pcm), (index + 1) * SAMPLE_RATE // person.fps)
            heard = _put_sound(file, sound, pcm, (heard, until))
            frame = VideoFrame.from_ndarray(painter.draw(actor.pose(index * 1000 // person.fps), index), "rgb24")
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


def _put_sound(file: OutputContainer, stream: AudioStream, pcm: np.ndarray, span: tuple[int, int]) -> int:
    """Encode the whole blocks of a span; returns where the next span begins."""
    start, end = span
    last = end == len(pcm)
    while start < end and (last or start + SOUND_BLOCK <= end):
        block = pcm[start : start + SOUND_BLOCK]
        frame = AudioFrame.from_ndarray(block[None, :], format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = SAMPLE_RATE, start, Fraction(1, SAMPLE_RATE)
        file.mux(stream.encode(frame))
        start += len(block)
    return start
