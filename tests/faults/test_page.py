"""The page of faults is what the command writes."""

import json
from pathlib import Path

import pytest
from bench.faults.outcome import Outcome, percentile
from bench.faults.page import PAGE, page, section


def test_the_page_of_faults_is_what_the_command_writes() -> None:
    assert PAGE.read_text(encoding="utf-8") == page()


def test_an_outcome_is_one_line_and_exits_1_on_any_miss(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good = Outcome("kill", "R1", "python -m bench.faults.kill", {"kills": 3, "ms": 1.25}, ())
    assert good.conclude(save=False) == 0
    assert capsys.readouterr().out == "kill: kills 3, ms 1.2, misses 0\n"
    bad = Outcome("kill", "R1", "python -m bench.faults.kill", {"kills": 3}, ["entry 7 is lost"])
    assert bad.conclude(save=False) == 1
    assert capsys.readouterr().out == "kill: MISS entry 7 is lost\nkill: kills 3, misses 1\n"
    bad.save(tmp_path)
    lines = list(section(json.loads((tmp_path / "kill.json").read_text(encoding="utf-8"))))
    assert lines[0] == "## kill (R1)"
    assert "| misses | 1 |" in lines


def test_a_percentile_is_a_value_that_was_measured() -> None:
    assert percentile([], 0.99) == 0.0
    assert percentile([5.0, 1.0, 3.0], 0.5) == 3.0
    assert percentile([1.0, 2.0], 0.99) == 2.0
