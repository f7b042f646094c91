"""The largest number of people that one worker on one core reads in real time, and how late its events are.

    python -m bench.live.load [--people N] [--seconds 20] [--save]

Calls of two, 320x180 VP8 at 30 frames a second and Opus, decoded from files at real speed by the product's own tap;
faces at 10 a second, voice with ten answers a second, no speech recognition. The worker is held to one core, everything
else to the others. Without `--people` the number is doubled until a limit is broken, then bisected. Prints the number,
the delay from the last packet of a window to its events being published (L_proc), that from a picture and from the end
of a second to the encoders' answers, drops, CPU and memory. Calls begin one after the other, as the control plane opens
them; nothing else keeps their windows from ending together. Each number is measured in a process of its own: what is
left of one run would slow the control plane of the next.
"""

import argparse
import asyncio
import json
import os
import platform
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from bench.live.media import make_clips
from bench.live.site import SIGNED, Site, site
from countenance.contracts.call import FACE, TEXT, VOICE, Role
from countenance.contracts.trust import ConsentStatus
from countenance.server import cost
from countenance.server.live import Joining, LiveCall, NewCall

RESULTS = Path(__file__).parent / "results"
SHIPPED = Path(cost.__file__).with_name(cost.FIGURE)
LATE_US = 200_000
"""P95 of a fused event, at most."""
DROPS = 0.01
BUSY = 0.7
WARM_S = 6.0
MOST = 512
LONGER_S = 30
"""Calls begin one after the other, and all go on to the end."""


@dataclass(frozen=True, slots=True)
class Run:
    """What came of one number of people."""

    people: int
    windows: int
    expected: int
    p50_ms: float
    p95_ms: float
    p99_ms: float
    face_p95_ms: float
    """From a picture to an answer to it, inside the worker."""
    voice_p95_ms: float
    """From the end of a second to the answer to the voice in it."""
    drops: float
    cpu: float
    rss_mib: float

    @property
    def holds(self) -> bool:
        """Whether all of it was in real time."""
        told = self.windows >= 0.99 * self.expected
        return told and self.p95_ms * 1000 <= LATE_US and self.drops <= DROPS

    def line(self) -> str:
        """For a person."""
        late = f"p50 {self.p50_ms:.0f} p95 {self.p95_ms:.0f} p99 {self.p99_ms:.0f} ms"
        late += f" (answers, p95: face {self.face_p95_ms:.0f} ms, voice {self.voice_p95_ms:.0f} ms)"
        each = f"{1000 * self.cpu / self.people:.1f} ms of CPU per person and second"
        used = f"worker {100 * self.cpu:.0f} % of a core, {each}, {self.rss_mib:.0f} MiB"
        told = f"windows {self.windows} of {self.expected}, L_proc {late}, drops {100 * self.drops:.2f} %"
        return f"people {self.people}: {told}, {used}"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, help="measure this number alone")
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--fps", type=int, default=10)
    parser.add_argument("--clips", type=Path, help="keep the drawn recordings here, and find them again")
    parser.add_argument("--save", action="store_true")
    asked = parser.parse_args()
    if asked.people is not None and (asked.people < 2 or asked.people % 2):
        parser.error("calls are of two: give an even number of people")
    with tempfile.TemporaryDirectory() as folder:
        clips = make_clips(asked.clips or Path(folder), asked.seconds + int(WARM_S) + LONGER_S)
        runs = _search(clips, asked) if asked.people is None else [_alone(clips, asked.people, asked)]
    best = max((run for run in runs if run.holds), key=lambda run: run.people, default=None)
    load = os.getloadavg()[0]
    chosen = best or runs[0]
    print(f"largest: {best.people if best else 0} people on one core, load {load:.1f} | {chosen.line()}")
    if asked.save:
        RESULTS.mkdir(exist_ok=True)
        table = {"runs": [{n: getattr(run, n) for n in run.__slots__} for run in runs], "load": load}
        (RESULTS / "load.json").write_text(json.dumps(table, indent=2) + "\n", encoding="utf-8")
        if best is not None and asked.people is None:
            _ship(best)


