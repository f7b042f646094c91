"""How loud each sound track of a recording is over time: `python -m countenance.capture.waves FILE`.

For drawing, not for reading: the outermost amplitude of short stretches, and nothing that says who speaks or what. It
runs in a process of its own, for the file is decoded; one frame at a time is in memory, and one number per stretch.
"""

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from countenance.capture.recording import SOUND_RATES, open_media
from countenance.contracts.errors import MediaError
from countenance.contracts.media import SECOND_US
from countenance.contracts.waves import BARS, FULL, TrackWave, Wave
from countenance.inference.trial import cap, leave_the_network

MOST_TRACKS = 16
SLOT_US = SECOND_US // 20
LONGEST_US = 24 * 3_600 * SECOND_US
MEMORY, CPU_S = 2 << 30, 120


@dataclass(slots=True)
class _Track:
    """Grows a number per slot as frames come in."""

    name: str
    slots: list[float] = field(default_factory=list)
    after_us: int = 0

    def add(self, frame: av.AudioFrame) -> None:
        """Take in a frame at its own time; without one it follows the frame before."""
        if frame.sample_rate not in SOUND_RATES or frame.samples <= 0:
            return
        stamped = frame.pts is not None and frame.time_base is not None
        start_us = max(0, int((frame.pts or 0) * (frame.time_base or 0) * SECOND_US)) if stamped else self.after_us
        self.after_us = start_us + frame.samples * SECOND_US // frame.sample_rate
        if self.after_us > LONGEST_US:
            return
        first, last = start_us // SLOT_US, max(start_us, self.after_us - 1) // SLOT_US
        self.slots.extend([0.0] * (last + 1 - len(self.slots)))
        edges = [(slot * SLOT_US - start_us) * frame.sample_rate // SECOND_US for slot in range(first + 1, last + 1)]
        for slot, part in enumerate(np.split(_amplitudes(frame), edges), first):
            self.slots[slot] = max(self.slots[slot], float(part.max(initial=0.0)))


def wave_of(path: Path, bars: int = BARS) -> Wave:
    """The wave of every sound track of a file; raises MediaError where it is none that can be read."""
    container = open_media(path)
    try:
        streams = container.streams.audio[:MOST_TRACKS]
        tracks = {one.index: _Track(str(one.metadata.get("title", ""))[:80]) for one in streams}
        for frame, index in _frames(container, streams):
            tracks[index].add(frame)
    finally:
        container.close()
    most = max((len(one.slots) for one in tracks.values()), default=0)
    if not most:
        raise MediaError(f"{path}: holds no sound that can be drawn", "Nothing is to be done about it.")
    return Wave(most * SLOT_US, tuple(TrackWave(one.name, _bars(one.slots, most, bars)) for one in tracks.values()))


def _frames(
    container: av.container.InputContainer, streams: tuple[av.AudioStream, ...]
) -> Iterator[tuple[av.AudioFrame, int]]:
    """Frames of all sound tracks in the order of the file; where it breaks off, what came before is drawn."""
    if not streams:
        return
    packets = container.demux(streams)
    while True:
        try:
            packet = next(packets)
            frames = packet.decode()
        except StopIteration:
            return
        except av.error.InvalidDataError:
            continue
        except av.error.FFmpegError:
            return
        for frame in frames:
            if isinstance(frame, av.AudioFrame):
                yield frame, packet.stream.index


def _amplitudes(frame: av.AudioFrame) -> NDArray[np.float64]:
    """The outermost of all channels at each sample, 0 to 1, whatever the form of the sound."""
    samples, planar = frame.to_ndarray(), frame.format.is_planar
    if samples.dtype.kind == "f":
        sizes = np.nan_to_num(np.abs(samples.astype(np.float64)), nan=0.0, posinf=1.0)
    else:
        full = float(2 ** (8 * samples.dtype.itemsize - 1))
        sizes = np.abs(samples.astype(np.float64) - (full if samples.dtype.kind == "u" else 0.0)) / full
    outermost: NDArray[np.float64] = (sizes if planar else sizes.reshape(frame.samples, -1).T).max(axis=0)
    return outermost


def _bars(slots: list[float], most: int, bars: int) -> tuple[int, ...]:
    """The loudest of each equal part, as a share of the loudest of all."""
    whole = np.zeros(most)
    whole[: len(slots)] = slots
    parts = np.array([part.max() for part in np.array_split(whole, min(bars, most))])
    loudest = parts.max()
    return tuple(int(one) for one in np.rint(parts * (FULL / loudest))) if loudest > 0 else (0,) * len(parts)


def main(path: Path) -> None:
    """One line of JSON: the wave, or why there is none."""
    cap(MEMORY, CPU_S)
    leave_the_network()
    try:
        told = asdict(wave_of(path))
    except MediaError as fault:
        told = {"refused": fault.problem, "remedy": fault.remedy}
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
