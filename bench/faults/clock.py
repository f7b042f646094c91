"""Clocks that jump: no expired consent is honoured, no lease made longer, the order of the log kept, the jump logged.

    python -m bench.faults.clock [--trials 200] [--save]

A call runs under a clock of the harness: its wall time is set forward and back by hours, a day, and second by second;
the machine sleeps, the program starts again, a year passes. Where libfaketime is installed, a real process runs under
it too.
"""

import argparse
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from random import Random
from unittest.mock import patch

from bench.faults.judge import judge
from bench.faults.outcome import Outcome
from bench.faults.service import MODALITIES, TOLD, Service
from bench.faults.tenant import Tenant, engines_kept
from bench.faults.trial import PEOPLE, SECOND_US, Hearing, Trial
from countenance.audit.entries import Stamp
from countenance.audit.fields import names
from countenance.audit.holder import LIMIT, VALID_US, LeaseHolder
from countenance.audit.timekeeping import Timekeeper
from countenance.contracts.clock import Clock
from countenance.contracts.trust import Lease, LogEntry
from countenance.control.consents import Consents
from countenance.storage.clocks import SystemClock, micros

HOUR_US, DAY_US = 3_600 * SECOND_US, 86_400 * SECOND_US
JUMPS = {
    "hour on": HOUR_US,
    "hour back": -HOUR_US,
    "day back": -DAY_US,
    "second on": SECOND_US,
    "second back": -SECOND_US,
}
EVENTS = (*JUMPS, "sleep", "restart", "year", "yes again")
STEPS_IN_A_ROW = 6
"""Steps of a second come in series: each alone is within what a log tolerates, together they are not."""
EVENTS_PER_TRIAL = 8
CONSENT_US = timedelta(days=TOLD.consent_days) // timedelta(microseconds=1)
PLANTS = ("leases_by_wall_time", "consents_by_wall_time", "no_anomaly")


@dataclass(slots=True)
class Seen:
    """What trials came to."""

    events: Counter[str] = field(default_factory=Counter)
    anomalies: int = 0
    leases: int = 0
    calls: int = 0
    expired: int = 0
    misses: list[str] = field(default_factory=list)


