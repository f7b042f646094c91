"""Quality of a face crop: low light, occlusion, size; dark skin in good light is not darkness."""

import numpy as np
import pytest
from numpy.typing import NDArray

from countenance.capture.faces import Face
from countenance.capture.quality import Measures, judge, luma, measure, too_dark
from countenance.contracts.media import Box
from countenance.contracts.readings import Reason

GOOD = Measures(brightest=150, contrast=40, sharpness=10, width=90, covered=0)


def changed(**values: float) -> Measures:
    return Measures(**{name: values.get(name, getattr(GOOD, name)) for name in Measures.__slots__})


def crop(level: float, spread: float) -> NDArray[np.uint8]:
    rng = np.random.default_rng(4)
    return np.clip(rng.normal(level, spread, (112, 112, 3)), 0, 255).astype(np.uint8)


def test_a_good_face_has_full_quality_and_no_reason() -> None:
    quality = judge(GOOD)
    assert quality.value == 1.0
    assert quality.reason is None


@pytest.mark.parametrize(("name", "value"), [("brightest", 12), ("contrast", 2)])
def test_a_face_without_light_is_refused_with_the_reason(name: str, value: float) -> None:
    quality = judge(changed(**{name: value}))
    assert (quality.value, quality.reason) == (0.0, Reason.LOW_LIGHT)


def test_dim_light_lowers_the_value_and_says_why() -> None:
    quality = judge(changed(brightest=45))
    assert 0 < quality.value < 0.5
    assert quality.reason is Reason.LOW_LIGHT


def test_three_covered_landmarks_mean_occluded_and_two_a_warning() -> None:
    assert judge(changed(covered=3)).value == 0
    assert judge(changed(covered=3)).reason is Reason.OCCLUDED
    assert 0 < judge(changed(covered=2)).value < 1
    assert judge(changed(covered=2)).reason is Reason.OCCLUDED
    assert judge(changed(covered=1)).reason is None


def test_small_and_blurred_faces_count_less_but_are_not_refused() -> None:
    assert 0 < judge(changed(width=18)).value < judge(changed(width=30)).value < 1
    assert 0 < judge(changed(sharpness=1.5)).value < 1


def test_measures_are_taken_from_the_pixels() -> None:
    face = Face(Box(0, 0, 77, 90), np.zeros((5, 2), np.float32), 0.9, np.array([0.9, 0.1, 0.6, 0.2, 0.4], np.float32))
    dark, light = measure(crop(10, 2), face), measure(crop(140, 30), face)
    assert dark.brightest < 40 < 60 < light.brightest
    assert dark.contrast < light.contrast
    assert light.width == 77
    assert light.covered == 2


def test_only_a_frame_without_any_light_is_too_dark() -> None:
    frame = np.full((360, 640, 3), 6, np.uint8)
    assert too_dark(frame)
    frame[:, :80] = 180
    assert not too_dark(frame)


def test_luma_weighs_green_most() -> None:
    assert luma(np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255]]], np.uint8))[0].tolist() == pytest.approx(
        [76.2, 149.7, 29.1], abs=0.1
    )
