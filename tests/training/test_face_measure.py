import numpy as np
import pytest
from tests.encoders.faces_drawn import drawn_face, turned

from countenance.encoders.cues import CUES
from countenance.encoders.geometry import NAMES
from countenance.training.datasets.ferplus import EXPRESSIONS
from countenance.training.face_cues import measure as cues_measure
from countenance.training.face_cues.people import area_under_curve
from countenance.training.face_expression import measure
from countenance.training.face_expression.measure import Answers


def answers(*rows: tuple[int, float, int]) -> Answers:
    """Faces as (class said, its probability, true class)."""
    probabilities = np.zeros((len(rows), len(EXPRESSIONS)))
    for row, (said, share, _) in zip(probabilities, rows, strict=True):
        row[:] = (1 - share) / (len(EXPRESSIONS) - 1)
        row[said] = share
    return Answers(probabilities, np.array([truth for _, _, truth in rows]))


def test_accuracy_and_f1_count_what_was_said() -> None:
    given = answers((0, 0.9, 0), (0, 0.9, 1), (1, 0.8, 1), (2, 0.6, 2))
    assert measure.accuracy(given) == 0.75
    assert measure.class_f1(given)[:4].tolist() == pytest.approx([2 / 3, 2 / 3, 1, 0])
    assert measure.macro_f1(given) == pytest.approx((2 / 3 + 2 / 3 + 1) / 8)


def test_calibration_error_is_the_gap_of_confidence_and_accuracy() -> None:
    assert measure.calibration_error(answers((0, 0.75, 0), (0, 0.75, 0), (0, 0.75, 0), (0, 0.75, 1))) == pytest.approx(
        0
    )
    assert measure.calibration_error(answers((0, 0.9, 0), (0, 0.9, 1))) == pytest.approx(0.4)
    assert measure.calibration_error(answers((0, 1.0, 0))) == pytest.approx(0)


def test_brier_and_surprise_are_least_when_certain_and_right() -> None:
    right, wrong = answers((0, 1.0, 0)), answers((0, 1.0, 1))
    assert (measure.brier(right), measure.brier(wrong)) == (0, 2)
    assert measure.negative_log_likelihood(right) == 0
    assert measure.negative_log_likelihood(wrong) > 20


def test_the_fitted_temperature_undoes_a_known_one() -> None:
    random = np.random.default_rng(3)
    logits = random.normal(scale=2, size=(20_000, 8))
    cumulative = measure.softmax(logits).cumsum(axis=1)
    truth = (random.random((len(logits), 1)) > cumulative).sum(axis=1).clip(0, 7)
    assert measure.fit_temperature(logits * 3, truth) == pytest.approx(3, rel=0.05)


def test_an_interval_holds_its_value_and_narrows_with_more_faces() -> None:
    few = answers(*[(0, 0.9, n % 2) for n in range(20)])
    many = answers(*[(0, 0.9, n % 2) for n in range(2000)])
    low, high = measure.interval(measure.accuracy, few)
    assert low < 0.5 < high
    closer = measure.interval(measure.accuracy, many)
    assert closer[1] - closer[0] < (high - low) / 5


def test_the_majority_always_names_the_commonest() -> None:
    always = measure.majority(np.array([2, 2, 1]))
    assert measure.accuracy(always) == pytest.approx(2 / 3)


def test_a_point_error_is_a_share_of_the_eye_distance() -> None:
    truth = drawn_face()[None]
    said = truth + np.array([10.0, 0.0, 99.0])  # 100 between the outer corners; depth does not count
    assert cues_measure.point_errors(said, truth) == pytest.approx([0.1])


def test_agreement_is_full_with_oneself() -> None:
    random = np.random.default_rng(0)
    faces = np.stack([turned(drawn_face() + random.normal(size=(len(NAMES), 3)), yaw=3 * k) for k in range(8)])
    ends = dict.fromkeys(CUES, (0.0, 1.0))
    figures = cues_measure.agreement(faces, faces, ends)
    assert figures["point_error"]["value"] == 0
    assert figures["cues"]["smile"]["correlation"]["value"] == pytest.approx(1)
    assert figures["pose_error_deg"]["yaw"]["value"] == 0


def test_groups_are_reported_with_their_n() -> None:
    groups = cues_measure.by_group(np.array([0.1, 0.2, 0.6]), np.array(["a", "a", "b"]))
    assert groups["a"]["value"] == pytest.approx(0.15)
    assert (groups["a"]["n"], groups["b"]["n"]) == (2, 1)


def test_the_area_is_the_chance_of_ranking_right() -> None:
    truth = np.array([True, True, False, False])
    assert area_under_curve(truth, np.array([3.0, 4.0, 1.0, 2.0])) == 1
    assert area_under_curve(truth, np.array([1.0, 4.0, 2.0, 3.0])) == 0.5
    assert area_under_curve(truth, np.array([1.0, 1.0, 1.0, 1.0])) == 0.5
