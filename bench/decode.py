"""How fast recordings are decoded, sampled and resampled, and what other decoder settings would give.

python -m bench.decode ana.mp4 ben.mp4
"""

import argparse
import asyncio
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import av

from countenance.capture.recording import probe
from countenance.capture.replay import ReplayConnector
from countenance.contracts.call import Call, Participant, Purpose, Role
from countenance.contracts.media import SECOND_US


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+", type=Path, help="one media file per participant")
    files: list[Path] = parser.parse_args().files
    seconds = max((probe(path).duration_us or 0) for path in files) / SECOND_US
    rows = {
        "replay: decode, sample, resample": lambda: asyncio.run(replay(files)),
        "pictures only, 1 thread per file": lambda: decode(files, 1, "DEFAULT"),
        "pictures only, threads as FFmpeg likes": lambda: decode(files, 0, "DEFAULT"),
        "pictures only, reference frames only": lambda: decode(files, 1, "NONREF"),
    }
    figures = {name: timed(run, seconds) for name, run in rows.items()}
    print(json.dumps({"cores": os.cpu_count(), "load": os.getloadavg()[0], "seconds": seconds, **figures}, indent=2))


def timed(run: Callable[[], int], seconds: float) -> dict[str, float]:
    """Wall and CPU time of a run over so many seconds of call; CPU time is what a busy machine leaves comparable."""
    wall, cpu = time.perf_counter(), time.process_time()
    frames = run()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return {
        "frames": frames,
        "wall_s": round(wall, 3),
        "cpu_s": round(cpu, 3),
        "times_real_time": round(seconds / wall, 1),
        "times_real_time_per_core": round(seconds / cpu, 1),
    }


async def replay(files: list[Path]) -> int:
    """Everything that an analysis does before it looks at a picture."""
    people = tuple(Participant(f"p_{n}", f"p_{n}", Role.GUEST) for n, _ in enumerate(files))
    call = Call("bench", "bench", Purpose.SUPPORT_QA, people)
    connector = ReplayConnector({person.id: path for person, path in zip(people, files, strict=True)})
    async with connector.join(call) as tap:
        for track in tap.tracks():
            await tap.subscribe(track)
        async for _ in tap.media():
            pass
        return sum(tap.decoded(track.id) for track in tap.tracks())


def decode(files: list[Path], threads: int, skip: Literal["DEFAULT", "NONREF"]) -> int:
    """The decoder alone, one file after the other."""
    frames = 0
    for path in files:
        with av.open(str(path)) as container:
            for stream in container.streams.video[:1]:
                stream.codec_context.thread_count = threads
                stream.thread_type = "AUTO" if threads == 0 else "NONE"
                stream.codec_context.skip_frame = skip
                frames += sum(len(packet.decode()) for packet in container.demux(stream))
    return frames


if __name__ == "__main__":
    main()
