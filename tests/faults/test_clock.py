"""R18, the short form: clocks that jump; each planted bug is caught."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from bench.faults.clock import EVENTS, PLANTS, Jumpy, Seen, jump, library, really
from bench.faults.tenant import engines_kept


@pytest.fixture(autouse=True)
def kept() -> Iterator[None]:
    with engines_kept():
        yield


@pytest.mark.parametrize("event", EVENTS)
def test_whatever_the_clock_does_no_promise_is_broken(event: str, tmp_path: Path) -> None:
    jumpy = Jumpy(tmp_path, 1)
    jumpy.happen(event)
    jumpy.happen("year")
    jumpy.trial.seconds(5)
    assert list(jumpy.misses()) == []
    jumpy.trial.close()


@pytest.mark.parametrize("plant", PLANTS)
def test_a_planted_bug_is_caught(plant: str, tmp_path: Path) -> None:
    seen = Seen()
    for seed in range(12):
        jump(tmp_path / str(seed), seed, seen, plant)
        if seen.misses:
            break
    assert seen.misses


@pytest.mark.skipif(library() is None, reason="libfaketime is not installed")
def test_a_real_process_whose_clock_is_set_keeps_its_promises(tmp_path: Path) -> None:
    assert really(tmp_path)["misses"] == []
