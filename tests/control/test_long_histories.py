"""What is asked while calls run costs the database as much after a long history as after a short one.

The steps of SQLite's own machine are counted, not time.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from random import Random
from sqlite3 import Connection

import pytest
from bench.faults.planes import Silent
from bench.faults.receiver import take
from bench.faults.service import Room, Service
from bench.faults.tenant import Tenant
from sqlalchemy import Engine, event

from countenance.storage import statistics

ROUNDS, SOME = 60, 10
MOST = 1.15
"""How much more the last rounds may cost than the first."""


class Steps:
    """Counts the steps of every connection that is opened while it watches."""

    def __init__(self) -> None:
        self.count = 0

    def hear(self, connection: Connection, _: object) -> None:
        connection.set_progress_handler(self._one, 1)

    def of(self, act: Callable[[], object]) -> int:
        before = self.count
        act()
        return self.count - before

    def _one(self) -> int:
        self.count += 1
        return 0


@contextmanager
def counted() -> Iterator[Steps]:
    steps = Steps()
    event.listen(Engine, "connect", steps.hear)
    yield steps
    event.remove(Engine, "connect", steps.hear)


def second(service: Service, room: Room) -> None:
    """A window of the call: leases, models, results, and what leaves."""
    service.grant(room)
    service.run(room, Random(room.start_us))
    service.end(room, service.outcomes(room))
    room.start_us += 1_000_000
    while service.delivery.run(take):
        pass


def costs(folder: Path) -> Mapping[str, list[int]]:
    """The steps of each act, round by round, of a person who stops and says yes again."""
    with counted() as steps:
        service = Service(Tenant.open(folder), Silent(-1))
        room = service.open_call("call", {"p1": "ana", "p2": "ben"})
        for who in room.people:
            service.yes(room, who, "face")
        found: dict[str, list[int]] = {"stop": [], "yes": [], "second": [], "tick": []}
        for _ in range(ROUNDS):
            found["second"].append(steps.of(lambda: second(service, room)))
            found["stop"].append(steps.of(lambda: service.stop(room, "p1", "face")))
            found["yes"].append(steps.of(lambda: service.yes(room, "p1", "face")))
            found["tick"].append(steps.of(service.control.tick))
        service.tenant.close()
    return found


def grown(found: Mapping[str, list[int]]) -> Mapping[str, float]:
    # The first round makes what later ones find; a tile that is full costs more, once in 256 entries.
    return {act: sorted(n[-SOME:])[SOME // 2] / sorted(n[1 : SOME + 1])[SOME // 2] for act, n in found.items()}


def test_nothing_that_a_call_waits_for_grows_with_what_was_before(tmp_path: Path) -> None:
    found = costs(tmp_path)
    assert {act: ratio for act, ratio in grown(found).items() if ratio > MOST} == {}
    assert min(found["stop"]) > 0


def test_without_statistics_it_would_grow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statistics, "state", lambda _: None)
    assert grown(costs(tmp_path))["stop"] > MOST
