"""R15, the short form: a few kills of the sender, a receiver that misbehaves, and each planted bug is caught."""

from pathlib import Path

import pytest
from bench.faults.webhook_judge import Seen, disordered, lost, renamed, repeated
from bench.faults.webhook_lives import PLANTS
from bench.faults.webhooks import run

pytestmark = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")

CAUGHT = {
    "settled_before_sent": "is lost",
    "new_id_each_time": "ids",
    "calls_without_order": "came before",
}


def test_nothing_is_lost_renamed_or_disordered_by_kills_and_bad_receivers(tmp_path: Path) -> None:
    tally, manners = run(tmp_path, 6, 15, seed=2)
    assert tally.misses == []
    assert tally.kills >= 6
    assert len(tally.put) > 10
    assert sum(manners.values()) > 15


@pytest.mark.parametrize("plant", PLANTS)
def test_a_planted_bug_is_caught(plant: str, tmp_path: Path) -> None:
    tally, _ = run(tmp_path, 5, 15, seed=3, plant=plant)
    assert any(CAUGHT[plant] in miss for miss in tally.misses)


def seen(path: str, name: str, n: int, manner: str = "ok") -> Seen:
    return Seen(path, name, manner, signed=True, event=("a", n))


def test_the_judge_sees_what_is_wrong() -> None:
    fine = [seen("one", "x", 0, "error"), seen("one", "x", 0), seen("one", "y", 1, "unheard"), seen("one", "y", 1)]
    assert not [*lost([("a", 0), ("a", 1)], ["one"], fine), *renamed(fine), *disordered(fine)]
    assert repeated(fine) == 1
    assert list(lost([("a", 2)], ["one"], fine)) == ["one: ('a', 2) is lost"]
    assert list(renamed([*fine, seen("two", "z", 0)])) == ["('a', 0) came under 2 ids"]
    assert list(renamed([seen("one", "x", 0), seen("one", "x", 1)])) == ["x was the id of 2 events"]
    assert len(list(disordered([seen("one", "x", 0, "error"), seen("one", "y", 1)]))) == 1
