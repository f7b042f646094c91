"""Disks that are full, broken or read-only: inference stops within a second, the call goes on, nothing is lost.

    python -m bench.faults.disk [--save]

Full: a small tmpfs with a page more space each time, so that it runs out at each write of the store in turn. Broken and
read-only: strace lets the n-th write or sync fail with EIO or EROFS, and many after it. The harness's own clock runs.
"""

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bench.faults import syscalls
from bench.faults.outcome import Outcome
from bench.faults.small_disk import PAGE, SmallDisk, run_on_small_disk, unshared
from bench.faults.trial import PLANTS, SECOND_US, STEP_US, Trial

DISK_BYTES = 8 << 20
FAULT_SECONDS = 4
AFTER_SECONDS = 9
"""Leases whose results could not be written lapse after five seconds."""
INJECTED = (("pwrite64", "EIO"), ("pwrite64", "ENOSPC"), ("pwrite64", "EROFS"), ("fdatasync", "EIO"))
FROM_CALL = (1, 2, 3, 5, 8, 13)
"""The fault begins with the n-th call after the call was set up."""
PAGES = range(0, 120, 2)
ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Ended:
    """One disk fault, survived or not."""

    misses: tuple[str, ...]
    refused: int
    """How often the control plane said no."""
    ran_on_us: int
    """From a refusal to the last model call under a lease that was on the disk before it."""
    frames: int


def suffer(trial: Trial, fail: Callable[[], None], heal: Callable[[], None]) -> Ended:
    """Let a call run, break the disk, let it run on, heal the disk, let it run on, and judge."""
    trial.seconds(2)
    fail()
    frames = trial.frames
    trial.seconds(1)
    trial.stop("p0", "face")
    trial.seconds(FAULT_SECONDS - 1)
    heal()
    healed_us = trial.clock.mono_us()
    trial.seconds(AFTER_SECONDS)
    ended = Ended(tuple(_misses(trial, frames, healed_us)), trial.faults.count, _ran_on_us(trial), trial.frames)
    trial.close()
    return ended


def _misses(trial: Trial, frames: int, healed_us: int) -> Iterator[str]:
    yield from trial.misses()
    if trial.frames - frames != (FAULT_SECONDS + AFTER_SECONDS) * SECOND_US // STEP_US:
        yield "the call was held up"
    if not trial.ran_after(healed_us + 2 * SECOND_US):
        yield "inference did not come back by itself"
    if not trial.service.control.health().writes:
        yield "health still says that nothing can be written"


def _ran_on_us(trial: Trial) -> int:
    # A disk that is nearly full refuses one entry and takes the next: a lease that it took later is a good one.
    written = {str(entry.body["lease"]): entry.mono_us for entry in trial.tenant.log.entries() if entry.kind == "LEASE"}
    longest = 0
    for ran in trial.witness.ran:
        since = written.get(ran.lease, 0)
        refused = next((at for at in trial.faults.at_us if since < at), ran.at_us)
        longest = max(longest, ran.at_us - refused)
    return longest


def fill_at_each_write(folder: Path, pages: Sequence[int], plant: str = "") -> Iterator[Ended]:
    """In the namespace of a small disk: it runs full with so many pages left, each in turn."""
    disk = SmallDisk(folder)
    for left in pages:
        place = folder / f"tenant-{left}"
        trial = Trial(place, plant=plant)
        yield suffer(trial, partial(disk.fill, left * PAGE), disk.empty)
        shutil.rmtree(place)


def fail_calls(folder: Path, call: str, error: str, nth: int, plant: str = "") -> Ended:
    """From the n-th on, a system call fails; then the disk is well again."""
    failing = syscalls.Failing(call, error, nth)
    try:
        return suffer(Trial(folder / f"{call}-{error}-{nth}", plant=plant), failing.fail, failing.heal)
    finally:
        failing.heal()


def inside(folder: Path, out: Path, pages: Sequence[int], plant: str = "") -> Sequence[Ended]:
    """Fill a small disk in a mount namespace of its own."""
    own = ["--inside", str(folder), "--pages", ",".join(map(str, pages)), "--plant", plant, "--out", str(out)]
    status = run_on_small_disk(folder, DISK_BYTES, [sys.executable, "-m", "bench.faults.disk", *own])
    if status:
        raise RuntimeError(f"the process on the small disk ended with {status}")
    return _ended(out.read_text(encoding="utf-8"))


def _ended(text: str) -> Sequence[Ended]:
    lines = [line.split("|") for line in text.splitlines() if line.startswith(ENDED)]
    return [Ended(tuple(misses), int(refused), int(us), int(frames)) for _, refused, us, frames, *misses in lines]


def _line(ended: Ended) -> str:
    return "|".join([ENDED, str(ended.refused), str(ended.ran_on_us), str(ended.frames), *ended.misses]) + "\n"


def main() -> None:
    """Break disks and print one line of figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--plant", choices=["", *PLANTS], default="", help="run against a bug, which must be caught")
    parser.add_argument("--save", action="store_true", help="keep the figures for the page of faults")
    parser.add_argument(
        "--pages", default=",".join(map(str, PAGES)), help="pages that are left when the disk runs full"
    )
    parser.add_argument("--inside", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    pages = [int(left) for left in asked.pages.split(",")]
    if asked.inside:
        ended = fill_at_each_write(asked.inside, pages, asked.plant)
        asked.out.write_text("".join(map(_line, ended)), encoding="utf-8")
    else:
        sys.exit(run(pages, asked.plant).conclude(save=asked.save))


def run(pages: Sequence[int], plant: str) -> Outcome:
    """All faults that this machine lets us make."""
    began = time.perf_counter()
    full: Sequence[Ended] = ()
    broken: list[Ended] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "small").mkdir()
        if unshared() is not None:
            full = inside(folder / "small", folder / "out", pages, plant)
        if syscalls.available():
            for call, error in INJECTED:
                broken += [fail_calls(folder, call, error, nth, plant) for nth in FROM_CALL]
    every = [*full, *broken]
    misses = [miss for ended in every for miss in ended.misses]
    if not any(ended.refused for ended in every):
        misses.append("no disk failed: nothing was tested")
    figures = {
        "disks filled": len(full),
        "filled disks that refused a write": sum(ended.refused > 0 for ended in full),
        "disks broken (EIO, ENOSPC, EROFS)": len(broken),
        "broken disks that refused a write": sum(ended.refused > 0 for ended in broken),
        "refusals": sum(ended.refused for ended in every),
        "longest inference after a refusal, ms": max((ended.ran_on_us for ended in every), default=0) // 1000,
        "seconds": round(time.perf_counter() - began, 1),
    }
    return Outcome("disk", "R17", "python -m bench.faults.disk", figures, misses)


if __name__ == "__main__":
    main()
