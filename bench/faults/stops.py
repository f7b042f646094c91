"""How long after a person's no the last model ran, and whether anything left after the person was told."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

Person = tuple[str, str]
"""A subject and a modality."""

NEVER = 1 << 62


@dataclass(frozen=True, slots=True)
class Stop:
    """One opt-out, in nanoseconds of the machine's monotonic clock."""

    person: Person
    asked_ns: int
    """When the person's no was sent."""
    acked_ns: int
    """When the person was told that it holds."""
    resumed_ns: int = NEVER
    """When the person said yes again."""
    trouble: str = ""
    """What was wrong at the time: `paused`, `cut`, or nothing."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What one opt-out led to."""

    stop: Stop
    last_ms: float
    """From the no to the last model call that began after it; 0 when none did."""
    ack_ms: float
    emitted_after_ack: int
    invoked_after_ack: int


def measure(
    stops: Iterable[Stop], invoked: Iterable[tuple[int, Person]], emitted: Iterable[tuple[int, Person]]
) -> Sequence[Measured]:
    """Set each opt-out beside the times at which models ran and outputs left for that person and modality."""
    ran, left = _by_person(invoked), _by_person(emitted)
    measured = []
    for stop in stops:
        times = ran.get(stop.person, [])
        last = bisect_left(times, stop.resumed_ns)
        began = bisect_right(times, stop.asked_ns)
        last_ms = (times[last - 1] - stop.asked_ns) / 1e6 if last > began else 0.0
        measured.append(
            Measured(
                stop,
                last_ms,
                (stop.acked_ns - stop.asked_ns) / 1e6,
                _between(left.get(stop.person, []), stop),
                _between(times, stop),
            )
        )
    return measured


def _between(times: list[int], stop: Stop) -> int:
    return bisect_left(times, stop.resumed_ns) - bisect_right(times, stop.acked_ns)


def _by_person(events: Iterable[tuple[int, Person]]) -> Mapping[Person, list[int]]:
    found: defaultdict[Person, list[int]] = defaultdict(list)
    for at, person in events:
        found[person].append(at)
    for times in found.values():
        times.sort()
    return found
