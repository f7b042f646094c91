"""Seeded runs of gate, consent, leases, log and outbox, with faults, crashes and clocks that jump; a seed replays.

    python -m bench.faults.simulate [--seeds 1000] [--minutes 10] [--save]
    python -m bench.faults.simulate --seed 17 --steps 0,3,9        # plays one run again

The store is SQLite in memory under the product's own code; its clock, faults and crashes are the harness's. What every
run begins with (a tenant, a call, two yeses) is made once and copied, and opened by each as the product opens a store.

Every eighth run is long, the others are short: what happens in a step is drawn anew in each, so that short runs meet
the same faults, and long ones what takes many steps. Still shorter ones would cost less each and find fewer planted
bugs in the same time: a fault, a crash and what comes of them take some steps.

A failure prints its seed and the fewest of its steps that still fail.
"""

import argparse
import gc
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from random import Random

from bench.faults.memory import Memory
from bench.faults.outcome import Outcome
from bench.faults.replay import BrokenError, Failure, play, play_many, shrink
from bench.faults.service import MODALITIES, Room, Service
from bench.faults.tenant import Tenant
from bench.faults.trial import PEOPLE, SECOND_US, Trial
from countenance.contracts.errors import AuditError, CountenanceError, StorageError
from countenance.contracts.trust import ConsentStatus
from countenance.storage.keys import MARK

STEPS, SHORT, LONG_EVERY = 24, 6, 8
REST_US = 6_000_000
"""Until leases of which nobody speaks have lapsed."""
FAULTS = ("store.before_commit", "store.after_commit")
"""Where a fault strikes: the transaction did not happen, or it did and nobody was told."""
PLANTS = ("forgets_stops", "acks_without_disk")
JUMPS_US = (3_600 * SECOND_US, -3_600 * SECOND_US, -86_400 * SECOND_US, SECOND_US, -SECOND_US)


class CrashError(BaseException):
    """The process is gone; nothing may catch it."""


class Fate:
    """The hook under the store: lets commits fail for a while, and crashes the process at a point."""

    def __init__(self) -> None:
        self.failing = ""
        self.left = 0
        self.crash_in = 0

    def __call__(self, name: str) -> None:
        """A point was reached."""
        if self.crash_in:
            self.crash_in -= 1
            if not self.crash_in:
                raise CrashError
        if self.left and name == self.failing:
            self.left -= 1
            raise StorageError("the disk is gone", "")


