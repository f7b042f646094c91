import math

import numpy as np
import pytest
from tests.evaluation.made import distribution, honest

from countenance.contracts.errors import EvaluationError
from countenance.evaluation import metrics
from countenance.evaluation.scores import Floats, Kind, Scores, one_hot

SHARES = np.array([[0.7, 0.2, 0.1], [0.6, 0.3, 0.1], [0.1, 0.8, 0.1], [0.2, 0.2, 0.6]])
TRUTH = [0, 1, 1, 0]


def multilabel(probabilities: Floats, targets: Floats, **more: object) -> Scores:
    labels = ("confusion", "joy")
    return Scores(
        kind=Kind.MULTILABEL,
        ids=np.arange(len(targets)).astype(str),
        labels=labels,
        probabilities=probabilities,
        targets=targets,
        protocol="made for a test",
        **more,  # type: ignore[arg-type]
    )


def dimension(said: Floats, told: Floats) -> Scores:
    return Scores(
        kind=Kind.DIMENSION,
        ids=np.arange(len(said)).astype(str),
        labels=("valence",),
        probabilities=said[:, None],
        targets=told[:, None],
        protocol="made for a test",
    )


def test_figures_of_four_rows_are_those_worked_out_by_hand() -> None:
    table = distribution(SHARES, TRUTH)  # said: calm, calm, tense, amused
    assert metrics.ACCURACY(table) == 0.5
    # calm: 1 hit of 2 said and 2 true; tense: 1 hit of 1 said and 2 true; amused: said once, never true.
    assert metrics.MACRO_F1(table) == pytest.approx((2 / 4 + 2 / 3 + 0) / 3)
    assert metrics.WEIGHTED_F1(table) == pytest.approx((2 / 4 + 2 / 3) / 2)
    assert metrics.UAR(table) == pytest.approx(0.5)
    assert metrics.BRIER(table) == pytest.approx((0.14 + 0.86 + 0.06 + 1.04) / 4)
    assert metrics.NLL(table) == pytest.approx(-np.log([0.7, 0.3, 0.8, 0.2]).mean())
    # Confidences .7 .6 .8 .6 stand in three bins: .7 right; .6 and .6 both wrong; .8 right.
    assert metrics.ECE(table) == pytest.approx((0.3 + 1.2 + 0.2) / 4)
    # tense: rows 1 and 2 hold it (.3, .8), rows 0 and 3 do not (.2, .2).
    assert metrics.auc_of("tense")(table) == 1.0
    # calm: rows 0 and 3 (.7, .2) against .6 and .1: three pairs of four.
    assert metrics.auc_of("calm")(table) == 0.75


def test_rows_that_nobody_named_count_for_the_votes_only() -> None:
    votes = np.array([[0.5, 0.5, 0.0], [1.0, 0.0, 0.0]])
    table = distribution(SHARES[:2], [0, 0], targets=votes)
    assert table.hard.tolist() == [-1, 0]
    assert metrics.ACCURACY.of(table).n == 1
    assert metrics.ACCURACY(table) == 1.0
    assert metrics.BRIER_VOTES(table) == pytest.approx((0.04 + 0.09 + 0.01 + 0.16 + 0.09 + 0.01) / 2)
    expected = 0.5 * math.log(0.5 / 0.7) + 0.5 * math.log(0.5 / 0.2) - math.log(0.6)
    assert metrics.KL_VOTES(table) == pytest.approx(expected / 2)


def test_votes_met_exactly_leave_nothing_to_lose() -> None:
    table = distribution(SHARES, TRUTH, targets=SHARES)
    assert metrics.KL_VOTES(table) == pytest.approx(0.0, abs=1e-12)
    assert metrics.BRIER_VOTES(table) == pytest.approx(0.0, abs=1e-12)


def test_labels_that_may_hold_together_are_judged_at_their_thresholds() -> None:
    table = multilabel(
        np.array([[0.9, 0.4], [0.3, 0.2], [0.6, 0.1]]),
        np.array([[1.0, 1.0], [0.0, 0.0], [0.0, 1.0]]),
        thresholds=np.array([0.5, 0.3]),
    )
    assert metrics.f1_of("confusion")(table) == pytest.approx(2 / 3)
    assert metrics.f1_of("joy")(table) == pytest.approx(2 / 3)
    assert metrics.MACRO_F1(table) == pytest.approx(2 / 3)
    assert metrics.BRIER(table) == pytest.approx((0.01 + 0.36 + 0.09 + 0.04 + 0.36 + 0.81) / 6)
    assert metrics.auc_of("joy")(table) == 0.5


def test_a_label_that_was_not_asked_of_a_row_does_not_count_there() -> None:
    table = multilabel(np.array([[0.9, 0.9], [0.9, 0.1]]), np.array([[1.0, np.nan], [0.0, 1.0]]))
    assert metrics.f1_of("confusion")(table) == pytest.approx(2 / 3)
    assert metrics.f1_of("joy")(table) == 0.0
    assert metrics.auc_of("joy").of(table).n == 1


