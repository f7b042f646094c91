"""From a person's no to the last model call, over real processes: control plane, worker, people who change their mind.

    python -m bench.faults.optout [--stops 10000] [--people 50] [--save]

Every opt-out is timed from the moment it is sent to the last model call that began after it; nothing may leave after
the person was told. At times the worker is stopped (SIGSTOP) or the line to it is cut: then the lease bounds it.
"""

import argparse
import os
import select
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random

from bench.faults.outcome import Outcome, percentile
from bench.faults.planes import PEOPLE_PER_CALL, PLANTS, Planes, read_events
from bench.faults.service import MODALITIES
from bench.faults.stops import NEVER, Measured, Stop, measure
from bench.faults.wire import Message

P99_MS, MAX_MS, LEASE_MS = 100.0, 250.0, 1000.0
TROUBLE_S = 1.5
"""How long the worker is stopped or cut off."""
TROUBLE_EVERY_S = 12.0
ON_S, OFF_S = (1.2, 3.0), 0.4
"""A yes stands between these times before the next no; a no stands so long after its ack."""


@dataclass(slots=True)
class People:
    """Those who change their mind, and what they were told."""

    planes: Planes
    people: int
    rate: float
    rng: Random
    stops: dict[int, Stop] = field(default_factory=dict)
    open: dict[int, int] = field(default_factory=dict)
    troubles: list[tuple[int, int, str]] = field(default_factory=list)

    def run(self, count: int, troubles: bool) -> None:
        """So many opt-outs."""
        places = [
            (call, f"p{who}", modality)
            for call in range(self.people // PEOPLE_PER_CALL)
            for who in range(PEOPLE_PER_CALL)
            for modality in MODALITIES
        ]
        ready = {place: time.monotonic() + self.rng.uniform(*ON_S) for place in places}
        waiting: dict[int, tuple[int, str, str]] = {}
        back: list[tuple[float, int]] = []
        next_s, trouble_s = time.monotonic(), time.monotonic() + TROUBLE_EVERY_S / 2
        while len(self.stops) < count or waiting or back:
            self._listen(0.002)
            now = time.monotonic()
            for message in self._heard:
                if "resumed" in message:
                    call, who, modality = message["resumed"]
                    ready[call, who, modality] = now + self.rng.uniform(*ON_S)
                    continue
                n = message["acked"]
                self.stops[n] = replace(self.stops[n], acked_ns=message["at"])
                back.append((now + OFF_S, n))
            while back and back[0][0] <= now:
                n = back.pop(0)[1]
                place = waiting.pop(n)
                self.stops[n] = replace(self.stops[n], resumed_ns=time.monotonic_ns())
                self.planes.api.send({"says": "yes", "who": place})
            if troubles and now > trouble_s:
                trouble_s = now + TROUBLE_EVERY_S
                self._trouble(("paused", "cut")[len(self.troubles) % 2])
            if len(self.stops) < count and now >= next_s:
                next_s = max(next_s + 1 / self.rate, now - 0.1)
                chosen = [place for place, since in ready.items() if since <= now]
                if chosen:
                    place = self.rng.choice(chosen)
                    del ready[place]
                    n = len(self.stops)
                    waiting[n] = place
                    person = (f"{place[0]}/{place[1]}", place[2])
                    self.stops[n] = Stop(person, time.monotonic_ns(), NEVER)
                    self.planes.api.send({"says": "no", "who": place, "n": n})
            self._mend()

    _heard: Sequence[Message] = ()
    _paused_until_s: float = 0.0

    def _listen(self, wait_s: float) -> None:
        select.select([self.planes.api], [], [], wait_s)
        self._heard = self.planes.api.receive()
        if not self.planes.api.open:
            raise RuntimeError("the control plane is gone")
        self.planes.api.flush()

    def _trouble(self, kind: str) -> None:
        now_ns = time.monotonic_ns()
        self.troubles.append((now_ns, now_ns + int(TROUBLE_S * 1e9), kind))
        if kind == "paused":
            self._paused_until_s = time.monotonic() + TROUBLE_S
            os.kill(self.planes.worker, signal.SIGSTOP)
        else:
            self.planes.api.send({"cut": TROUBLE_S})

    def _mend(self) -> None:
        if self._paused_until_s and time.monotonic() > self._paused_until_s:
            self._paused_until_s = 0.0
            os.kill(self.planes.worker, signal.SIGCONT)

    def marked(self) -> Sequence[Stop]:
        """The opt-outs, each with the trouble that fell between its no and its ack, if any."""
        found = []
        for stop in self.stops.values():
            kinds = [kind for began, ended, kind in self.troubles if began < stop.acked_ns and stop.asked_ns < ended]
            found.append(replace(stop, trouble=kinds[0]) if kinds else stop)
        return found


def opt_out(
    folder: Path, count: int, people: int, rate: float, plant: str, *, troubles: bool = True
) -> Sequence[Measured]:
    """Run both planes and everyone's changes of mind; what each opt-out led to."""
    planes = Planes.start(folder, people, plant)
    crowd = People(planes, people, rate, Random(1))
    while not planes.api.receive():
        time.sleep(0.01)
    crowd.run(count, troubles)
    os.kill(planes.worker, signal.SIGCONT)
    planes.api.socket.close()
    os.waitpid(planes.control, 0)
    os.waitpid(planes.worker, 0)
    return measure(crowd.marked(), read_events(folder / "invoked"), read_events(folder / "emitted"))


def judged(measured: Sequence[Measured]) -> Sequence[str]:
    """Where the goals are missed."""
    calm = [one for one in measured if not one.stop.trouble]
    misses = [f"a model ran {one.last_ms:.0f} ms after the no" for one in calm if one.last_ms > MAX_MS]
    p99 = percentile([one.last_ms for one in calm], 0.99)
    misses += [f"p99 is {p99:.1f} ms"] if p99 > P99_MS else []
    for one in measured:
        if one.last_ms > LEASE_MS:
            misses.append(
                f"a model ran {one.last_ms:.0f} ms after the no, beyond its lease ({one.stop.trouble or 'calm'})"
            )
        if one.emitted_after_ack:
            misses.append(f"{one.emitted_after_ack} outputs left after the ack ({one.stop.trouble or 'calm'})")
        if one.invoked_after_ack:
            misses.append(f"{one.invoked_after_ack} models ran after the ack ({one.stop.trouble or 'calm'})")
    return misses


def main() -> None:
    """Stop people and print one line of figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stops", type=int, default=10_000)
    parser.add_argument("--people", type=int, default=50)
    parser.add_argument("--rate", type=float, default=20.0, help="opt-outs per second")
    parser.add_argument("--plant", choices=["", *PLANTS], default="", help="run against a bug, which must be caught")
    parser.add_argument("--save", action="store_true", help="keep the figures for the page of faults")
    asked = parser.parse_args()
    began, load = time.perf_counter(), os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        measured = opt_out(Path(folder), asked.stops, asked.people, asked.rate, asked.plant)
        findings = (Path(folder) / "findings").read_text(encoding="utf-8").splitlines()
        costs_ms = [float(line) * 1e3 for line in (Path(folder) / "costs").read_text(encoding="ascii").splitlines()]
    calm, tenth = [one for one in measured if not one.stop.trouble], max(1, len(costs_ms) // 10)
    last = [one.last_ms for one in calm]
    figures: dict[str, int | float | str] = {
        "opt-outs": len(measured),
        "people": asked.people,
        "to the last model call, p50 ms": round(percentile(last, 0.5), 1),
        "p99 ms": round(percentile(last, 0.99), 1),
        "p99.9 ms": round(percentile(last, 0.999), 1),
        "max ms": round(max(last, default=0.0), 1),
        "to the ack, p99 ms": round(percentile([one.ack_ms for one in calm], 0.99), 1),
        "processor ms each, first tenth": round(sum(costs_ms[:tenth]) / tenth, 1),
        "last tenth": round(sum(costs_ms[-tenth:]) / tenth, 1),
    }
    for kind in ("paused", "cut"):
        troubled = [one for one in measured if one.stop.trouble == kind]
        figures[f"opt-outs while {kind}"] = len(troubled)
        figures[f"max ms while {kind}"] = round(max((one.last_ms for one in troubled), default=0.0), 1)
    figures |= {
        "outputs after the ack": sum(one.emitted_after_ack for one in measured),
        "model calls after the ack": sum(one.invoked_after_ack for one in measured),
        "load when it began and ended": f"{load:.1f} {os.getloadavg()[0]:.1f}",
        "seconds": round(time.perf_counter() - began, 1),
    }
    misses = [*judged(measured), *(f"the verifier finds: {finding}" for finding in findings)]
    command = f"python -m bench.faults.optout --stops {asked.stops} --people {asked.people} --rate {asked.rate:g}"
    sys.exit(Outcome("optout", "R6", command, figures, misses).conclude(save=asked.save))


if __name__ == "__main__":
    main()
