"""Ten thousand recordings that are nearly right: each is read to its end or refused with a reason, and none hangs.

    python -m bench.fuzz.media [--files 10000] [--seed 1] [--save]

Short clips in the containers and codecs that people have, with bits flipped, pieces cut, doubled or filled, the headers
more often than the rest. Each is read the way `analyze` reads it, every track subscribed, in a process that may take
512 MiB more than at its beginning. A process that dies, another error than a `CountenanceError` and more than 10
seconds for one file are misses. Prints one line of figures; exits 1 on any miss.
"""

import argparse
import asyncio
import multiprocessing
import resource
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from types import FrameType

import av
import numpy as np

from bench.faults.outcome import Outcome
from countenance.capture.replay import ReplayConnector
from countenance.contracts.call import Call, Participant, Purpose, Role
from countenance.contracts.errors import CountenanceError
from countenance.testing.malformed import mangled_bytes

LONGEST_S = 10
MOST_MIB = 512
BATCH = 100
HEAD = 600
"""Bytes at the beginning that are spoilt more often than the rest."""
KINDS: Sequence[tuple[str, str | None, str | None]] = (
    ("webm", "libvpx", "libopus"), ("mp4", "mpeg4", "aac"), ("mkv", "mjpeg", "flac"), ("avi", "mpeg4", "pcm_s16le"),
    ("ogg", None, "libopus"), ("wav", None, "pcm_s16le"), ("flac", None, "flac"), ("mov", "mjpeg", "pcm_s16le"),
)  # fmt: skip
"""Container, codec of the pictures, codec of the sound."""
CALL = Call("call", "bench", Purpose.SUPPORT_QA, (Participant("ana", "Ana", Role.CUSTOMER),))


@dataclass(slots=True)
class Found:
    """What became of a batch."""

    ends: Counter[str] = field(default_factory=Counter)
    slowest_s: float = 0.0
    peak_mib: int = 0
    misses: list[str] = field(default_factory=list)


class HungError(Exception):
    """A file took too long."""


def clip(path: Path, pictures: str | None, sound: str | None) -> bytes:
    """Half a second of a moving ramp and of a tone."""
    with av.open(str(path), "w") as container:
        video = container.add_stream(pictures, rate=10) if pictures else None
        audio = container.add_stream(sound, rate=48_000) if sound else None
        if isinstance(video, av.VideoStream):
            video.width, video.height, video.pix_fmt = 64, 48, "yuvj420p" if pictures == "mjpeg" else "yuv420p"
            for n in range(5):
                ramp = np.add.outer(np.arange(48), np.arange(64) + 9 * n).astype(np.uint8)
                container.mux(video.encode(av.VideoFrame.from_ndarray(np.dstack([ramp] * 3), format="rgb24")))
            container.mux(video.encode(None))
        if isinstance(audio, av.AudioStream):
            tone = (np.sin(np.arange(24_000) / 20) * 9_000).astype(np.int16)
            frame = av.AudioFrame.from_ndarray(tone.reshape(1, -1), format="s16", layout="mono")
            frame.sample_rate, frame.pts = 48_000, 0
            container.mux(audio.encode(frame))
            container.mux(audio.encode(None))
    return path.read_bytes()


def spoilt(data: bytes, random: Random) -> bytes:
    """A few things wrong, half of the time in the headers alone."""
    if random.random() < 0.5:
        return mangled_bytes(data[:HEAD], random) + data[HEAD:]
    return mangled_bytes(data, random)


def batch(folder: str, first: int, many: int, seed: int) -> Found:
    """Read so many files, the same for the same numbers."""
    found, began_kib = Found(), _peak_kib()
    signal.signal(signal.SIGALRM, _hung)
    sources = sorted(Path(folder).iterdir())
    with tempfile.TemporaryDirectory() as place:
        for number in range(first, first + many):
            random = Random(f"{seed} {number}")
            source = random.choice(sources)
            path = Path(place) / source.name
            path.write_bytes(spoilt(source.read_bytes(), random))
            started = time.perf_counter()
            signal.setitimer(signal.ITIMER_REAL, LONGEST_S)
            try:
                found.ends["read" if asyncio.run(_read(path)) else "empty"] += 1
            except CountenanceError:
                found.ends["refused"] += 1
            except (Exception, HungError) as fault:  # noqa: BLE001 - any other end is what is looked for
                found.misses.append(f"{path.name} {number} of seed {seed}: {type(fault).__name__}: {fault!s:.120}")
            finally:
                signal.setitimer(signal.ITIMER_REAL, 0)
            found.slowest_s = max(found.slowest_s, time.perf_counter() - started)
    found.peak_mib = (_peak_kib() - began_kib) // 1024
    if found.peak_mib > MOST_MIB:
        found.misses.append(f"files {first} to {first + many}: {found.peak_mib} MiB, of {MOST_MIB} that may be taken")
    return found


async def _read(path: Path) -> int:
    """Every track to its end; how many frames and pieces of sound there were."""
    count = 0
    async with ReplayConnector({"ana": path}).join(CALL) as tap:
        for track in tap.tracks():
            await tap.subscribe(track)
        async for _ in tap.media():
            count += 1
    return count


def _hung(_number: int, _frame: FrameType | None) -> None:
    raise HungError(f"longer than {LONGEST_S} s")


def _peak_kib() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def all_of(folder: Path, files: int, seed: int) -> Found:
    """Every batch in a process of its own; one that dies is a miss, and the next batch goes on."""
    whole = Found()
    for first in range(0, files, BATCH):
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
            try:
                one = pool.submit(batch, str(folder), first, min(BATCH, files - first), seed).result()
            except BrokenProcessPool:
                whole.misses.append(f"the process that read files {first} to {first + BATCH} of seed {seed} died")
                continue
        whole.ends += one.ends
        whole.misses += one.misses
        whole.slowest_s = max(whole.slowest_s, one.slowest_s)
        whole.peak_mib = max(whole.peak_mib, one.peak_mib)
    return whole


def main() -> None:
    """Make the clips, spoil and read them, and print one line of figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--save", action="store_true", help="keep the figures for the page of faults")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for ending, pictures, sound in KINDS:
            clip(folder / f"clip.{ending}", pictures, sound)
        found = all_of(folder, asked.files, asked.seed)
    figures = {
        "kinds of files": len(KINDS),
        "files": found.ends.total() + len(found.misses),
        "read": found.ends["read"],
        "without anything to see or hear": found.ends["empty"],
        "refused": found.ends["refused"],
        "slowest s": round(found.slowest_s, 2),
        "most memory, MiB": found.peak_mib,
    }
    command = f"python -m bench.fuzz.media --seed {asked.seed}"
    sys.exit(Outcome("media", "R13", command, figures, found.misses).conclude(save=asked.save))


if __name__ == "__main__":
    main()
