import numpy as np
import pytest
from tests.evaluation.made import distribution, honest

from countenance.evaluation.metrics import ECE
from countenance.evaluation.reliability import reliability, wilson


def test_bins_hold_every_row_once_and_add_up_to_the_calibration_error() -> None:
    table = honest(500)
    found = reliability(table)
    assert sum(one.n for one in found) == 500
    assert sum(one.n * abs(one.confidence - one.correct) for one in found) / 500 == pytest.approx(ECE(table))
    assert all(one.low <= one.confidence <= one.high for one in found)


def test_a_bin_says_mean_confidence_and_share_right() -> None:
    table = distribution(np.array([[0.62, 0.38], [0.66, 0.34], [0.95, 0.05]]), [0, 1, 0])
    (middle, sure) = reliability(table)
    assert (middle.n, sure.n) == (2, 1)
    assert (middle.confidence, middle.correct) == pytest.approx((0.64, 0.5))
    assert (sure.confidence, sure.correct) == pytest.approx((0.95, 1.0))


def test_rows_without_a_known_label_are_in_no_bin() -> None:
    assert reliability(distribution(np.array([[0.6, 0.4]]), [-1])) == ()


def test_the_interval_of_a_share_is_that_of_wilson() -> None:
    # Wilson 1927 for 8 of 10: 0.490 to 0.943.
    low, high = wilson(0.8, 10)
    assert (round(low, 3), round(high, 3)) == (0.490, 0.943)
    assert wilson(1.0, 5)[1] == 1.0
