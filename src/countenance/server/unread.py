"""Readings that no result holds, because nothing was read: kept in runs, for the summary of the call."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from countenance.contracts.media import SECOND_US
from countenance.surface.envelope import Envelope


@dataclass(slots=True)
class Run:
    """The same words over seconds that follow each other."""

    first: Envelope
    seconds: int = 1


class Unread:
    """A person who is not read for an hour is one row."""

    def __init__(self) -> None:
        self._runs: list[Run] = []
        self._open: dict[tuple[str, str], Run] = {}

    def add(self, envelope: Envelope) -> None:
        """One more; an event, or a sample of one second."""
        data: Any = envelope["data"]
        key = (data["subject"]["participant_id"], data["taxonomy"])
        run = self._open.get(key)
        if run is not None and _sayings(run.first) == _sayings(envelope) and _end_us(run) == data["window"]["start_us"]:
            run.seconds += 1
        else:
            self._open[key] = Run(envelope)
            self._runs.append(self._open[key])

    def readings(self) -> Iterator[dict[str, Any]]:
        """Every reading again, as results hold theirs."""
        for run in self._runs:
            data: Any = run.first["data"]
            start_us, end_us = data["window"]["start_us"], data["window"]["end_us"]
            for n in range(run.seconds):
                window = {"start_us": start_us + n * SECOND_US, "end_us": end_us + n * SECOND_US}
                yield {"type": run.first["type"], "data": {**data, "window": window}}


def _sayings(envelope: Envelope) -> tuple[object, dict[str, Any]]:
    data: Any = envelope["data"]
    return envelope["type"], {key: value for key, value in data.items() if key != "window"}


def _end_us(run: Run) -> int:
    data: Any = run.first["data"]
    return int(data["window"]["start_us"]) + run.seconds * SECOND_US
