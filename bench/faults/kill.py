"""kill -9 at random moments and at every named point; after each, everything acknowledged must be there.

    python -m bench.faults.kill [--kills 10000] [--per-point 20] [--save]

A child runs the story on a real SQLite store and tells a pipe what it acknowledged, which models ran and what left.
After each kill the product's own code opens the store, and the judge compares.
"""

import argparse
import gc
import json
import shutil
import sys
import tempfile
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from bench.faults.judge import judge, unended
from bench.faults.lives import FAILED, After, CountPoints, KillAt, live
from bench.faults.outcome import Outcome
from bench.faults.story import PLANTS, Call, Story, next_call
from bench.faults.tenant import Tenant, engines_kept
from bench.faults.truth import Teller, Told
from countenance.storage.points import Points, nowhere

TOLD_BYTES = 3_000
"""Kills fall evenly between the first deed of a life and the one that ends so many bytes of its report."""
JITTER_S = 0.004
OPENING_S = 0.08
"""One kill in five falls in the opening of the store, evenly between the start and this."""
LIVES_PER_STORE = 20
JUDGED_EVERY = 10
"""Lives after which a store is judged; promises add up over all of them, and a loss stays a loss."""
FILLED = 225
"""Entries of a new store: each life passes a border of tiles (256) early."""
MOST_SECONDS = 12
MOST_TURNS = 12
"""A point is hit when it is passed for a time up to this one."""
ENOUGH_MISSES = 50
OPENED = "opened"


@dataclass(slots=True)
class Tally:
    """What all lives together came to."""

    kills: int = 0
    acked: int = 0
    invoked: int = 0
    emitted: int = 0
    slowest_ms: float = 0.0
    misses: list[str] = field(default_factory=list)


class Switch:
    """A hook whose target changes from life to life."""

    def __init__(self) -> None:
        self.to: Points = nowhere

    def __call__(self, name: str) -> None:
        """A point was reached."""
        self.to(name)


class Killer:
    """Stores, one after another, in which life after life is killed."""

    def __init__(self, folder: Path, seed: int, plant: str = "", lives: int = LIVES_PER_STORE) -> None:
        self._folder = folder / "tenant"
        self._template = folder / "template"
        self._rng = Random(seed)
        self._plant = plant
        self._lives = lives
        self._life = 0
        self._told = Told()
        self.hook = Switch()
        self.tally = Tally()
        self._fill()

    def kill(self, hook: Points = nowhere, after: After | None = None, *, anew: bool = False) -> bool:
        """One life and its end, in a new store if asked; False when it ended otherwise than by the kill."""
        if anew or self._life % self._lives == 0:
            self._fresh()
            self._life = 0
        self._life += 1
        seed, call = self._rng.getrandbits(62), self._last_call()
        self.hook.to = hook

        def work(teller: Teller) -> None:
            began = time.perf_counter()
            tenant = Tenant.open(self._folder, points=self.hook)
            teller.note(f"{OPENED} {(time.perf_counter() - began) * 1000:.1f}")
            story = Story(tenant, teller, Random(seed), call, self._plant)
            for _ in range(MOST_SECONDS):
                story.second()

        life = live(work, after)
        self.hook.to = nowhere
        if life.status >> 8 == FAILED:
            self.tally.misses.append(f"life {self._life}: the code itself raised (see above)")
        before = len(self._told.acked), len(self._told.invoked), len(self._told.emitted)
        self._told.hear(life.told)
        self._count(before, killed=life.killed)
        if anew or self._life % JUDGED_EVERY == 0:
            self._judge()
        return life.killed

    def points(self) -> Counter[str]:
        """Every point that a life passes, and how often; nothing is killed."""
        self._fresh()
        self.hook.to = counting = CountPoints()
        tenant = Tenant.open(self._folder, points=self.hook)
        with Path("/dev/null").open("wb") as nobody:
            story = Story(tenant, Teller(nobody.fileno()), Random(1))
            for _ in range(10):
                story.second()
        tenant.close()
        self.hook.to = nowhere
        self._life = 0
        return counting.seen

    def _judge(self) -> None:
        with closing(Tenant.open(self._folder)) as tenant:
            problems = [*judge(tenant, self._told), *unended(tenant.log.entries())]
            found = [f"life {self._life}: {problem}" for problem in problems]
        self.tally.misses += found
        if found:
            self._life = 0  # the next life begins with a store that is whole

    def _count(self, before: tuple[int, int, int], *, killed: bool) -> None:
        self.tally.kills += killed
        self.tally.acked += len(self._told.acked) - before[0]
        self.tally.invoked += len(self._told.invoked) - before[1]
        self.tally.emitted += len(self._told.emitted) - before[2]
        opened = [float(note.split(" ")[1]) for note in self._told.notes[-2:] if note.startswith(OPENED)]
        self.tally.slowest_ms = max([self.tally.slowest_ms, *opened])

    def _last_call(self) -> Call | None:
        """Most lives go on with the call of the one before."""
        return next_call(self._told.notes, self._life) if self._rng.random() < 0.8 else None

    def _fill(self) -> None:
        tenant = Tenant.open(self._template)
        tenant.log.append_all([("CONFIG", {"software": "0"})] * FILLED)
        tenant.close()

    def _fresh(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)
        shutil.copytree(self._template, self._folder)
        self._told = Told()


