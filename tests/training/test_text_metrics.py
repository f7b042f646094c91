"""Metrics and calibration of the text net, against values worked out by hand."""

import numpy as np
import pytest

from countenance.training.text_emotion import calibrate, metrics

TRUTH = np.array([[True, False], [True, False], [False, False], [False, True]])


def test_f1_counts_each_label_by_itself() -> None:
    said = np.array([[True, False], [False, False], [True, False], [False, True]])
    np.testing.assert_allclose(metrics.f1_per_label(TRUTH, said), [0.5, 1.0])


def test_a_label_nobody_holds_or_says_scores_zero() -> None:
    nobody = np.zeros((3, 1), bool)
    assert metrics.f1_per_label(nobody, nobody)[0] == 0.0


def test_the_best_threshold_lies_between_the_last_hit_and_the_next_row() -> None:
    probability = np.array([[0.9, 0.1], [0.7, 0.2], [0.3, 0.3], [0.1, 0.8]])
    np.testing.assert_allclose(metrics.best_thresholds(TRUTH, probability), [0.5, 0.55])


def test_auc_counts_ties_half() -> None:
    truth = np.array([True, True, False, False])
    assert metrics.auc(truth, np.array([0.9, 0.5, 0.5, 0.1])) == pytest.approx(0.875)


def test_calibration_error_is_the_gap_between_confidence_and_truth() -> None:
    confidence = np.array([0.9, 0.9, 0.9, 0.9])
    assert metrics.expected_calibration_error(confidence, np.array([True, True, False, False])) == pytest.approx(0.4)


def test_certainty_of_one_falls_into_the_last_bin() -> None:
    assert metrics.expected_calibration_error(np.array([1.0]), np.array([True])) == 0.0


def test_rows_of_one_dialogue_are_drawn_together() -> None:
    groups = np.array([0, 0, 1, 1, 1])
    sizes = set()

    def size(rows: np.ndarray) -> float:
        counts = np.bincount(rows, minlength=5)
        sizes.add((counts[0] == counts[1]) and (counts[2] == counts[3] == counts[4]))
        return float(len(rows))

    low, high = metrics.interval(size, groups)
    assert sizes == {True}
    assert (low, high) == (4.0, 6.0)


def test_slope_and_offset_bring_logits_back_to_the_truth() -> None:
    random = np.random.default_rng(0)
    honest = random.normal(size=20_000)
    truth = (random.random(20_000) < calibrate.sigmoid(honest))[:, None]
    slope, offset = calibrate.fit_slope_offset((2.0 * honest + 1.0)[:, None], truth)
    np.testing.assert_allclose([slope[0], offset[0]], [0.5, -0.5], atol=0.05)


def test_a_label_without_rows_keeps_a_finite_slope() -> None:
    slope, offset = calibrate.fit_slope_offset(np.linspace(-4, 0, 50)[:, None], np.zeros((50, 1), bool))
    assert np.isfinite([*slope, *offset]).all()
    assert offset[0] < 0


def test_the_distribution_keeps_the_order_and_sums_to_one() -> None:
    shares = calibrate.distribution(np.array([[0.5, 0.2, 0.0, 1.0]]), 1.2)
    assert shares.sum() == pytest.approx(1.0)
    assert list(shares[0].argsort()) == [2, 1, 0, 3]
    np.testing.assert_allclose(calibrate.distribution(np.array([[0.6, 0.2]]), 2.0), [[0.9, 0.1]])


def test_the_power_undoes_a_distribution_that_was_too_flat() -> None:
    random = np.random.default_rng(0)
    honest = random.dirichlet((1.0, 1.0, 1.0), 20_000)
    drawn = (honest.cumsum(axis=1) < random.random((20_000, 1))).sum(axis=1)
    flat = honest ** (1 / 1.5)
    assert calibrate.fit_power(flat, np.eye(3, dtype=bool)[drawn]) == pytest.approx(1.5, abs=0.1)