def _ship(best: Run) -> None:
    """The figure by which `countenance cost` reckons, where no other is given."""
    said = {"command": " ".join(("python -m bench.live.load", *sys.argv[1:])), "machine": machine()}
    figure = said | {"people": best.people, "cpu": best.cpu}
    SHIPPED.write_text(json.dumps(figure, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def machine() -> str:
    """What it was measured on, in words."""
    return f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, {datetime.now(UTC):%Y-%m-%d}"


def _search(clips: Sequence[Path], asked: argparse.Namespace) -> list[Run]:
    runs, people = [], 4
    while people <= MOST:
        runs.append(_alone(clips, people, asked))
        if not runs[-1].holds:
            break
        people *= 2
    low, high = people // 2, people
    while high - low > max(2, low // 8):
        middle = (low + high) // 4 * 2
        if middle in (low, high):
            break
        runs.append(_alone(clips, middle, asked))
        low, high = (middle, high) if runs[-1].holds else (low, middle)
    return runs


def _alone(clips: Sequence[Path], people: int, asked: argparse.Namespace) -> Run:
    with ProcessPoolExecutor(1, get_context("spawn")) as process:
        return process.submit(_measured, clips, people, asked).result()


def _measured(clips: Sequence[Path], people: int, asked: argparse.Namespace) -> Run:
    return asyncio.run(measure(clips, people, asked))


async def measure(clips: Sequence[Path], people: int, asked: argparse.Namespace) -> Run:
    """Read so many people for some seconds."""
    with tempfile.TemporaryDirectory() as folder:
        async with site(Path(folder), fps=asked.fps) as here:
            _pin(here)
            calls = []
            for n in range(people // 2):
                calls.append(await _begin(here, n, clips))
                # Calls do not begin in the same moment: their windows end at different times.
                await asyncio.sleep(0.037)
            await asyncio.sleep(WARM_S)
            before, began, used = _drops(calls), time.monotonic(), _cpu_s(here)
            answers: defaultdict[str, list[int]] = defaultdict(list)
            gathering = asyncio.create_task(_gather(here, answers))
            late, windows = await _listen(calls, asked.seconds)
            gathering.cancel()
            cpu = (_cpu_s(here) - used) / (time.monotonic() - began)
            drops = _share(before, _drops(calls))
            rss = here.pool.workers[0].load.rss_bytes / 2**20
            face, voice = (_percentiles(answers[f"{modality}_answer"])[1] for modality in (FACE, VOICE))
            run = Run(people, windows, people * asked.seconds, *_percentiles(late), face, voice, drops, cpu, rss)
            print(run.line(), flush=True)
            return run


async def _begin(here: Site, n: int, clips: Sequence[Path]) -> LiveCall:
    names = ("Ana", "Ben")
    source = {"kind": "file", "recordings": {name: str(clip) for name, clip in zip(names, clips, strict=True)}}
    people = tuple(Joining(name, Role.CUSTOMER, f"{name}-{n}") for name in names)
    live = await here.calls.open(NewCall(source=source, participants=people))
    for one in live.call.participants:
        await here.calls.show(live.id, one.id)
        for modality in (FACE, VOICE, TEXT):
            await here.calls.answer(live.id, one.id, modality, ConsentStatus.GIVEN, SIGNED)
    return live


async def _listen(calls: Sequence[LiveCall], seconds: float) -> tuple[list[int], int]:
    late: list[int] = []
    seen: Counter[str] = Counter()

    async def follow(live: LiveCall) -> None:
        async for envelope in live.stream.follow():
            data: Any = envelope["data"]
            if str(envelope["type"]).endswith("sample.v1") and "audit" in data and "seq" in data["audit"]:
                seen[live.id] += 1
                if "latency_us" in data:
                    late.append(data["latency_us"])

    tasks = [asyncio.create_task(follow(live)) for live in calls]
    await asyncio.sleep(seconds)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return late, sum(seen.values())


async def _gather(here: Site, answers: defaultdict[str, list[int]]) -> None:
    """What the worker says once a second of how late its answers were."""
    told = None
    while True:
        load = here.pool.workers[0].load
        if load is not told:
            for stage, took in load.stage_us.items():
                answers[stage] += took
        told = load
        await asyncio.sleep(0.2)


def _pin(here: Site) -> None:
    """The worker has the last core to itself."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) > 1:
        # Each thread by itself: those that begin later keep to the core of the one that began them.
        for thread in Path(f"/proc/{here.pool.workers[0].process.pid}/task").iterdir():
            os.sched_setaffinity(int(thread.name), {cores[-1]})
        os.sched_setaffinity(0, set(cores[:-1]))


def _cpu_s(here: Site) -> float:
    fields = Path(f"/proc/{here.pool.workers[0].process.pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _drops(calls: Sequence[LiveCall]) -> Mapping[str, int]:
    total: Counter[str] = Counter()
    for live in calls:
        load = live.worker.load.calls.get(live.id, {}) if live.worker is not None else {}
        for counts in load.get("tracks", {}).values():
            total.update(counts)
    return total


def _share(before: Mapping[str, int], after: Mapping[str, int]) -> float:
    lost = sum(after.get(reason, 0) - before.get(reason, 0) for reason in ("late", "overrun"))
    given = after.get("given", 0) - before.get("given", 0)
    return lost / max(1, lost + given)


def _percentiles(late: Sequence[int]) -> tuple[float, float, float]:
    if not late:
        return (float("nan"),) * 3
    p50, p95, p99 = np.percentile(np.array(late) / 1000, [50, 95, 99])
    return float(p50), float(p95), float(p99)


if __name__ == "__main__":
    main()
