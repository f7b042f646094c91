"""R23, the short form: minutes of simulated calls with faults; planted bugs are seen."""

from pathlib import Path

import pytest
from bench.faults.hours import MINUTE_S, World, soak

LONG_S, SEED = 2 * MINUTE_S, 5


def test_minutes_of_calls_with_faults_leave_no_lease_open_and_nothing_unproven(tmp_path: Path) -> None:
    world, misses = soak(tmp_path, LONG_S, 4, SEED)
    assert misses == []
    assert world.audit.figures["windows"] > LONG_S
    assert world.audit.figures["outputs"] > 0
    assert sum(n for name, n in world.figures.items() if name.startswith("faults")) == LONG_S // MINUTE_S
    assert world.figures["opt-outs"] > 0


@pytest.mark.parametrize(
    ("plant", "noticed"), [("reads_on", "after they were told that it ended"), ("miscounts", "counts")]
)
def test_a_planted_bug_is_seen(tmp_path: Path, plant: str, noticed: str) -> None:
    _, misses = soak(tmp_path, LONG_S, 4, SEED, plant)
    assert [miss for miss in misses if noticed in miss]


def test_the_same_seed_lives_through_the_same(tmp_path: Path) -> None:
    def lived(name: str) -> World:
        return soak(tmp_path / name, MINUTE_S, 3, SEED)[0]

    one, other = lived("one"), lived("other")
    assert (one.figures, one.audit.figures) == (other.figures, other.audit.figures)
