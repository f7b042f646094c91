"""R19, the short form: seeded runs with faults, crashes and clocks; a planted bug is found and replays."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from bench.faults.replay import play, play_many
from bench.faults.simulate import Life, length_of
from bench.faults.tenant import engines_kept


@pytest.fixture(autouse=True)
def kept() -> Iterator[None]:
    with engines_kept():
        yield


def test_seeded_runs_break_no_promise(tmp_path: Path) -> None:
    assert play_many(partial(Life, tmp_path / "t", ""), range(16), length_of) == (16, [])


def test_a_planted_bug_is_found_and_replays(tmp_path: Path) -> None:
    make = partial(Life, tmp_path / "t", "forgets_stops")
    _, failures = play_many(make, range(10), length_of)
    assert failures
    again = play(make, failures[0].seed, failures[0].steps)
    assert again is not None
    assert "told that it ended" in again.problem
