import json
from pathlib import Path

import pytest
from tests.evaluation.made import report

from countenance.contracts.errors import EvaluationError
from countenance.evaluation.report import read_report, write_report


def test_a_report_comes_back_from_its_file_as_it_was(tmp_path: Path) -> None:
    made = report()
    write_report(made, tmp_path / "metrics.json")
    assert read_report(tmp_path / "metrics.json") == made
    assert json.loads((tmp_path / "metrics.json").read_text())["schema"] == "countenance.metrics.v1"


def test_the_report_says_what_the_table_says() -> None:
    made = report()
    assert made.confusion is not None
    assert sum(map(sum, made.confusion.counts)) == made.n == 400
    assert made.metrics["accuracy"].low is not None
    assert made.metrics["accuracy"].value is not None
    assert made.metrics["accuracy"].low < made.metrics["accuracy"].value
    assert made.metrics["accuracy"].majority is not None
    assert set(made.conformal) == {"lac", "aps"}
    assert made.conformal["lac"].n_dev == 400
    assert made.risk_coverage is not None
    assert [one.wanted for one in made.risk_coverage.chosen] == [0.05, 0.1, 0.2]
    assert {row.value for row in made.slices} == {"woman", "man", "few"}
    assert {row.value for row in made.slices if not row.enough} == {"few"}


def test_without_dev_nothing_is_chosen() -> None:
    made = report(with_dev=False)
    assert made.conformal == {}
    assert made.risk_coverage is not None
    assert made.risk_coverage.chosen == []


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"schema": "countenance.metrics.v2"}, r"not of the schema countenance\.metrics\.v1"),
        ({"bundel": "x"}, "unknown key 'bundel'.*Did you mean bundle"),
        ({"n": "many"}, "n: Input should be a valid integer"),
        ({"sha256": "abc"}, "sha256: String should match pattern"),
        ({"leading": ["kappa"]}, "leading names kappa, which was not measured"),
        ({"confusion": {"labels": ["a", "b"], "counts": [[1, 2]]}}, "not one row and one column per label"),
    ],
)
def test_a_wrong_report_says_what_is_wrong(tmp_path: Path, change: dict[str, object], says: str) -> None:
    path = tmp_path / "metrics.json"
    write_report(report(), path)
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(EvaluationError, match=says):
        read_report(path)


def test_a_slice_cannot_pass_without_data(tmp_path: Path) -> None:
    path = tmp_path / "metrics.json"
    write_report(report(), path)
    told = json.loads(path.read_text())
    told["slices"][-1]["enough"] = True
    path.write_text(json.dumps(told))
    with pytest.raises(EvaluationError, match="a figure without enough data, or none with enough"):
        read_report(path)


def test_a_file_that_is_no_json_is_named(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match=r"metrics\.json cannot be read"):
        read_report(tmp_path / "metrics.json")
