"""R6, the short form: after a person was told that reading has ended, nothing is read and nothing leaves."""

from pathlib import Path

import pytest
from bench.faults import optout
from bench.faults.optout import judged, opt_out
from bench.faults.stops import Measured, Stop

pytestmark = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")


def after_ack(folder: Path, plant: str = "") -> int:
    measured = opt_out(folder, 40, 6, 20.0, plant)
    assert len(measured) == 40
    assert (folder / "findings").read_text(encoding="utf-8") == ""
    return sum(one.invoked_after_ack + one.emitted_after_ack for one in measured)


def test_nothing_runs_after_the_ack_also_when_the_worker_is_stopped_or_cut_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(optout, "TROUBLE_EVERY_S", 2.0)
    assert after_ack(tmp_path) == 0


@pytest.mark.parametrize("plant", ["worker_not_told", "lease_not_checked"])
def test_a_planted_bug_is_caught(plant: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # The line is cut for much longer than a lease lasts, so that a busy machine sees it too.
    monkeypatch.setattr(optout, "TROUBLE_S", 4.0)
    monkeypatch.setattr(optout, "TROUBLE_EVERY_S", 4.5)
    assert after_ack(tmp_path, plant) > 0


def test_goals_that_are_missed_are_named() -> None:
    stop = Stop(("0/p0", "face"), 0, 1)
    good = Measured(stop, 3.0, 4.0, 0, 0)
    assert judged([good] * 100) == []
    assert judged([good] * 99 + [Measured(stop, 251.0, 4.0, 0, 0)]) == [
        "a model ran 251 ms after the no",
        "p99 is 251.0 ms",
    ]
    paused = Measured(Stop(("0/p0", "face"), 0, 1, trouble="paused"), 1001.0, 4.0, 2, 1)
    assert judged([paused]) == [
        "a model ran 1001 ms after the no, beyond its lease (paused)",
        "2 outputs left after the ack (paused)",
        "1 models ran after the ack (paused)",
    ]
