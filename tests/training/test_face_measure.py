import numpy as np
import pytest
from tests.encoders.faces_drawn import drawn_face, turned

from countenance.encoders.cues import CUES
from countenance.encoders.geometry import NAMES
from countenance.training.face_cues import measure as cues_measure
from countenance.training.face_cues.people import area_under_curve


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