class Jumpy:
    """One trial: a call, and things that happen to its clock."""

    def __init__(self, folder: Path, seed: int, plant: str = "") -> None:
        self._rng = Random(seed)
        self._plant = plant
        self.trial = Trial(folder, rng=Random(seed), tick_every=3)
        self._given = dict.fromkeys(self._places(), self.trial.clock.mono_us())
        self._yeses: list[tuple[tuple[str, str], int]] = list(self._given.items())
        self._expect: list[tuple[str, int]] = []
        self.events: Counter[str] = Counter()
        self._planted()

    def run(self) -> None:
        """Let things happen."""
        for _ in range(EVENTS_PER_TRIAL):
            self.happen(self._rng.choice(EVENTS))

    def happen(self, event: str) -> None:
        """One thing, in the middle of a second, and two seconds after it."""
        trial = self.trial
        self.events[event] += 1
        before = trial.tenant.log.size
        trial.seconds(1)
        trial.turn()
        trial.clock.pass_us(SECOND_US // 2)
        trial.step()
        if event in JUMPS:
            self._jump(event)
        elif event == "sleep":
            trial.clock.pass_us(self._rng.randint(2, 20_000) * SECOND_US)
        elif event == "restart":
            self._restart()
        elif event == "year":
            trial.clock.pass_us(CONSENT_US - self._rng.randint(0, 3) * SECOND_US)
        else:
            self._agree()
        trial.step()
        trial.clock.pass_us(SECOND_US)  # the worker hears of nothing new: what it holds is over by now
        trial.step()
        set_by = trial.tenant.log.size
        trial.seconds(2)
        # Where nothing is written before the clock is set again, there is nothing to be put in order.
        if event in JUMPS and trial.tenant.log.size > set_by:
            self._expect.append((event, before))

    def misses(self) -> Iterator[str]:
        """What is wrong in the end."""
        yield from self.trial.misses()
        log = self.trial.tenant.log.entries()
        yield from self._on_expired(log)
        for event, seq in self._expect:
            if not any(entry.kind == "CLOCK_ANOMALY" for entry in log[seq:]):
                yield f"no CLOCK_ANOMALY after {event}"

    def _on_expired(self, log: Sequence[LogEntry]) -> Iterator[str]:
        for entry in (entry for entry in log if entry.kind == "LEASE"):
            for modality in names(entry.body, "modalities"):
                place = (str(entry.body["subject_ref"]), modality)
                given_us = max(at_us for who, at_us in self._yeses if who == place and at_us <= entry.mono_us)
                if entry.mono_us >= given_us + CONSENT_US:
                    yield f"a lease on {modality} {entry.mono_us - given_us - CONSENT_US} us after the yes expired"

    def _jump(self, event: str) -> None:
        trial = self.trial
        steps = STEPS_IN_A_ROW if abs(JUMPS[event]) == SECOND_US else 1
        for _ in range(steps):
            trial.clock.set_by(JUMPS[event])
            if steps > 1:
                trial.seconds(1)

    def _restart(self) -> None:
        """The program ends and begins again; sometimes someone sets the clock back meanwhile, and time goes by."""
        trial = self.trial
        trial.close()
        if self._rng.random() < 0.5:
            trial.clock.set_by(-DAY_US)
        trial.clock.pass_us(self._rng.randint(1, 7_200) * SECOND_US)
        trial.tenant = Tenant.open(trial.folder, trial.clock)
        trial.service = Service(trial.tenant, trial.witness)
        trial.room = trial.service.open_call("call", PEOPLE, trial.room.start_us)
        self._planted()

    def _agree(self) -> None:
        """Everyone says yes to everything once more."""
        for who in PEOPLE:
            for modality in MODALITIES:
                self.trial.service.yes(self.trial.room, who, modality)
        now_us = self.trial.clock.mono_us()
        self._yeses += [(place, now_us) for place in self._places()]

    def _places(self) -> list[tuple[str, str]]:
        return [(self.trial.room.subject(who), modality) for who in PEOPLE for modality in MODALITIES]

    def _planted(self) -> None:
        trial = self.trial
        if self._plant == "leases_by_wall_time":
            trial.room = replace(trial.room, holders={who: WallHolder(trial.clock) for who in PEOPLE})
        if self._plant == "consents_by_wall_time":
            control = trial.service.control
            control.consents = Consents(trial.tenant.log, trial.tenant.vault, trial.clock)
            control.consents.running = control


class WallHolder(LeaseHolder):
    """Plant: the second of a lease is counted on a clock that can be set."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(lambda: micros(clock.utc()))
        self._clock = clock

    def hold(self, lease: Lease, asked_us: int, valid_us: int = VALID_US, limit: int = LIMIT) -> None:  # noqa: ARG002
        """Take a lease."""
        super().hold(lease, micros(self._clock.utc()), valid_us, limit)


class DeafTimekeeper(Timekeeper):
    """Plant: nothing about the clocks is ever odd."""

    def stamp(self) -> tuple[Stamp, Mapping[str, object] | None]:
        """Now."""
        return super().stamp()[0], None


def jump(folder: Path, seed: int, seen: Seen, plant: str = "") -> None:
    """One trial, counted."""
    keeper = DeafTimekeeper if plant == "no_anomaly" else Timekeeper
    with patch("countenance.audit.log.Timekeeper", keeper):
        jumpy = Jumpy(folder, seed, plant)
        jumpy.run()
        seen.misses += (f"seed {seed}: {miss}" for miss in jumpy.misses())
        entries = jumpy.trial.tenant.log.entries()
        jumpy.trial.close()
    seen.events += jumpy.events
    seen.anomalies += sum(entry.kind == "CLOCK_ANOMALY" for entry in entries)
    seen.leases += sum(entry.kind == "LEASE" for entry in entries)
    seen.expired += sum(entry.body.get("status") == "expired" for entry in entries)
    seen.calls += len(jumpy.trial.witness.ran)


def library() -> Path | None:
    """Where libfaketime is, if it is."""
    return next(iter(sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))), None)


def really(folder: Path) -> dict[str, int | list[str]]:
    """A process with the machine's own clocks, whose wall clock libfaketime sets while it runs."""
    rate = folder / "faketime"
    rate.write_text("+0\n", encoding="ascii")
    faked = {
        "LD_PRELOAD": str(library()),
        "FAKETIME_TIMESTAMP_FILE": str(rate),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    command = [sys.executable, "-m", "bench.faults.clock", "--faked", str(folder)]
    ran = subprocess.run(command, env={**os.environ, **faked}, stdout=subprocess.PIPE, check=True, text=True)
    found: dict[str, int | list[str]] = json.loads(ran.stdout.splitlines()[-1])
    return found


def faked(folder: Path) -> None:
    """The process under libfaketime."""
    rate, shifts = folder / "faketime", ("-3600", "+3600", "-86400", "+0", "+5")
    clock = SystemClock()
    tenant = Tenant.open(folder / "tenant", clock)
    told = Hearing()
    service = Service(tenant, told)
    room = service.open_call("call", PEOPLE)
    for who in PEOPLE:
        service.yes(room, who, MODALITIES[0])
    misses, rng = [], Random(1)
    for shift in shifts:
        before = clock.utc()
        service.grant(room)
        service.run(room, rng)
        rate.write_text(f"{shift}\n", encoding="ascii")
        if abs(clock.utc() - before) < timedelta(seconds=1):
            misses.append(f"libfaketime did not set the clock by {shift}")
        select.select([], [], [], 1.1)  # libfaketime does not let a process sleep while the clock runs back
        if any(service.invoke(room, who, MODALITIES[0]) for who in room.leases):
            misses.append(f"a lease outlived its second when the clock was set by {shift}")
        service.end(room, service.outcomes(room))
        room.start_us += SECOND_US
    entries = tenant.log.entries()
    anomalies = sum(entry.kind == "CLOCK_ANOMALY" for entry in entries)
    if anomalies < len(shifts):
        misses.append(f"{anomalies} of {len(shifts)} jumps are in the log")
    misses += judge(tenant, told.told)
    tenant.close()
    print(json.dumps({"jumps": len(shifts), "misses": misses}))


def main() -> None:
    """Set clocks and print one line of figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=200)
    parser.add_argument("--plant", choices=["", *PLANTS], default="", help="run against a bug, which must be caught")
    parser.add_argument("--save", action="store_true", help="keep the figures for the page of faults")
    parser.add_argument("--faked", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.faked:
        faked(asked.faked)
        return
    began, seen, real = time.perf_counter(), Seen(), 0
    with tempfile.TemporaryDirectory() as name, engines_kept():
        for seed in range(asked.trials):
            jump(Path(name) / "tenant", seed, seen, asked.plant)
            shutil.rmtree(Path(name) / "tenant")
        if library() is not None and not asked.plant:
            found = really(Path(name))
            real = int(str(found["jumps"]))
            seen.misses += [f"under libfaketime: {miss}" for miss in list(found["misses"])]  # type: ignore[arg-type]
    figures = {
        "trials": asked.trials,
        **{f"times: {event}": count for event, count in sorted(seen.events.items())},
        "CLOCK_ANOMALY entries": seen.anomalies,
        "leases": seen.leases,
        "model calls": seen.calls,
        "consents that expired": seen.expired,
        "jumps of a real process under libfaketime": real,
        "seconds": round(time.perf_counter() - began, 1),
    }
    command = f"python -m bench.faults.clock --trials {asked.trials}"
    sys.exit(Outcome("clock", "R18", command, figures, seen.misses).conclude(save=asked.save))


if __name__ == "__main__":
    main()
