import numpy as np
import pytest
from tests.evaluation.made import distribution, honest

from countenance.contracts.errors import EvaluationError
from countenance.evaluation.metrics import ACCURACY
from countenance.evaluation.riskcoverage import risk_coverage, stopped, threshold_for

SURE = np.array([[0.9, 0.1], [0.8, 0.2], [0.7, 0.3], [0.6, 0.4]])


def test_the_curve_of_four_rows_is_the_one_worked_out_by_hand() -> None:
    curve = risk_coverage(distribution(SURE, [0, 0, 1, 0]))
    assert curve.coverage.tolist() == [0.25, 0.5, 0.75, 1.0]
    assert curve.risk.tolist() == [0.0, 0.0, pytest.approx(1 / 3), 0.25]
    assert curve.area == pytest.approx((0 + 0 + 1 / 3 + 0.25) / 4)
    assert (curve.at(0.5), curve.at(0.6), curve.at(1.0)) == pytest.approx((0.0, 1 / 3, 0.25))


def test_answering_everything_errs_as_often_as_the_model_is_wrong() -> None:
    table = honest(300)
    assert risk_coverage(table).risk[-1] == pytest.approx(1 - ACCURACY(table))


def test_rows_of_equal_confidence_stand_or_fall_together() -> None:
    one_way = distribution(np.tile([0.9, 0.1], (4, 1)), [0, 0, 1, 1])
    other = distribution(np.tile([0.9, 0.1], (4, 1)), [1, 1, 0, 0])
    assert risk_coverage(one_way).risk.tolist() == risk_coverage(other).risk.tolist() == [0.5]


def test_a_threshold_from_dev_answers_as_much_as_the_wanted_risk_allows() -> None:
    dev = distribution(SURE, [0, 0, 1, 0])
    assert threshold_for(dev, 0.1) == 0.8
    assert threshold_for(dev, 0.3) == 0.6
    assert threshold_for(distribution(SURE, [1, 1, 1, 1]), 0.1) is None
    stop = stopped(dev, 0.75)
    assert (stop.coverage, stop.risk, stop.n) == (0.5, 0.0, 4)
    assert stopped(dev, 0.95).risk is None


def test_a_threshold_from_dev_keeps_about_its_promise_elsewhere() -> None:
    threshold = threshold_for(honest(4000, seed=1), 0.1)
    assert threshold is not None
    risk = stopped(honest(4000, seed=2), threshold).risk
    assert risk == pytest.approx(0.1, abs=0.03)


def test_thinning_keeps_the_last_point() -> None:
    curve = risk_coverage(honest(999))
    points = curve.thinned()
    assert len(points) <= 50
    assert points[-1][:2] == pytest.approx((1.0, float(curve.risk[-1])))


def test_nothing_known_draws_no_curve() -> None:
    with pytest.raises(EvaluationError, match="no row with a known label"):
        risk_coverage(distribution(SURE, [-1, -1, -1, -1]))
