"""Signals of a whole call in little memory: arrays per participant and taxonomy, read from the lines on disk."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from countenance.contracts.readings import Event, Signal
from countenance.surface.blocks import event as event_block
from countenance.surface.blocks import sample as sample_block
from countenance.surface.envelope import SAMPLE
from countenance.surface.files import read_lines

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """One label or dimension over time; not a number where the reading abstained."""

    value: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """All ticks of one participant in one taxonomy, in order of time."""

    participant_id: str
    taxonomy: str
    start_us: NDArray[np.int64]
    end_us: NDArray[np.int64]
    labels: Mapping[str, Curve]
    dimensions: Mapping[str, Curve]
    leading: tuple[str | None, ...]
    """The label that leads with enough certainty, per tick."""
    reasons: tuple[str | None, ...]
    """Why there is no reading, per tick; None where there is one."""

    def __len__(self) -> int:
        return len(self.start_us)


@dataclass(frozen=True, slots=True)
class Episode:
    """A state from onset to end: the two halves of an event put together."""

    signal_id: str
    name: str
    participant_id: str
    taxonomy: str
    label: str
    start_us: int
    raised_us: int
    """When the start was raised."""
    end_us: int | None
    """None while the end is not known."""
    probability: float | None
    interval: tuple[float, float] | None
    evidence: tuple[tuple[str, float], ...]
    """Measured features and their effect, strongest first."""


def series_of(signals: Iterable[Signal]) -> tuple[Series, ...]:
    """Series out of signals in memory, with the numbers that the lines would hold."""
    return series_of_blocks(sample_block(one, "") for one in signals)


def read_series(path: Path) -> tuple[Series, ...]:
    """Series out of `readings.jsonl`, one line at a time."""
    return series_of_blocks(line["data"] for line in read_lines(path) if line["type"] == SAMPLE)


def episodes_of(events: Iterable[Event]) -> tuple[Episode, ...]:
    """Episodes out of events in memory."""
    return episodes_of_halves((one.name, one.phase.value, event_block(one, "")) for one in events)


def read_episodes(path: Path) -> tuple[Episode, ...]:
    """Episodes out of `events.jsonl`; lines of other kinds are passed over."""
    kinds = ((line["type"].split("."), line["data"]) for line in read_lines(path))
    return episodes_of_halves((kind[3], kind[4], data) for kind, data in kinds if kind[2] == "signal")


class _Columns:
    """Grows one series tick by tick."""

    def __init__(self) -> None:
        self.times: list[tuple[int, int]] = []
        self.leading: list[str | None] = []
        self.reasons: list[str | None] = []
        self.labels: dict[str, list[tuple[int, float, float, float]]] = {}
        self.dimensions: dict[str, list[tuple[int, float, float, float]]] = {}

    def add(self, data: Mapping[str, Any]) -> None:
        row = len(self.times)
        self.times.append((data["window"]["start_us"], data["window"]["end_us"]))
        self.leading.append(data["label"])
        self.reasons.append(data["abstain"]["reason"] if "abstain" in data else None)
        for name, one in data.get("labels", {}).items():
            self.labels.setdefault(name, []).append((row, one["probability"], *one["interval"]))
        for name, one in data.get("dimensions", {}).items():
            self.dimensions.setdefault(name, []).append((row, one["value"], *one["interval"]))

    def freeze(self, participant_id: str, taxonomy: str) -> Series:
        times = np.array(self.times, dtype=np.int64)
        return Series(
            participant_id,
            taxonomy,
            times[:, 0],
            times[:, 1],
            {name: _curve(rows, len(times)) for name, rows in sorted(self.labels.items())},
            {name: _curve(rows, len(times)) for name, rows in sorted(self.dimensions.items())},
            tuple(self.leading),
            tuple(self.reasons),
        )


def series_of_blocks(blocks: Iterable[Mapping[str, Any]]) -> tuple[Series, ...]:
    """Series out of the data of samples, in order of time."""
    growing: dict[tuple[str, str], _Columns] = {}
    for data in blocks:
        key = data["subject"]["participant_id"], data["taxonomy"]
        growing.setdefault(key, _Columns()).add(data)
    return tuple(columns.freeze(*key) for key, columns in sorted(growing.items()))


def _curve(rows: list[tuple[int, float, float, float]], length: int) -> Curve:
    filled = np.full((3, length), np.nan)
    table = np.array(rows, dtype=np.float64)
    filled[:, table[:, 0].astype(np.int64)] = table[:, 1:].T
    return Curve(*filled)


def episodes_of_halves(halves: Iterable[tuple[str, str, Mapping[str, Any]]]) -> tuple[Episode, ...]:
    """Episodes out of name, phase and data of events."""
    started: dict[str, tuple[str, Mapping[str, Any]]] = {}
    ends: dict[str, int] = {}
    for name, phase, data in halves:
        if phase == "started":
            started[data["signal_id"]] = (name, data)
        else:
            ends[data["signal_id"]] = data["window"]["end_us"]
    found = (_episode(name, data, ends.get(key)) for key, (name, data) in started.items())
    return tuple(sorted(found, key=lambda one: (one.start_us, one.participant_id, one.name)))


def _episode(name: str, data: Mapping[str, Any], end_us: int | None) -> Episode:
    interval = data["interval"]
    evidence = sorted(data["evidence"], key=lambda one: -abs(one["effect"]))
    return Episode(
        signal_id=data["signal_id"],
        name=name,
        participant_id=data["subject"]["participant_id"],
        taxonomy=data["taxonomy"],
        label=data["label"],
        start_us=data["window"]["start_us"],
        raised_us=data["window"]["end_us"],
        end_us=end_us,
        probability=data["probability"],
        interval=None if interval is None else (interval[0], interval[1]),
        evidence=tuple((one["feature"], one["effect"]) for one in evidence),
    )