def kill_at_random(killer: Killer, kills: int, rng: Random) -> None:
    """So many kills at random moments."""
    for _ in range(kills):
        opening = rng.random() < 0.2
        told = 0 if opening else rng.randint(1, TOLD_BYTES)
        killer.kill(after=After(told, rng.uniform(0, OPENING_S if opening else JITTER_S)))
        if len(killer.tally.misses) > ENOUGH_MISSES:
            return


def kill_at_points(killer: Killer, per_point: int, rng: Random) -> Counter[str]:
    """Kills at every named point, at different turns of it; how often each was hit."""
    hit: Counter[str] = Counter()
    for name, seen in sorted(killer.points().items()):
        for _ in range(per_point):
            turn = rng.randint(1, min(seen, MOST_TURNS))
            # Some points are passed in a new store or a new call alone.
            tries = ((turn, False), (turn, True), *[(1, True)] * 4)
            hit[name] += any(killer.kill(KillAt(name, at), anew=anew) for at, anew in tries)
            if len(killer.tally.misses) > ENOUGH_MISSES:
                return hit
    return hit


def main() -> None:
    """Kill and print one line of figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=10_000)
    parser.add_argument("--per-point", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--plant", choices=PLANTS, default="", help="run against a bug, which must be caught")
    parser.add_argument("--folder", type=Path, help="where the stores lie; a temporary folder otherwise")
    parser.add_argument("--save", action="store_true", help="keep the figures for the page of faults")
    asked = parser.parse_args()
    rng = Random(asked.seed)
    began = time.perf_counter()
    gc.freeze()  # children share what is loaded: their collector has nothing to look at
    with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
        killer = Killer(Path(folder), asked.seed, asked.plant)
        with engines_kept(killer.hook):
            hit = kill_at_points(killer, asked.per_point, rng) if asked.per_point else Counter[str]()
            at_points = killer.tally.kills
            kill_at_random(killer, asked.kills, rng)
    tally = killer.tally
    rare = [name for name, n in hit.items() if n < asked.per_point]
    figures = {
        "kills at random moments": tally.kills - at_points,
        "named points": len(hit),
        "kills at named points": at_points,
        "points hit less often than asked": json.dumps(rare) if rare else 0,
        "entries acknowledged": tally.acked,
        "model calls": tally.invoked,
        "outputs": tally.emitted,
        "slowest recovery ms": tally.slowest_ms,
        "seconds": round(time.perf_counter() - began, 1),
    }
    command = f"python -m bench.faults.kill --kills {asked.kills} --per-point {asked.per_point}"
    sys.exit(Outcome("kill", "R1", command, figures, tally.misses).conclude(save=asked.save))


if __name__ == "__main__":
    main()
