"""Frames in an input of a fixed size, whole and in parts."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from countenance.capture.faces import HEIGHT, WHOLE, WIDTH, around
from countenance.capture.letterbox import BAR, Letterbox, Part, fitting, letterboxed
from countenance.contracts.media import Box

PARTS = st.builds(
    Part,
    left=st.integers(0, 12).map(lambda n: 8 * n),
    top=st.integers(0, 4).map(lambda n: 8 * n),
    wide=st.just(64),
    tall=st.just(64),
)


def noise(width: int, height: int) -> np.ndarray:
    return np.random.default_rng(width + height).integers(0, 256, (height, width, 3), dtype=np.uint8)


def apart(frame: np.ndarray, part: Part) -> int:
    """The largest difference between a part and the same place of the whole."""
    fit = fitting(frame, WIDTH, HEIGHT)
    whole = letterboxed(frame, fit, WHOLE).astype(int)
    own = letterboxed(frame, fit, part).astype(int)
    place = whole[part.top : part.top + part.tall, part.left : part.left + part.wide]
    return int(np.abs(own - place).max())


@settings(deadline=None, max_examples=40)
@given(part=PARTS, size=st.sampled_from([(320, 180), (640, 360), (640, 480), (160, 96), (80, 48), (1280, 720)]))
def test_a_part_has_the_very_pixels_of_the_whole(part: Part, size: tuple[int, int]) -> None:
    assert apart(noise(*size), part) == 0


@settings(deadline=None, max_examples=40)
@given(part=PARTS, size=st.tuples(st.integers(1, 700), st.integers(1, 700)))
def test_where_a_frame_does_not_divide_evenly_a_part_differs_by_rounding_alone(
    part: Part, size: tuple[int, int]
) -> None:
    assert apart(noise(*size), part) <= 3


def test_a_part_beside_the_frame_is_grey() -> None:
    frame = noise(90, 640)
    assert (letterboxed(frame, fitting(frame, WIDTH, HEIGHT), Part(0, 0, 64, 64)) == BAR).all()


def test_a_point_goes_into_the_input_and_back() -> None:
    fit = fitting(noise(640, 480), WIDTH, HEIGHT)
    points = np.array([[0, 0], [320, 240], [639, 479]], np.float32)
    assert fit.back(fit.into(points)) == pytest.approx(points, abs=1e-3)


@settings(deadline=None)
@given(
    st.builds(Box, st.floats(-400, 800), st.floats(-400, 800), st.floats(0, 900), st.floats(0, 900)),
    st.tuples(st.integers(2, 700), st.integers(2, 700)),
)
def test_a_face_is_looked_for_again_in_whole_cells_inside_the_input(box: Box, size: tuple[int, int]) -> None:
    fit: Letterbox = fitting(noise(*size), WIDTH, HEIGHT)
    part = around(box, fit)
    assert part.left % 8 == part.top % 8 == part.wide % 32 == part.tall % 32 == 0
    assert 0 <= part.left <= part.left + part.wide <= WIDTH
    assert 0 <= part.top <= part.top + part.tall <= HEIGHT
    assert min(part.wide, part.tall) >= 64


@pytest.mark.parametrize(("width", "part"), [(66, Part(48, 16, 64, 64)), (120, Part(32, 0, 96, 96)), (300, WHOLE)])
def test_the_larger_the_face_the_larger_the_part(width: int, part: Part) -> None:
    box = Box(160 - width / 2, 90 - width * 0.6, width, width * 1.2)
    assert around(box, fitting(noise(320, 180), WIDTH, HEIGHT)) == part