def test_macro_measures_average_over_the_main_labels_alone() -> None:
    said = np.array([[0.9, 0.1], [0.1, 0.9]])
    told = np.array([[1.0, 1.0], [0.0, 0.0]])
    assert metrics.MACRO_F1(multilabel(said, told, main=("confusion",))) == 1.0
    assert metrics.MACRO_F1(multilabel(said, told)) == 0.5


def test_dimensions_are_judged_by_correlation_and_by_concordance() -> None:
    told = np.array([-1.0, 0.0, 1.0])
    halved = dimension(told / 2 + 0.25, told)
    assert metrics.pearson_of("valence")(halved) == pytest.approx(1.0)
    # Lin: 2 * 1/3 / (1/6 + 2/3 + 1/16).
    assert metrics.ccc_of("valence")(halved) == pytest.approx((2 / 3) / (1 / 6 + 2 / 3 + 1 / 16))
    assert metrics.rmse_of("valence")(halved) == pytest.approx(math.sqrt((0.75**2 + 0.25**2 + 0.25**2) / 3))


def test_knowing_nothing_is_measured_beside_every_figure() -> None:
    table = distribution(SHARES, [0, 0, 1, 0])
    assert metrics.majority_value(metrics.ACCURACY, table) == 0.75
    assert metrics.majority_value(metrics.UAR, table) == 0.5
    assert metrics.majority_value(metrics.AUC, table) == 0.5
    assert metrics.majority_value(metrics.BRIER, table) == pytest.approx(0.75 * 0.125 + 0.25 * 1.125)
    assert metrics.majority_value(metrics.ECE, table) is None


def test_knowing_nothing_of_labels_that_hold_together_says_the_commonest_alone() -> None:
    told = np.array([[1.0, 0.0], [1.0, 1.0], [0.0, 0.0], [1.0, 0.0]])
    table = multilabel(np.full((4, 2), 0.5), told)
    assert metrics.majority_value(metrics.f1_of("confusion"), table) == pytest.approx(6 / 7)
    assert metrics.majority_value(metrics.f1_of("joy"), table) == 0.0


def test_stated_shares_that_come_true_are_calibrated() -> None:
    table = honest(40_000)
    assert metrics.ECE(table) < 0.015
    assert metrics.ECE_CLASSWISE(table) < 0.01


def test_overconfidence_shows_as_calibration_error() -> None:
    sure = np.tile([0.98, 0.01, 0.01], (100, 1))
    table = distribution(sure, [0] * 60 + [1] * 40)
    assert metrics.ECE(table) == pytest.approx(0.38)


def test_what_is_not_defined_is_no_number() -> None:
    assert math.isnan(metrics.auc_of("calm")(distribution(SHARES[:1], [0])))
    assert math.isnan(metrics.ACCURACY(distribution(SHARES[:1], [0], targets=np.full((1, 3), np.nan))))


def test_an_unknown_measure_or_label_lists_what_there_is() -> None:
    table = distribution(SHARES, TRUTH)
    with pytest.raises(EvaluationError, match="Measures: accuracy, macro_f1"):
        metrics.measure("kappa", table)
    with pytest.raises(EvaluationError, match="Labels: calm, tense, amused"):
        metrics.f1_of("bored")(table)


def test_figures_agree_with_scikit_learn() -> None:
    judge = pytest.importorskip("sklearn.metrics")
    table = honest(700, seed=3)
    truth, shares = table.hard, table.probabilities
    said = shares.argmax(axis=1)
    assert metrics.ACCURACY(table) == pytest.approx(judge.accuracy_score(truth, said))
    assert metrics.MACRO_F1(table) == pytest.approx(judge.f1_score(truth, said, average="macro"))
    assert metrics.WEIGHTED_F1(table) == pytest.approx(judge.f1_score(truth, said, average="weighted"))
    assert metrics.UAR(table) == pytest.approx(judge.balanced_accuracy_score(truth, said))
    assert metrics.AUC(table) == pytest.approx(judge.roc_auc_score(truth, shares, multi_class="ovr"))
    assert metrics.NLL(table) == pytest.approx(judge.log_loss(truth, shares))
    squares = judge.mean_squared_error(one_hot(truth, 3), shares)
    assert metrics.BRIER(table) == pytest.approx(3 * squares)


def test_ranks_with_ties_agree_with_scikit_learn() -> None:
    judge = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(1)
    said = rng.integers(0, 5, size=(300, 2)) / 4.0
    told = (rng.random((300, 2)) < said * 0.6 + 0.2).astype(float)
    table = multilabel(said, told)
    assert metrics.auc_of("joy")(table) == pytest.approx(judge.roc_auc_score(told[:, 1], said[:, 1]))


def test_drawing_rows_again_is_the_same_as_weighing_them() -> None:
    table = honest(60, seed=5)
    rng = np.random.default_rng(2)
    chosen = rng.integers(0, 60, size=60)
    weights = np.bincount(chosen, minlength=60)[None].astype(float)
    ids = np.arange(60).astype(str)
    repeated = distribution(table.probabilities[chosen], table.hard[chosen].tolist(), ids=ids)
    for one in metrics.measures_for(table):
        assert one.of(table).at(weights)[0] == pytest.approx(one(repeated)), one.name
