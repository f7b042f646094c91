"""R1, the short form: a few kills and every named point once; each planted bug is caught."""

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from bench.faults.kill import Killer, kill_at_points, kill_at_random
from bench.faults.lives import KillAt
from bench.faults.story import PLANTS
from bench.faults.tenant import engines_kept

pytestmark = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")

CAUGHT_AT = {
    "ack_before_commit": ("log.before_commit", "is lost"),
    "model_before_lease": ("lease.before_log", "without the lease"),
    "output_before_result": ("story.emitted", "without a result"),
    "outbox_beside_result": ("story.emitted", "without a result"),
    "ack_before_stop": ("story.delivered", "was told that it ended"),
}


@pytest.fixture
def killer(tmp_path: Path) -> Iterator[Killer]:
    made = Killer(tmp_path, 1)
    with engines_kept(made.hook):
        yield made


@pytest.mark.slow
def test_nothing_acknowledged_is_lost_at_random_moments(killer: Killer) -> None:
    kill_at_random(killer, 25, Random(1))
    assert killer.tally.misses == []
    assert killer.tally.acked > 25


@pytest.mark.slow
def test_nothing_acknowledged_is_lost_at_any_named_point(killer: Killer) -> None:
    hit = kill_at_points(killer, 1, Random(2))
    assert killer.tally.misses == []
    assert len(hit) >= 30
    assert all(hit.values())


@pytest.mark.parametrize("plant", PLANTS)
def test_a_planted_bug_is_caught(plant: str, tmp_path: Path) -> None:
    point, problem = CAUGHT_AT[plant]
    killer = Killer(tmp_path, 1, plant)
    with engines_kept(killer.hook):
        for turn in range(1, 13):
            killer.kill(KillAt(point, turn), anew=True)
            if killer.tally.misses:
                break
    assert any(problem in miss for miss in killer.tally.misses)
