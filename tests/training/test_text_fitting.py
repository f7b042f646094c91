"""Calibration, thresholds and the rule on dialogues, against values worked out by hand."""

import numpy as np
import pytest

from countenance.training.text_emotion import calibrate
from countenance.training.text_emotion.dialogue import with_previous
from countenance.training.text_emotion.thresholds import thresholds

TRUTH = np.array([[True, False], [True, False], [False, False], [False, True]])


def test_by_labels_alone_the_threshold_lies_between_the_last_hit_and_the_next_row() -> None:
    probability = np.array([[0.9, 0.1], [0.7, 0.2], [0.3, 0.3], [0.1, 0.8]])
    np.testing.assert_allclose(thresholds(TRUTH, probability, expected=0.0), [0.5, 0.55])


def test_one_lucky_row_of_a_rare_label_does_not_decide_its_threshold() -> None:
    probability = np.array([0.05, *np.linspace(0.6, 0.02, 200)])[:, None]
    truth = np.zeros((201, 1), bool)
    truth[0] = True
    lucky = thresholds(truth, probability, expected=0.0)[0]
    assert lucky < 0.06
    assert thresholds(truth, probability, expected=0.7)[0] > 0.1


def test_a_label_that_dev_does_not_hold_still_gets_a_threshold() -> None:
    found = thresholds(np.zeros((50, 1), bool), np.linspace(0.01, 0.2, 50)[:, None])
    assert 0.0 < found[0] < 0.2


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


def test_only_the_same_speaker_of_the_same_dialogue_is_mixed_in() -> None:
    logits = np.array([[4.0], [0.0], [8.0], [-4.0]])
    mixed = with_previous(logits, ["one/ann", "one/bob", "one/ann", "two/ann"])
    np.testing.assert_allclose(mixed[:, 0], [4.0, 0.0, 7.0, -4.0])


def test_what_is_mixed_in_is_what_was_said_and_not_an_earlier_mixture() -> None:
    mixed = with_previous(np.array([[8.0], [0.0], [0.0]]), ["ann"] * 3)
    np.testing.assert_allclose(mixed[:, 0], [8.0, 2.0, 0.0])
