"""Eight hours of calls with twenty people and a fault each minute (R23), on a simulated clock, as fast as it will go.

    python -m bench.faults.hours [--hours 8] [--people 20] [--seed 1] [--folder DISK] [--save]

TIME IS SIMULATED: no hour passes. Everything else is the product's: gate, consents, leases, log, outbox and retention
on a SQLite file, and the worker's own session, guard and windows. Encoders are fake and tell what they read. People
come late, leave, come back, stop and say yes again; each minute the disk refuses, the worker dies, the wall clock jumps
or the process of the store starts anew. Every minute what ran is held against what the log says, and let go, so that
memory is the product's. A call lasts an hour, then the same people begin the next.
"""

import argparse
import asyncio
import logging
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from random import Random
from unittest.mock import patch

from tests.worker.stand_ins import in_turn

from bench.faults.hours_audit import Audit, Fate, Short, resident_mib
from bench.faults.hours_call import GoneError, Line, Tap, admitted, hosted
from bench.faults.outcome import Outcome
from bench.faults.service import MODALITIES, SECOND_US, TERMS, Service
from bench.faults.simulate import FAULTS, JUMPS_US
from bench.faults.tenant import Tenant, engines_kept
from countenance.audit.completeness import PENDING_US
from countenance.contracts.call import Modality, Participant, Role
from countenance.contracts.errors import AuditError, StorageError
from countenance.contracts.trust import ConsentStatus
from countenance.control.retention import Retention
from countenance.testing.clocks import ManualClock

MINUTE_S, HOUR_S = 60, 3_600
KEPT_US = 1_200 * SECOND_US
"""Payloads are kept for 20 minutes here, so that retention has work."""
RETENTION_S = 1_800
KINDS = ("disk", "worker", "clock", "restart")
CHANGES = 4
"""Of people's minds, or comings and goings, in a minute."""
FULL_MIN = 30
"""From when on memory may not grow: everything has run once by then, the job of retention as the last."""
GROWN = 0.05
PLANTS = ("reads_on", "miscounts")
"""Bugs that must be seen: a no that reaches no worker, results that count less than ran."""


