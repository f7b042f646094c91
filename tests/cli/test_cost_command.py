"""What reading costs: measured time times a price that is given, with what is assumed and what is left out."""

import json
from pathlib import Path

import pytest
from bench.live.load import DROPS, LATE_US, RESULTS
from typer.testing import CliRunner

from countenance.cli import app
from countenance.contracts.errors import UsageError
from countenance.server.cost import Measured, cost_of, of_another, shipped

RUN = CliRunner()
TWENTY = Measured(20, 0.7, "by hand")


def test_a_person_minute_is_measured_time_times_the_price() -> None:
    each = cost_of(TWENTY, 3.6)
    assert each.used == pytest.approx(0.7 / 20 * 60 * 0.001)
    assert each.reserved == pytest.approx(60 * 0.001 / 20), "a whole core, full to the number that was measured"
    assert each.times(60).used == pytest.approx(60 * each.used)


def test_of_another_machine_a_core_is_filled_as_far_as_the_measured_one() -> None:
    other = of_another(TWENTY, 70)
    assert other.people == 10
    assert other.per_second == pytest.approx(0.07)
    assert of_another(TWENTY, 5_000).people == 1


@pytest.mark.parametrize(
    "wrong", [lambda: cost_of(TWENTY, 0), lambda: of_another(TWENTY, 0), lambda: Measured(0, 1, "")]
)
def test_what_cannot_be_is_said(wrong: object) -> None:
    with pytest.raises(UsageError):
        wrong()  # type: ignore[operator]


def test_the_shipped_figure_is_the_largest_number_of_the_last_measurement() -> None:
    runs = json.loads((RESULTS / "load.json").read_text(encoding="utf-8"))["runs"]
    whole = [one for one in runs if one["windows"] >= 0.99 * one["expected"] and one["drops"] <= DROPS]
    best = max((one for one in whole if one["p95_ms"] * 1000 <= LATE_US), key=lambda one: one["people"])
    assert (shipped().people, shipped().cpu) == (best["people"], best["cpu"])


def test_the_command_says_its_figure_its_price_and_what_is_left_out() -> None:
    asked = ["cost", "--usd-per-core-hour", "0.04", "--month-minutes", "50000", "--rented", "0.03"]
    said = RUN.invoke(app, asked)
    assert said.exit_code == 0, said.output
    each = cost_of(shipped(), 0.04)
    assert "python -m bench.live.load" in said.output
    assert "price: 0.04 USD for an hour of one core" in said.output
    assert "at the 0.03 USD you gave: 1500 USD" in said.output
    assert "not in it: the control plane" in said.output
    assert "e-0" not in said.output
    told = json.loads(RUN.invoke(app, [*asked, "--json"]).output)
    assert told["usd"][0]["used"] == pytest.approx(each.used)
    assert told["usd"][2]["reserved"] == pytest.approx(each.reserved * 100_000)
    assert told["rented_month"] == pytest.approx(1500)


def test_without_a_price_the_configured_one_holds_and_without_any_it_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert "nobody has said" in str(RUN.invoke(app, ["cost"]).exception)
    (tmp_path / "countenance.toml").write_text("[workers]\nusd_per_core_hour = 0.5\n")
    assert "price: 0.5 USD" in RUN.invoke(app, ["cost", "--cpu-ms", "50"]).output
