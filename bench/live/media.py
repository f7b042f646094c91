"""Recordings such as browsers send: VP8 at 320x180 and 30 frames a second, Opus; drawn and spoken by the project."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from bench.calls import decode
from countenance.testing.sample_call.make import make_sample_call

WIDTH, HEIGHT, FPS, RATE = 320, 180, 30, 48_000
KEY_EVERY = 60


def make_clips(folder: Path, seconds: int) -> tuple[Path, ...]:
    """One file per person of the sample call, of this length; those that are there already are taken."""
    made = [folder / f"{name}-180p-{seconds}s.webm" for name in ("ana", "ben")]
    if not all(target.exists() for target in made):
        sample = make_sample_call(folder / "sample")
        for source, target in zip(sample.media.values(), made, strict=True):
            draft = target.with_name(f".{target.name}")
            _encode(*decode(source), draft, seconds)
            draft.rename(target)  # half a recording is never taken for a whole one
    return tuple(made)


def _encode(pictures: list[NDArray[np.uint8]], sound: NDArray[np.int16], target: Path, seconds: int) -> None:
    with av.open(str(target), "w") as out:
        video = out.add_stream("libvpx", rate=FPS, options={"deadline": "realtime", "cpu-used": "8"})
        video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        video.bit_rate, video.gop_size = 150_000, KEY_EVERY
        audio = out.add_stream("libopus", rate=RATE, layout="mono")
        audio.bit_rate = 32_000
        step, track = len(pictures) / (len(sound) / RATE), np.resize(sound, seconds * RATE)
        for second in range(seconds):
            for n in range(second * FPS, (second + 1) * FPS):
                picture = pictures[int(n / FPS * step) % len(pictures)]
                frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(WIDTH, HEIGHT)
                frame.pts, frame.time_base = n, Fraction(1, FPS)
                out.mux(video.encode(frame))
            piece = av.AudioFrame.from_ndarray(track[None, second * RATE : (second + 1) * RATE], "s16", "mono")
            piece.rate, piece.pts, piece.time_base = RATE, second * RATE, Fraction(1, RATE)
            out.mux(audio.encode(piece))
        out.mux(video.encode())
        out.mux(audio.encode())
