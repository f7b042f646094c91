"""What reading costs: measured processor time times the operator's own price of a core hour, and nothing else."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from countenance.contracts.errors import UsageError

SECONDS = 60
"""Of a minute."""
HOUR = 3600
FIGURE = "measured.json"
LEFT_OUT = (
    "the control plane, the media server, speech recognition, storage and backups, network and TURN, "
    "and the people who look after it"
)


@dataclass(frozen=True, slots=True)
class Measured:
    """The largest number of people that one worker on one core read in real time, and how busy the core was."""

    people: int
    cpu: float
    """Of one core, in cores."""
    said: str
    """By which command, and on what."""

    def __post_init__(self) -> None:
        if self.people < 1 or not self.cpu > 0:
            raise UsageError(f"{self.people} people on {self.cpu:g} cores", "Give more than nothing of both.")

    @property
    def per_second(self) -> float:
        """Seconds of processor time for one person and second."""
        return self.cpu / self.people


@dataclass(frozen=True, slots=True)
class Cost:
    """US dollars."""

    used: float
    """For one person and minute, where every idle moment of a core is somebody else's."""
    reserved: float
    """The same where whole cores are rented, each full of people to the number that was measured."""

    def times(self, person_minutes: float) -> "Cost":
        """Of so many minutes of people."""
        return Cost(self.used * person_minutes, self.reserved * person_minutes)


def cost_of(measured: Measured, usd_per_core_hour: float) -> Cost:
    """What one person costs for one minute; raises UsageError where the price is no price."""
    if not usd_per_core_hour > 0:
        raise UsageError(f"a core hour for {usd_per_core_hour:g} USD", "Give what you pay for an hour of one core.")
    second = usd_per_core_hour / HOUR
    return Cost(measured.per_second * SECONDS * second, SECONDS * second / measured.people)


def of_another(measured: Measured, cpu_ms: float) -> Measured:
    """The figure of another machine, whose cores are filled as far as here."""
    if not cpu_ms > 0:
        raise UsageError(f"{cpu_ms:g} ms of processor time", "Give what your own workers take, more than nothing.")
    people = max(1, int(round(1000 * measured.cpu / cpu_ms, 6)))
    return Measured(people, people * cpu_ms / 1000, f"given as {cpu_ms:g} ms; a core as busy as in: {measured.said}")


def shipped() -> Measured:
    """What the project measured on its own machine."""
    return measured_in(json.loads((files("countenance.server") / FIGURE).read_text(encoding="utf-8")))


def measured_in(table: Mapping[str, Any]) -> Measured:
    """The figure as `bench.live.load --save` writes it."""
    return Measured(table["people"], table["cpu"], f"{table['command']}, {table['machine']}")
