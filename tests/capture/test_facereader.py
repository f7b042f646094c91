"""Where a reader looks for the face of a participant: around its last place, and everywhere when that is not enough."""

import json
from collections.abc import Sequence

import numpy as np
import pytest

from countenance.capture.faces import Face, FaceFinder
from countenance.capture.facetrack import FaceReader
from countenance.contracts.media import SECOND_US, Box, FaceSample, VideoFrame
from countenance.contracts.readings import Reason
from countenance.inference.shelf import Profile, Shelf
from countenance.testing.sample_call.face import FacePainter, Pose
from countenance.testing.sample_call.people import ANA

STEP_US = SECOND_US // 10
GREY = np.full((180, 320, 3), 127, np.uint8)


def face(x: float = 120, width: float = 60) -> Face:
    points = np.array([[20, 25], [40, 25], [30, 40], [22, 52], [38, 52]], np.float32) * (width / 60)
    return Face(Box(x, 50, width, width * 1.2), points + np.array([x, 50], np.float32), 0.9, np.zeros(5, np.float32))


def middle(box: Box) -> float:
    return box.x + box.width / 2


class Script:
    """A finder that sees what it is told, and notes where it was asked to look."""

    def __init__(self, *frames: Sequence[Face]) -> None:
        self.frames = [list(faces) for faces in frames]
        self.asked: list[str] = []

    def find(self, rgb: np.ndarray) -> tuple[Face, ...]:
        self.asked.append("everywhere")
        return tuple(self.frames[int(rgb[0, 0, 0])])

    def near(self, rgb: np.ndarray, box: Box) -> tuple[Face, ...]:
        self.asked.append("near")
        return tuple(one for one in self.frames[int(rgb[0, 0, 0])] if abs(middle(one.box) - middle(box)) < box.width)


def frame(number: int, at_us: int | None = None) -> VideoFrame:
    picture = GREY.copy()
    picture[0, 0] = number
    return VideoFrame("video", number * STEP_US if at_us is None else at_us, picture)


def read(script: Script, reader: FaceReader | None = None) -> list[FaceSample | Reason | None]:
    reader = reader or FaceReader(script, "ana")
    return [reader.read(frame(number)) for number in range(len(script.frames))]


def test_a_face_that_is_alone_is_looked_for_around_its_last_place_and_everywhere_once_a_second() -> None:
    script = Script(*[[face(100 + n)] for n in range(25)])
    said = read(script)
    assert all(isinstance(one, FaceSample) for one in said[1:])
    assert [n for n, where in enumerate(script.asked) if where == "everywhere"] == [0, 1, 11, 21]


def test_a_face_that_is_lost_is_looked_for_everywhere_in_the_same_frame() -> None:
    script = Script([face()], [face()], [face()], [], [face(20)], [face(20)])
    said = read(script)
    assert script.asked == ["everywhere", "everywhere", "near", "near", "everywhere", "everywhere", "everywhere"]
    assert said[3] is None
    assert isinstance(said[5], FaceSample)


def test_nobody_is_called_absent_on_the_word_of_a_part_of_a_frame() -> None:
    script = Script([face()], [face()], [face()], [], [], [])
    assert read(script)[-2:] == [Reason.NO_FACE, Reason.NO_FACE]
    assert script.asked[-3:] == ["everywhere"] * 3


def test_while_somebody_else_is_in_the_picture_it_is_searched_whole() -> None:
    script = Script(*[[face()]] * 3, *[[face(), face(250, 40)]] * 12)
    read(script)
    assert script.asked[:2] == ["everywhere", "everywhere"]
    assert script.asked[2:11] == ["near"] * 9
    assert script.asked[11:] == ["everywhere"] * 4


def test_somebody_much_larger_takes_over_within_a_second_and_a_frame() -> None:
    script = Script(*[[face()]] * 3, *[[face(), face(150, 160)]] * 12)
    said = read(script)
    assert [one.box.x for one in said[11:] if isinstance(one, FaceSample)] == [120, 150, 150, 150]


def test_a_reader_restored_from_json_looks_where_the_first_would() -> None:
    frames = [[face()]] * 14
    whole = Script(*frames)
    read(whole)
    first, second = Script(*frames), Script(*frames)
    reader = FaceReader(first, "ana")
    for number in range(6):
        reader.read(frame(number))
    reader = FaceReader(second, "ana", json.loads(json.dumps(reader.state)))
    for number in range(6, 14):
        reader.read(frame(number))
    assert first.asked + second.asked == whole.asked


def test_after_a_gap_the_frame_is_searched_whole() -> None:
    script = Script([face()], [face()], [face()])
    reader = FaceReader(script, "ana")
    for number, at_us in enumerate((0, STEP_US, 9 * SECOND_US)):
        reader.read(frame(number, at_us))
    assert script.asked == ["everywhere"] * 3


@pytest.fixture(scope="module")
def finder() -> FaceFinder:
    return FaceFinder(Shelf.installed(Profile.COMMERCIAL).load("face-finder.v1"))


@pytest.mark.parametrize("shift", [0.0, 0.3])
def test_the_shipped_finder_says_of_a_part_what_it_says_of_the_whole(finder: FaceFinder, shift: float) -> None:
    picture = FacePainter(ANA).draw(Pose())
    (whole,) = finder.find(picture)
    box = whole.box
    moved = Box(box.x + shift * box.width, box.y - shift * box.height, box.width, box.height)
    (part,) = finder.near(picture, moved)
    assert part.landmarks == pytest.approx(whole.landmarks, abs=0.02 * box.width)
    assert np.array(part.box) == pytest.approx(np.array(box), abs=0.06 * box.width)


def test_a_part_without_a_face_shows_none(finder: FaceFinder) -> None:
    picture = FacePainter(ANA).draw(Pose())
    height, width = picture.shape[:2]
    assert finder.near(picture, Box(0, 0, width / 20, height / 20)) == ()