class World:
    """A tenant whose calls go on for hours."""

    def __init__(self, folder: Path, people: int, seed: int, plant: str = "") -> None:
        self.clock, self.audit, self.told = ManualClock(), Audit(), Short()
        self.fate = Fate(self.clock)
        self.resident: list[float] = []
        """MiB, minute by minute."""
        self.figures: Counter[str] = Counter()
        self._everybody = [f"p{number}" for number in range(people)]
        self._folder, self._rng, self._plant = folder, Random(seed), plant
        self._plan: dict[int, str] = {}
        self._set_by_us = 0
        self._begin()

    async def live(self, seconds: int) -> None:
        """Hour after hour."""
        for first in range(0, seconds, HOUR_S):
            self._first, self._name = first, f"call-{first}"
            self._here = self._everybody[: len(self._everybody) * 2 // 3]
            self._seen = list(self._here)
            self._open(0)
            for who in self._here:
                self._says_yes(who, MODALITIES)
            await self._hour(min(HOUR_S, seconds - first))
        self._quiet()

    async def _hour(self, seconds: int) -> None:
        self._second = 0
        while self._second < seconds:
            self._tap = Tap(self.clock, range(self._second, seconds), self._pause)
            self._tap.show(self._here)
            self._line = Line(self.service, self.room)
            self._answered = len(self.room.running.register.records)
            self._call = hosted(self._line, self.room, self._tap, self.clock, self._second * SECOND_US, self._ran)
            self._line.miscounts = self._plant == "miscounts"
            try:
                await self._call.run()
                self._second = seconds
            except GoneError:
                self.clock.pass_us(SECOND_US // 2)
                self._second += 1
            self.figures["refused by the disk"] += self._line.refused
        self._quiet()
        self.service.control.end_call(self.room.running)

    async def _pause(self, second: int) -> None:
        """In the middle of each second: what people do, what breaks, what the control plane does by itself."""
        self._second = second
        if second % MINUTE_S == 0:
            self._minute()
        self.service.control.tick()
        with self._refusals():
            self.service.deliver()
        doing = self._plan.pop(self._first + second, "")
        if doing == "change":
            with self._refusals():
                await self._change()
        elif doing == "clock set right":
            self.clock.set_by(-self._set_by_us)
        await self._say_answers()
        if doing in KINDS:
            self.figures[f"faults: {doing}"] += 1
            self._break(doing)

    def _minute(self) -> None:
        """Look at what was, and draw what is to come."""
        with self._refusals():
            self.audit.look(self.tenant.log, self.told)
        now = self._first + self._second
        for _ in range(CHANGES):
            self._plan[now + self._rng.randrange(1, MINUTE_S)] = "change"
        self._plan[now + self._rng.randrange(1, MINUTE_S // 2)] = self._rng.choice(KINDS)
        if now % RETENTION_S == 0 and now:
            with self._refusals():
                kept = Retention(self.tenant.log, self.tenant.vault, self.service.control.clock).run()
                self.figures["payloads deleted when due"] += sum(kept.payloads.values())
        self.resident.append(resident_mib())

    async def _change(self) -> None:
        """Somebody comes, leaves, comes back, stops or says yes again."""
        who, running = self._rng.choice(self._everybody), self.room.running
        if who not in self._seen:
            self.service.control.admit(running, Participant(who, who, Role.CUSTOMER), who)
            self._seen.append(who)
            self._here.append(who)
            self.figures["came late"] += 1
            for modality in MODALITIES:
                self.service.rule(self.room, who, modality)
            self._call.admit(admitted(self.room))
            self._tap.show(self._here)
            self._says_yes(who, MODALITIES)
        elif who not in self._here:
            self.figures["came back"] += 1
            self._here.append(who)
            running.left.discard(who)
            self._tap.show(self._here)
        elif self._rng.random() < 0.3:
            self.figures["left"] += 1
            self._here.remove(who)
            running.left.add(who)
            self._tap.show(self._here)
        else:
            await self._answers(who, self._rng.choice(MODALITIES))

    async def _answers(self, who: str, modality: Modality) -> None:
        if self.room.status(who, modality) is not ConsentStatus.GIVEN:
            self._says_yes(who, [modality])
            return
        self.figures["opt-outs"] += 1
        try:
            self.service.stop(self.room, who, modality)
        finally:
            if self._plant != "reads_on":
                await self._call.stop(who, modality)

    def _says_yes(self, who: str, modalities: Iterable[Modality]) -> None:
        for modality in modalities:
            self.service.yes(self.room, who, modality)

    async def _say_answers(self) -> None:
        """Durable answers, for the worker."""
        records = self.room.running.register.records
        for consent in records[self._answered :]:
            if self._plant != "reads_on":
                await self._call.answered(consent)
        self._answered = len(records)

    def _break(self, kind: str) -> None:
        if kind == "disk":
            self.fate.point = self._rng.choice(FAULTS)
            self.fate.until_us = self.clock.mono_us() + self._rng.choice(
                (SECOND_US // 2, 3 * SECOND_US, 10 * SECOND_US)
            )
        elif kind == "clock":
            self._set_by_us = self._rng.choice(JUMPS_US)
            self.clock.set_by(self._set_by_us)
            self._plan[self._first + self._second + MINUTE_S // 3] = "clock set right"
        else:
            self._line.cut = True
            if kind == "restart":
                self._restart()
            elif self._rng.random() < 0.5:  # its end is noticed; otherwise its leases lapse
                with self._refusals():
                    for lease in self.room.running.open_leases:
                        self.service.control.close_lease(self.room.running, lease, "worker_lost")
            raise GoneError

    def _restart(self) -> None:
        self.fate.until_us = 0
        self.tenant.close()
        self._begin()
        self._open((self._second + 1) * SECOND_US)
        self.room.running.left |= set(self._seen) - set(self._here)

    def _begin(self) -> None:
        self.tenant = Tenant.open(self._folder, self.clock, self.fate)
        self.service = Service(self.tenant, self.told, replace(TERMS, retention_us=KEPT_US))

    def _open(self, at_us: int) -> None:
        people = {who: who for who in self._seen}
        self.room = self.service.open_call(self._name, people, at_us, self._stop)

    def _stop(self, who: str, modality: Modality) -> None:
        if self._plant != "reads_on":
            self._call.guard.stop(who, modality)

    def _ran(self, who: str, modality: Modality, at_us: int) -> None:
        subject = self.room.subject(who)
        self.audit.ran[f"{subject}/{at_us // SECOND_US * SECOND_US}", modality] += 1
        self.audit.figures["model calls"] += 1
        if (subject, modality) in self.told.said_no:
            self.audit.misses.append(f"{modality} of {who} was read after they were told that it ended")

    def _quiet(self) -> None:
        """The disk is well, and time goes by until all that is under way has ended."""
        self.fate.until_us = 0
        self.clock.pass_us(PENDING_US + SECOND_US)
        self.service.control.tick()
        self.audit.look(self.tenant.log, self.told)

    @contextmanager
    def _refusals(self) -> Iterator[None]:
        try:
            yield
        except (AuditError, StorageError):
            self.figures["refused by the disk"] += 1


def soak(folder: Path, seconds: int, people: int, seed: int, plant: str = "") -> tuple[World, list[str]]:
    """Live, come to rest, and judge; the world, closed, and everything that should not have happened."""
    with engines_kept(), patch("asyncio.to_thread", in_turn):
        world = World(folder, people, seed, plant)
        asyncio.run(world.live(seconds))
        world.resident.append(resident_mib())
        unended = [f"the lease {row.lease} has not ended" for row in world.tenant.log.open_leases()]
        found = world.tenant.verified().findings
        world.figures["unfinished leases"] = len(unended)
        world.figures["findings of the verifier, completeness included"] = len(found)
        world.figures["entries"] = world.tenant.log.size
        world.tenant.close()
    unproven = [f"the verifier finds at entry {one.seq}: {one.problem}" for one in found]
    return world, [*world.audit.misses, *unended, *unproven]


def main() -> None:
    """Live through the hours and print one line of figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=float, default=8.0, help="of simulated time")
    parser.add_argument("--people", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="where the store is made; it grows to some GB")
    parser.add_argument("--plant", choices=["", *PLANTS], default="", help="run against a bug, which must be caught")
    parser.add_argument("--save", action="store_true", help="keep the figures for the page of faults")
    asked = parser.parse_args()
    logging.getLogger("countenance").setLevel(logging.ERROR)  # faults are what this is about
    began, began_cpu_s = time.perf_counter(), time.process_time()
    with tempfile.TemporaryDirectory(dir=asked.folder) as name:
        seconds = round(asked.hours * HOUR_S)
        world, misses = soak(Path(name), seconds, asked.people, asked.seed, asked.plant)
    before, after = world.resident[min(FULL_MIN, len(world.resident) - 1)], world.resident[-1]
    growth = after / before - 1
    if growth >= GROWN:
        misses.append(f"memory grew by {growth:.1%}")
    figures: dict[str, int | float | str] = {
        "hours, SIMULATED": asked.hours,
        "people": asked.people,
        **world.audit.figures,
        **dict(sorted(world.figures.items())),
        "MiB before the first retention": round(world.resident[min(FULL_MIN, len(world.resident)) - 1], 1),
        f"MiB after {FULL_MIN} simulated minutes, retention done once": round(before, 1),
        "MiB hour by hour": " ".join(f"{mib:.0f}" for mib in world.resident[MINUTE_S::MINUTE_S]),
        "MiB at the end": round(after, 1),
        "growth of memory, %": round(growth * 100, 1),
        "processor s": round(time.process_time() - began_cpu_s, 1),
        "seconds": round(time.perf_counter() - began, 1),
    }
    command = f"python -m bench.faults.hours --hours {asked.hours:g} --people {asked.people} --seed {asked.seed}"
    sys.exit(Outcome("hours", "R23", command, figures, misses).conclude(save=asked.save))


if __name__ == "__main__":
    main()
