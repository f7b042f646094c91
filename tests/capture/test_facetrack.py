"""Which face is the participant's over time: two of three frames, the main face, a state of plain JSON."""

import json

import numpy as np
import pytest

from countenance.capture.faces import Face
from countenance.capture.facetrack import FaceTrack, Sighting
from countenance.contracts.media import Box
from countenance.contracts.readings import Reason

ABSENT = Sighting(reason=Reason.NO_FACE)


def face(x: float = 280, y: float = 120, width: float = 80) -> Face:
    box = Box(x, y, width, width * 1.25)
    return Face(box, np.zeros((5, 2), np.float32), 0.9, np.zeros(5, np.float32))


def update(track: FaceTrack, *faces: Face) -> Sighting:
    return track.update(faces, 640, 360)


def test_a_face_counts_from_the_second_of_three_frames() -> None:
    track, one = FaceTrack(), face()
    assert update(track, one) == ABSENT
    assert update(track, one).face is one


def test_a_face_that_flashes_up_once_is_never_read() -> None:
    track = FaceTrack()
    assert [update(track, *faces) for faces in ([], [face()], [], [], [face(20, 20)], [face(500, 20)])] == [ABSENT] * 6


def test_a_face_in_two_of_three_frames_is_read_across_the_gap() -> None:
    track = FaceTrack()
    update(track, face())
    update(track)
    assert update(track, face()).face is not None


def test_a_steady_face_missed_once_is_no_absence_but_missed_twice_it_is_gone() -> None:
    track = FaceTrack()
    for _ in range(3):
        update(track, face())
    assert update(track) == Sighting()
    assert update(track) == ABSENT


def test_the_larger_and_more_central_face_is_the_participant() -> None:
    track, main, passer = FaceTrack(), face(280, 120, 80), face(10, 10, 60)
    update(track, passer, main)
    assert update(track, passer, main).face is main


def test_the_main_face_stays_when_another_as_large_comes_in() -> None:
    track, main = FaceTrack(), face(200, 120, 80)
    update(track, main)
    update(track, main)
    for _ in range(3):
        seen = update(track, face(300, 120, 88), main)
    assert seen.face is main


def test_a_track_restored_from_json_goes_on_as_the_first_would() -> None:
    script = [[face()], [face()], [], [face(), face(20, 20, 50)], [face(20, 20, 50)], [face(20, 20, 50)], []]
    for cut in range(len(script)):
        whole, first = FaceTrack(), FaceTrack()
        expected = [update(whole, *faces) for faces in script]
        said = [update(first, *faces) for faces in script[:cut]]
        second = FaceTrack(json.loads(json.dumps(first.state)))
        said += [update(second, *faces) for faces in script[cut:]]
        assert [(one.face, one.reason) for one in said] == [(one.face, one.reason) for one in expected]


def test_an_empty_state_is_a_new_track() -> None:
    assert FaceTrack({}).state == FaceTrack().state == {"earlier": [], "main": None}


@pytest.mark.parametrize("width", [120, 160])
def test_a_much_larger_face_takes_over(width: float) -> None:
    track, old, new = FaceTrack(), face(80, 120, 60), face(320, 100, width)
    update(track, old)
    update(track, old)
    update(track, old, new)
    assert update(track, old, new).face is new
