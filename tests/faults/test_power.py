"""R2, the short form: power cuts of the recorded story; each planted bug is caught."""

from pathlib import Path

import pytest
from bench.faults import syscalls
from bench.faults.power import PLANTS, cut

pytestmark = pytest.mark.skipif(not syscalls.available(), reason="strace is not installed")


@pytest.mark.slow
def test_nothing_acknowledged_is_lost_when_the_power_fails(tmp_path: Path) -> None:
    tally = cut(tmp_path, 240, 3)
    assert tally.misses == []
    assert tally.distinct > 200
    assert tally.acked > 50
    assert tally.steps["FailedSync"]


@pytest.mark.parametrize("plant", PLANTS)
def test_a_planted_bug_is_caught(plant: str, tmp_path: Path) -> None:
    tally = cut(tmp_path, 80, 1, plant)
    assert any("is lost" in miss for miss in tally.misses)