class Beginning:
    """What every run begins with, made once: a store in memory, and keys in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._mark = folder / "keys" / MARK
        self._memory = Memory("simulated")
        with self._memory.instead():
            Trial(folder, agreed=2).close()
        self._kept, self._marked = self._memory.kept(), self._mark.read_bytes()

    @contextmanager
    def ready(self) -> Iterator["Beginning"]:
        """Within this, runs can be played."""
        # What is there now stays to the end: the collector of garbage need not go through it again and again.
        gc.collect()
        gc.freeze()
        with self._memory.instead():
            yield self
        gc.unfreeze()
        self._memory.close()

    def trial(self, seed: int, fate: Fate, plant: str) -> Trial:
        """A process that opens what there is at the beginning, whatever the run before has left."""
        self._memory.become(self._kept)
        self._mark.write_bytes(self._marked)
        return Trial(self._folder, rng=Random(seed), points=fate, plant=plant, agreed=0)


class Life:
    """One tenant that lives in steps."""

    def __init__(self, beginning: Beginning, plant: str, seed: int) -> None:
        self._plant = plant
        self._fate = Fate()
        self._is_long = length_of(seed) == STEPS
        self.trial = beginning.trial(seed, self._fate, plant)

    def step(self, rng: Random) -> None:
        """One thing happens, and what must hold is looked at."""
        doing = rng.choice(DEEDS)
        try:
            doing(self, rng)
        except CrashError:
            self._restart()
        except CountenanceError as fault:
            self._expected(fault)
        self._check()

    def end(self) -> None:
        """The disk is well, time goes by, and everything is judged."""
        self._fate.left = self._fate.crash_in = 0
        try:
            self.trial.seconds(1)
            if self._is_long:
                self.trial.clock.pass_us(REST_US)
                self.trial.seconds(1)
            misses = list(self.trial.misses())
        except CountenanceError as fault:
            raise BrokenError(f"at rest: {fault.problem}") from fault
        if misses:
            raise BrokenError(misses[0])

    def close(self) -> None:
        """Let go of the store."""
        self.trial.close()

    def window(self, rng: Random) -> None:
        """A second of the call."""
        self.trial.turn()
        for _ in range(rng.randint(1, 10)):
            self.trial.clock.pass_us(100_000)
            self.trial.step()

    def says(self, rng: Random) -> None:
        """Someone changes their mind."""
        who, modality = rng.choice(self.trial.room.people), rng.choice(MODALITIES)
        if self.trial.room.status(who, modality) is ConsentStatus.GIVEN:
            self.trial.stop(who, modality)
        else:
            self.trial.service.yes(self.trial.room, who, modality)
            self.trial.refused.pop((self.trial.room.subject(who), modality), None)

    def fails(self, rng: Random) -> None:
        """The disk fails, for some commits."""
        self._fate.failing, self._fate.left = rng.choice(FAULTS), rng.randint(1, 6)

    def crashes(self, rng: Random) -> None:
        """The process will die at some point soon."""
        self._fate.crash_in = rng.randint(1, 40)

    def waits(self, rng: Random) -> None:
        """Time goes by, the machine may sleep, the wall clock may be set."""
        self.trial.clock.pass_us(rng.choice((SECOND_US // 3, 7 * SECOND_US, 900 * SECOND_US)))
        if rng.random() < 0.3:
            self.trial.clock.set_by(rng.choice(JUMPS_US))

    def _restart(self) -> None:
        trial = self.trial
        self._fate.left = self._fate.crash_in = 0
        trial.close()
        trial.tenant = Tenant.open(trial.folder, trial.clock, self._fate)
        trial.service = Service(trial.tenant, trial.witness)
        # The worker dies with its control plane here; a no that was not acknowledged is not remembered.
        trial.refused = {place: at for place, at in trial.refused.items() if place in trial.witness.told.stopped}
        trial.room = trial.service.open_call("call", PEOPLE, trial.room.start_us)
        if self._plant == "forgets_stops":
            _forget(trial.room)

    def _expected(self, fault: CountenanceError) -> None:
        """A store that fails says no; anything else is a defect."""
        if not isinstance(fault, AuditError | StorageError):
            raise BrokenError(f"{type(fault).__name__}: {fault.problem}") from fault

    def _check(self) -> None:
        told, trial = self.trial.witness.told, self.trial
        if told.after_stop:
            raise BrokenError(f"read after the person was told that it ended: {told.after_stop[0]}")
        if told.twice():
            raise BrokenError("an output left under two results")
        for ran in trial.witness.ran[-20:]:
            if ran.at_us > trial.refused.get((ran.subject, ran.modality), ran.at_us):
                raise BrokenError(f"{ran.modality} ran after the no")


DEEDS: tuple[Callable[[Life, Random], None], ...] = (
    *[Life.window] * 9, *[Life.says] * 4, *[Life.fails] * 2, *[Life.crashes] * 2, Life.waits,
)  # fmt: skip


def length_of(seed: int) -> int:
    """How many steps the run of a seed has."""
    return SHORT if seed % LONG_EVERY else STEPS


def _forget(room: Room) -> None:
    """Plant: a restart brings back every yes that was ever said."""
    register = room.running.register
    given = [record for record in register.records if record.status is ConsentStatus.GIVEN]
    register.__init__(register.call_id, register.purpose)  # type: ignore[misc]
    seen: set[tuple[str, str]] = set()
    for record in given:
        place = (record.participant_id, record.modality)
        if place not in seen:
            seen.add(place)
            register.record(record)
    room.running.leases._stopped.clear()  # noqa: SLF001


def main() -> None:
    """Simulate and print one line of figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=1000)
    parser.add_argument("--minutes", type=float, default=60.0, help="stop after so long, and say how far it came")
    parser.add_argument("--seed", type=int, help="play this run alone")
    parser.add_argument("--steps", help="and of it these steps alone")
    parser.add_argument("--plant", choices=["", *PLANTS], default="", help="run against a bug, which must be caught")
    parser.add_argument("--save", action="store_true", help="keep the figures for the page of faults")
    asked = parser.parse_args()
    began, began_cpu_s = time.perf_counter(), time.process_time()
    with tempfile.TemporaryDirectory() as name, Beginning(Path(name)).ready() as beginning:
        make = partial(Life, beginning, asked.plant)
        if asked.seed is not None:
            numbers = [int(word) for word in asked.steps.split(",")] if asked.steps else range(length_of(asked.seed))
            failure = play(make, asked.seed, numbers)
            sys.exit(f"{failure.problem} ({failure.recipe})" if failure else 0)
        ends = time.monotonic() + asked.minutes * 60
        played, failures = play_many(make, range(asked.seeds), length_of, lambda: time.monotonic() > ends)
        small: list[Failure] = [shrink(make, failure, 60) for failure in failures[:3]]
    misses = [f"{failure.problem}: {failure.recipe}" for failure in [*small, *failures[3:]]]
    seconds, cpu_s = time.perf_counter() - began, time.process_time() - began_cpu_s
    steps = sum(map(length_of, range(played)))
    figures: dict[str, int | float | str] = {
        "runs": played,
        "steps": steps,
        "ms per run": round(seconds * 1000 / max(1, played), 1),
        "processor ms per run": round(cpu_s * 1000 / max(1, played), 1),
        "steps a second of processor": round(steps / max(cpu_s, 1e-9)),
        "seconds": round(seconds, 1),
    }
    command = f"python -m bench.faults.simulate --seeds {asked.seeds}"
    sys.exit(Outcome("simulate", "R19", command, figures, misses).conclude(save=asked.save))


if __name__ == "__main__":
    main()
