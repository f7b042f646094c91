"""kill -9 of the sender of webhooks, and a receiver that misbehaves: nothing lost, no second name, calls in order.

    python -m bench.faults.webhooks [--kills 1000] [--faults 1000] [--save]

The sender is the product's own, over real connections to three endpoints of one receiver; it is killed at random
moments and at each named point. What was put out is told over a pipe, what arrived the receiver writes down.
"""

import argparse
import asyncio
import os
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from random import Random

from bench.faults.lives import FAILED, After, KillAt, live
from bench.faults.outcome import Outcome
from bench.faults.tenant import engines_kept
from bench.faults.truth import Teller
from bench.faults.webhook_judge import Event, judge, read, repeated
from bench.faults.webhook_lives import PATHS, PLANTS, Plan
from bench.faults.webhook_receiver import FAULTS, serve
from countenance.storage.points import Points, nowhere

POINTS = ("outbox.before_handing", "outbox.handed", "outbox.after_send", "outbox.before_commit", "outbox.settled")
MOST_TURNS = 6
TOLD_BYTES = 300
"""Kills fall evenly between the first event of a life and the moment at which it has told so much."""
JITTER_S = 0.01
SHARE = 0.35
"""Of requests that the receiver treats badly."""


@dataclass(slots=True)
class Tally:
    """What all lives together came to."""

    kills: int = 0
    put: list[Event] = field(default_factory=list)
    misses: list[str] = field(default_factory=list)


def kill_senders(plan: Plan, kills: int, rng: Random, tally: Tally) -> None:
    """Life after life, each killed; half of them at a named point."""
    while tally.kills < kills:
        point: Points = KillAt(rng.choice(POINTS), rng.randint(1, MOST_TURNS)) if rng.random() < 0.5 else nowhere
        told = 4 * TOLD_BYTES if isinstance(point, KillAt) else rng.randint(1, TOLD_BYTES)
        ended = live(partial(plan.live, points=point), After(told, rng.uniform(0, JITTER_S)))
        _hear(ended.told, tally)
        tally.kills += ended.killed
        if ended.status >> 8 == FAILED:
            tally.misses.append("the sender itself raised (see above)")
            return


class Silent(Teller):
    """Told within this process."""

    def __init__(self, tally: Tally) -> None:
        super().__init__(-1)
        self._tally = tally

    def note(self, text: str) -> None:
        """Anything worth knowing."""
        _hear(f"# {text}".encode(), self._tally)


def _hear(told: bytes, tally: Tally) -> None:
    for line in told.decode().splitlines():
        match line.split(" "):
            case ["#", "put", call, n]:
                tally.put.append((call, int(n)))


def run(folder: Path, kills: int, faults: int, seed: int, plant: str = "") -> tuple[Tally, Counter[str]]:
    """Kill and misbehave until there was enough of both; then let everything arrive, and judge."""
    receiver = os.fork()
    if receiver == 0:
        _receive(folder, seed)
    tally = Tally()
    try:
        while not (folder / "port").exists():
            time.sleep(0.01)
        plan = Plan(folder, int((folder / "port").read_text(encoding="utf-8")), plant=plant)
        rng = Random(seed)
        with engines_kept():
            # Once in this process: children share what it has loaded and compiled.
            plan.begin()
            replace(plan, puts=1, plant="").live(Silent(tally))
            kill_senders(plan, kills, rng, tally)
            while _faults(folder) < faults and not tally.misses:
                kill_senders(plan, tally.kills + 20, rng, tally)
            (folder / "calm").touch()
            last = live(replace(plan, puts=0).live, None)
        if last.status:
            tally.misses.append("the sender did not end by itself")
    finally:
        os.kill(receiver, signal.SIGKILL)
        os.waitpid(receiver, 0)
    seen = read(folder / "seen")
    tally.misses += judge(tally.put, PATHS, seen)
    manners = Counter(one.manner for one in seen)
    manners["taken again"] = repeated(seen)
    return tally, manners


def _receive(folder: Path, seed: int) -> None:
    try:
        asyncio.run(serve(folder, seed, SHARE))
    finally:
        os._exit(1)


def _faults(folder: Path) -> int:
    manners = Counter(one.manner for one in read(folder / "seen"))
    return sum(manners[name] for name in (*FAULTS, "gone"))


def main() -> None:
    """Run and print one line of figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=1_000)
    parser.add_argument("--faults", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--plant", choices=PLANTS, default="", help="run against a bug, which must be caught")
    parser.add_argument("--folder", type=Path, help="where the store lies; a temporary folder otherwise")
    parser.add_argument("--save", action="store_true", help="keep the figures for the page of faults")
    asked = parser.parse_args()
    began = time.perf_counter()
    folder = Path(tempfile.mkdtemp(dir=asked.folder))
    try:
        tally, manners = run(folder, asked.kills, asked.faults, asked.seed, asked.plant)
    finally:
        shutil.rmtree(folder)
    figures = {
        "kills of the sender": tally.kills,
        "faults of the receiver": sum(manners[name] for name in (*FAULTS, "gone")),
        **{name: manners[name] for name in (*FAULTS, "gone")},
        "events": len(tally.put),
        "endpoints": len(PATHS),
        "taken again under the same id": manners["taken again"],
        "lost": sum("is lost" in miss for miss in tally.misses),
        "seconds": round(time.perf_counter() - began, 1),
    }
    command = f"python -m bench.faults.webhooks --kills {asked.kills} --faults {asked.faults}"
    sys.exit(Outcome("webhooks", "R15", command, figures, tally.misses).conclude(save=asked.save))


if __name__ == "__main__":
    main()
