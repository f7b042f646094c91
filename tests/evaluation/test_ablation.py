import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from countenance.contracts.errors import EvaluationError
from countenance.evaluation.ablation import (
    Band,
    Comparison,
    Rows,
    Verdict,
    at_rates,
    compare,
    figures,
    verdict,
)
from countenance.evaluation.ablation_report import Ablation, Alone, Stress, Subset, failures, markdown, read, write

LABELS = ("neutral", "happiness", "anger")
TRUTH = np.array([0, 1, 2] * 20)
ROWS = Rows(LABELS, TRUTH, {"pictures": np.arange(60).astype(str), "actors": (np.arange(60) // 10).astype(str)})


def saying(right: np.ndarray, confidence: float = 0.8) -> np.ndarray:
    """Answers that name the right label where `right` is true, else the next one."""
    said = np.where(right, TRUTH, (TRUTH + 1) % 3)
    table = np.full((len(TRUTH), 3), (1 - confidence) / 2)
    table[np.arange(len(TRUTH)), said] = confidence
    return table


def test_a_row_of_which_nothing_is_said_counts_as_missed() -> None:
    table = saying(np.ones(60, bool))
    table[:15] = math.nan
    found = figures(ROWS, {"one": table}, repeats=50)["one"]
    assert found.accuracy.value == pytest.approx(0.75)
    assert found.said == pytest.approx(0.75)
    assert found.ece_15 == pytest.approx(0.2)


def test_a_system_that_says_nothing_at_all_has_no_calibration() -> None:
    found = figures(ROWS, {"one": np.full((60, 3), math.nan)}, repeats=50)["one"]
    assert (found.uar.value, found.said, found.ece_15, found.nll) == (0.0, 0.0, None, None)


def test_more_kinds_of_clusters_make_an_interval_wider_not_narrower() -> None:
    right = np.arange(60) // 10 < 4
    one = Rows(LABELS, TRUTH, {"rows": np.arange(60).astype(str)})
    wide, narrow = (figures(rows, {"s": saying(right)})["s"].accuracy for rows in (ROWS, one))
    assert wide.low is not None
    assert wide.high is not None
    assert narrow.low is not None
    assert narrow.high is not None
    assert wide.high - wide.low > narrow.high - narrow.low


def test_a_fusion_is_compared_with_the_single_modality_that_is_best_on_these_rows() -> None:
    poor, fair, whole = (np.arange(60) < n for n in (20, 35, 50))
    found = compare(ROWS, saying(whole), {"voice": saying(poor), "face": saying(fair)})
    assert found.best == "face"
    assert found.difference.value == pytest.approx(found.fused.value - found.best_uar)
    assert found.verdict in (Verdict.ABOVE, Verdict.PASS)


def test_a_fusion_that_is_clearly_worse_fails() -> None:
    found = compare(ROWS, saying(np.zeros(60, bool)), {"face": saying(np.ones(60, bool))})
    assert found.verdict is Verdict.BELOW


@pytest.mark.parametrize(
    ("value", "low", "high", "expected"),
    [
        (0.1, 0.02, 0.2, Verdict.ABOVE),
        (0.1, -0.02, 0.2, Verdict.PASS),
        (0.0, 0.0, 0.0, Verdict.PASS),
        (-0.1, -0.2, 0.02, Verdict.UNCLEAR),
        (-0.1, -0.2, -0.02, Verdict.BELOW),
        (-0.1, None, None, Verdict.UNCLEAR),
    ],
)
def test_the_verdict_goes_by_the_interval(
    value: float, low: float | None, high: float | None, expected: Verdict
) -> None:
    assert verdict(Band(value, low, high)) is expected


@given(st.lists(st.booleans(), min_size=60, max_size=60))
def test_at_the_rates_of_these_very_rows_nothing_changes(right: list[bool]) -> None:
    table = saying(np.array(right))
    rates = dict.fromkeys(LABELS, 1 / 3)
    plain = figures(ROWS, {"s": table}, repeats=2)["s"]
    assert at_rates(ROWS, table, rates, repeats=2).accuracy.value == pytest.approx(plain.accuracy.value)


def test_at_other_rates_the_common_label_decides() -> None:
    table = saying(TRUTH == 0)
    found = at_rates(ROWS, table, {"neutral": 0.9, "happiness": 0.1}, repeats=20)
    assert found.accuracy.value == pytest.approx(0.9)


def test_answers_of_another_shape_are_refused() -> None:
    with pytest.raises(EvaluationError, match="answers of the shape"):
        figures(ROWS, {"one": np.zeros((3, 3))})


def made() -> Ablation:
    table = saying(np.arange(60) < 50)
    found = figures(ROWS, {"s": table}, repeats=20)["s"]
    against = Comparison(Band(0.5, 0.4, 0.6), "face", 0.7, Band(-0.2, -0.3, -0.1), Verdict.BELOW)
    return Ablation(
        what="Made rows",
        warning="Made up: nothing was measured",
        protocol="None.",
        n=60,
        clusters={"pictures": 60},
        labels=LABELS,
        majority=1 / 3,
        models={"net": "ab" * 32},
        subsets=(Subset(("face", "voice"), "pool", found, 0.1, 0.9),),
        robustness=(Stress("low light", "pool", against),),
        alone=(Alone("face", "pool", 60, at_rates(ROWS, table, dict.fromkeys(LABELS, 1 / 3), repeats=20)),),
    )


def test_what_is_written_is_read_again_and_the_page_is_made_from_it(tmp_path: Path) -> None:
    data, page = write(made(), tmp_path)
    assert page.read_text(encoding="utf-8") == markdown(read(data))
    assert read(data).robustness[0].comparison.verdict is Verdict.BELOW


def test_the_warning_stands_before_any_figure() -> None:
    page = markdown(made())
    assert page.index("Made up: nothing was measured") < page.index("| face + voice |")


def test_failures_are_named() -> None:
    assert failures(made()) == ["pool under low light"]


def test_a_torn_file_is_an_error_that_names_it(tmp_path: Path) -> None:
    path = tmp_path / "ablation.json"
    path.write_text('{"what": 1}', encoding="utf-8")
    with pytest.raises(EvaluationError, match=r"ablation\.json is no ablation"):
        read(path)


def test_the_page_in_the_docs_is_made_from_its_numbers() -> None:
    docs = Path(__file__).parents[2] / "docs"
    found = read(docs / "figures" / "ablation.json")
    assert (docs / "ablation.md").read_text(encoding="utf-8") == markdown(found)
    assert found.warning.startswith("Label-matched tuples, not multimodal accuracy")


def test_the_shipped_fusion_is_never_below_the_best_modality_that_is_left() -> None:
    found = read(Path(__file__).parents[2] / "docs" / "figures" / "ablation.json")
    assert len({one.condition for one in found.robustness if one.fusion == "pool"}) >= 10
    assert failures(found) == []
