"""Aligned crops: a known shift, turn and scale is undone."""

import numpy as np
import pytest
from numpy.typing import NDArray

from countenance.capture.alignment import align, similarity
from countenance.capture.faces import Face
from countenance.contracts.media import FACE_CROP_PX, FACE_TEMPLATE, Box

COLOURS = np.array([[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 0], [255, 255, 255]], np.uint8)


def marked(scale: float, degrees: float, shift: tuple[float, float]) -> tuple[NDArray[np.uint8], Face]:
    """A grey frame with one coloured dot per landmark, the template moved as said."""
    angle = np.radians(degrees)
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    points = (FACE_TEMPLATE @ turn.T + shift).astype(np.float32)
    frame = np.full((360, 640, 3), 90, np.uint8)
    radius = 3 * scale
    y, x = np.mgrid[:360, :640]
    for point, colour in zip(points, COLOURS, strict=True):
        frame[np.hypot(x - point[0], y - point[1]) <= radius] = colour
    return frame, Face(Box(0, 0, 1, 1), points, 1.0, np.zeros(5, np.float32))


@pytest.mark.parametrize(
    ("scale", "degrees", "shift"),
    [(1.0, 0, (200, 100)), (2.4, 0, (200, 60)), (1.3, 25, (300, 100)), (0.8, -40, (200, 180)), (2.1, 15, (330, 40))],
)
def test_landmarks_land_on_the_template_after_a_known_move(
    scale: float, degrees: float, shift: tuple[float, float]
) -> None:
    frame, face = marked(scale, degrees, shift)
    crop = align(frame, face)
    assert crop.shape == (FACE_CROP_PX, FACE_CROP_PX, 3)
    for (x, y), colour in zip(FACE_TEMPLATE.astype(int), COLOURS, strict=True):
        near = (np.abs(crop.astype(int) - colour) < 60).all(axis=2)
        rows, columns = np.nonzero(near)
        assert columns.mean() == pytest.approx(x, abs=0.6)
        assert rows.mean() == pytest.approx(y, abs=0.6)


def test_a_similarity_is_recovered_exactly() -> None:
    frame_points = FACE_TEMPLATE @ np.array([[1.2, 0.5], [-0.5, 1.2]], np.float32) + np.array([7, -3], np.float32)
    linear, shift = similarity(FACE_TEMPLATE, frame_points)
    assert linear == pytest.approx(np.array([[1.2, -0.5], [0.5, 1.2]]), abs=1e-5)
    assert shift == pytest.approx([7, -3], abs=1e-3)


def test_a_face_at_the_edge_is_filled_with_black() -> None:
    frame, face = marked(1.0, 0, (-60, 100))
    crop = align(frame, face)
    assert (crop[:, :55] == 0).all()
    assert crop[:, 70:].any()


def test_a_smaller_crop_shows_the_same_picture() -> None:
    frame, face = marked(2.0, 10, (250, 60))
    small = align(frame, face, 56)
    for (x, y), colour in zip(((FACE_TEMPLATE + 0.5) / 2 - 0.5).round().astype(int), COLOURS, strict=True):
        assert np.abs(small[y, x].astype(int) - colour).max() < 80
