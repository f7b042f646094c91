"""Recordings to measure with, drawn and spoken by the project: `python -m bench.calls FOLDER SECONDS`."""

import sys
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from countenance.testing.sample_call.make import make_sample_call

FPS = 30
MINUTE = 60


def make_call(folder: Path, seconds: int) -> tuple[Path, Path]:
    """The sample call's two recordings, looped to a length, 640x360 at 30 fps in H.264 with AAC."""
    sample = make_sample_call(folder / "sample")
    made = []
    for source in sample.media.values():
        target = folder / f"{source.stem}.mp4"
        loop(source, target, seconds)
        made.append(target)
    return made[0], made[1]


def loop(source: Path, target: Path, seconds: int) -> None:
    """Encode up to a minute of one file, its pictures and sound repeated, and repeat that to the length."""
    minute = target.with_name(f"minute-{target.name}")
    encode(*decode(source), minute, min(seconds, MINUTE))
    with av.open(str(target), "w") as out, av.open(str(minute)) as first:
        streams = {s.index: out.add_stream_from_template(s) for s in first.streams}
        last = dict.fromkeys(streams, -(10**9))
        for round_s in range(0, seconds, MINUTE):
            with av.open(str(minute)) as again:
                for packet in again.demux():
                    if packet.dts is None or packet.pts is None or packet.time_base is None:
                        continue
                    index, shift = packet.stream.index, int(round_s / packet.time_base)
                    dts = packet.dts + shift
                    if last[index] < dts < seconds / packet.time_base:  # a minute's first sound overlaps the last's end
                        last[index], packet.pts, packet.dts = dts, packet.pts + shift, dts
                        packet.stream = streams[index]
                        out.mux(packet)


def encode(pictures: list[NDArray[np.uint8]], sound: NDArray[np.int16], target: Path, seconds: int) -> None:
    """640x360 at 30 fps in H.264, and AAC."""
    with av.open(str(target), "w") as out:
        video = out.add_stream("libx264", rate=FPS, options={"preset": "veryfast", "profile": "main"})
        video.width, video.height, video.pix_fmt = 640, 360, "yuv420p"
        audio = out.add_stream("aac", rate=48_000, layout="mono")
        step = len(pictures) / (len(sound) / 48_000)
        for n in range(seconds * FPS):
            frame = av.VideoFrame.from_ndarray(pictures[int(n / FPS * step) % len(pictures)], format="rgb24")
            frame.pts, frame.time_base = n, Fraction(1, FPS)
            out.mux(video.encode(frame))
        track = np.resize(sound, seconds * 48_000)
        for start in range(0, len(track), 48_000):
            block = av.AudioFrame.from_ndarray(track[None, start : start + 48_000], format="s16", layout="mono")
            block.sample_rate, block.pts, block.time_base = 48_000, start, Fraction(1, 48_000)
            out.mux(audio.encode(block))
        out.mux(video.encode())
        out.mux(audio.encode())


def decode(source: Path) -> tuple[list[NDArray[np.uint8]], NDArray[np.int16]]:
    """All pictures (640x360 RGB) and the sound (48 kHz mono) of a file."""
    with av.open(str(source)) as file:
        pictures = [frame.to_ndarray(width=640, height=360, format="rgb24") for frame in file.decode(video=0)]
    resampler = av.AudioResampler(format="s16", layout="mono", rate=48_000)
    with av.open(str(source)) as file:
        sound = [block.to_ndarray()[0] for frame in file.decode(audio=0) for block in resampler.resample(frame)]
    return [np.asarray(p, np.uint8) for p in pictures], np.asarray(np.concatenate(sound), np.int16)


if __name__ == "__main__":
    make_call(Path(sys.argv[1]), int(sys.argv[2]))
