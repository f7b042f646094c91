"""Readings that no result holds, because nothing was read: kept in runs, for the summary of the call."""

from collections.abc import Iterable, Iterator, Mapping
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
        return again((run.first, run.seconds) for run in self._runs)

    def runs_of(self, participant_id: str) -> Iterator[tuple[dict[str, Any], int]]:
        """The runs of one person: the first reading, and for how many seconds it stayed the same."""
        for run in self._runs:
            data: Any = run.first["data"]
            if data["subject"]["participant_id"] == participant_id:
                yield {"type": run.first["type"], "data": data}, run.seconds


def again(runs: Iterable[tuple[Mapping[str, Any], int]]) -> Iterator[dict[str, Any]]:
    """Every reading of these runs."""
    for first, seconds in runs:
        start_us, end_us = first["data"]["window"]["start_us"], first["data"]["window"]["end_us"]
        for n in range(seconds):
            window = {"start_us": start_us + n * SECOND_US, "end_us": end_us + n * SECOND_US}
            yield {"type": first["type"], "data": {**first["data"], "window": window}}


def _sayings(envelope: Envelope) -> tuple[object, dict[str, Any]]:
    data: Any = envelope["data"]
    return envelope["type"], {key: value for key, value in data.items() if key != "window"}


def _end_us(run: Run) -> int:
    data: Any = run.first["data"]
    return int(data["window"]["start_us"]) + run.seconds * SECOND_US
