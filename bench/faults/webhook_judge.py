"""What has to hold of webhooks, whoever is killed: what was put out, beside what each endpoint saw."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.faults.webhook_receiver import TAKEN

Event = tuple[str, int]
"""Call, and number within it."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One request."""

    path: str
    id: str
    manner: str
    signed: bool
    event: Event

    @property
    def taken(self) -> bool:
        """Whether the receiver has it now."""
        return self.manner in TAKEN


def read(path: Path) -> Sequence[Seen]:
    """What the receiver wrote down."""
    rows = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    return [
        Seen(row["path"], row["id"], row["manner"], row["signed"], (row["data"]["call"], row["data"]["n"]))
        for row in rows
    ]


def judge(put: Iterable[Event], paths: Sequence[str], seen: Sequence[Seen]) -> Iterator[str]:
    """Everything that should not have happened."""
    yield from lost(put, paths, seen)
    yield from renamed(seen)
    yield from disordered(seen)
    yield from (f"{one.path}: {one.event} is signed wrongly" for one in seen if not one.signed)
    yield from (f"a redirection was followed to {one.path}" for one in seen if one.path not in paths)


def lost(put: Iterable[Event], paths: Sequence[str], seen: Sequence[Seen]) -> Iterator[str]:
    """What was put out and some endpoint never took."""
    took = {(one.path, one.event) for one in seen if one.taken}
    yield from (f"{path}: {event} is lost" for event in put for path in paths if (path, event) not in took)


def renamed(seen: Sequence[Seen]) -> Iterator[str]:
    """The same event under two ids, or two events under one."""
    ids: dict[Event, set[str]] = defaultdict(set)
    events: dict[str, set[Event]] = defaultdict(set)
    for one in seen:
        ids[one.event].add(one.id)
        events[one.id].add(one.event)
    yield from (f"{event} came under {len(found)} ids" for event, found in ids.items() if len(found) > 1)
    yield from (f"{name} was the id of {len(found)} events" for name, found in events.items() if len(found) > 1)


def disordered(seen: Sequence[Seen]) -> Iterator[str]:
    """An event that an endpoint saw, at whatever end, before it had taken the one before it in its call."""
    last: dict[tuple[str, str], int] = defaultdict(lambda: -1)
    for one in seen:
        call, n = one.event
        if n > last[one.path, call] + 1:
            yield f"{one.path}: {one.event} came before {(call, n - 1)} was taken"
        if one.taken:
            last[one.path, call] = max(last[one.path, call], n)


def repeated(seen: Sequence[Seen]) -> int:
    """How often something was taken that the receiver had already."""
    times = Counter((one.path, one.event) for one in seen if one.taken)
    return sum(n - 1 for n in times.values())
