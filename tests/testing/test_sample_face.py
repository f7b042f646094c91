from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import countenance
from countenance.capture.alignment import align
from countenance.capture.faces import Face, FaceFinder
from countenance.capture.quality import judge, measure
from countenance.contracts.readings import Reason
from countenance.inference.shelf import Profile, Shelf
from countenance.testing.sample_call.acting import FOLDER_MS, LEAVING_MS, Actor
from countenance.testing.sample_call.face import FacePainter, Pose
from countenance.testing.sample_call.features import Expression
from countenance.testing.sample_call.people import ANA, BEN, LOOKS
from countenance.testing.sample_call.scene import HEAD_PX, HEAD_X, HEAD_Y, paint_room
from countenance.testing.sample_call.script import Gap, read_script

FINDER = "face-finder.v1"
CLEAR = 0.85
"""Score that a drawn face in full view must reach; the threshold lies far below."""

Pixels = NDArray[np.uint8]


@pytest.fixture(scope="module")
def ana() -> FacePainter:
    return FacePainter(ANA)


@pytest.fixture(scope="module")
def finder() -> FaceFinder:
    if not (Path(countenance.__file__).parent / "models" / FINDER).is_dir():
        pytest.skip(f"the bundle {FINDER} is not there yet")
    return FaceFinder(Shelf.installed(Profile.COMMERCIAL).load(FINDER))


def part(picture: Pixels, left: float, top: float, right: float, bottom: float) -> NDArray[np.float32]:
    """A piece of a frontal head, in half head widths around its middle, as brightness."""
    columns = slice(round(HEAD_X + left * HEAD_PX), round(HEAD_X + right * HEAD_PX))
    rows = slice(round(HEAD_Y + top * HEAD_PX), round(HEAD_Y + bottom * HEAD_PX))
    brightness: NDArray[np.float32] = picture[rows, columns].mean(axis=2, dtype=np.float32)
    return brightness


def darkest_row(piece: NDArray[np.float32]) -> float:
    """The row in which the dark of a piece lies, on average."""
    weight = np.clip(np.median(piece) - 12 - piece, 0, None)
    return float((weight.sum(axis=1) * np.arange(len(piece))).sum() / weight.sum())


def brow(picture: Pixels) -> float:
    return darkest_row(part(picture, 0.22, -0.46, 0.42, -0.10))


def test_the_same_pose_gives_the_same_pixels_whatever_was_drawn_before(ana: FacePainter) -> None:
    pose = Pose(Expression(smile=0.4, mouth=0.5), yaw=12, pitch=-5, roll=3)
    first = ana.draw(pose)
    ana.draw(Pose(Expression(brow_lower=0.9), yaw=-20, room_light=0.2), 3)
    assert np.array_equal(first, ana.draw(pose))
    assert np.array_equal(first, FacePainter(ANA).draw(pose))


def test_an_opening_mouth_darkens_the_mouth_and_nothing_above_it(ana: FacePainter) -> None:
    closed, opened = ana.draw(Pose()), ana.draw(Pose(Expression(mouth=1.0)))
    assert part(opened, -0.2, 0.86, 0.2, 1.1).min() < part(closed, -0.2, 0.86, 0.2, 1.1).min() - 30
    assert np.array_equal(part(opened, -0.6, -0.5, 0.6, 0.3), part(closed, -0.6, -0.5, 0.6, 0.3))


def test_a_smile_lifts_the_corners_of_the_mouth(ana: FacePainter) -> None:
    rest, smile = (part(ana.draw(Pose(Expression(smile=s))), 0.30, 0.72, 0.44, 1.06) for s in (-0.4, 0.9))
    assert darkest_row(smile) < darkest_row(rest)


def test_brows_rise_and_sink(ana: FacePainter) -> None:
    raised, rest, lowered = (
        brow(ana.draw(Pose(face))) for face in (Expression(brow_raise=1), Expression(), Expression(brow_lower=1))
    )
    assert raised < rest - 2
    assert lowered > rest + 2


def test_closing_lids_hide_the_white_of_the_eyes(ana: FacePainter) -> None:
    opened, closed = (part(ana.draw(Pose(Expression(lids=lids))), 0.22, -0.08, 0.62, 0.07) for lids in (1.0, 0.0))
    assert opened.max() > closed.max() + 20


def test_the_head_turns_the_way_it_is_told(ana: FacePainter) -> None:
    def nostrils(yaw: float) -> float:
        under_nose = part(ana.draw(Pose(yaw=yaw)), -0.5, 0.58, 0.5, 0.68)
        weight = np.clip(np.median(under_nose) - 40 - under_nose, 0, None)
        return float((weight.sum(axis=0) * np.arange(under_nose.shape[1])).sum() / weight.sum())

    assert nostrils(-18) < nostrils(0) - 8 < nostrils(18) - 16


def test_lifting_the_head_raises_the_eyes(ana: FacePainter) -> None:
    up, down = (part(ana.draw(Pose(pitch=pitch)), -0.62, -0.4, -0.22, 0.4) for pitch in (12, -12))
    assert darkest_row(up) < darkest_row(down) - 4


def test_a_person_who_left_leaves_only_the_room(ana: FacePainter) -> None:
    assert np.array_equal(ana.draw(Pose(away=1.0)), np.asarray(paint_room(ANA)))


def test_a_dark_room_is_dark_and_grainy(ana: FacePainter) -> None:
    lit, dark, later = ana.draw(Pose()), ana.draw(Pose(room_light=0.09), 0), ana.draw(Pose(room_light=0.09), 1)
    assert dark.mean() < lit.mean() * 0.12
    assert not np.array_equal(dark, later)


def test_the_two_people_do_not_look_alike(ana: FacePainter) -> None:
    ben = FacePainter(BEN).draw(Pose())
    skin = part(ana.draw(Pose()), -0.5, 0.3, -0.3, 0.5).mean(), part(ben, -0.5, 0.3, -0.3, 0.5).mean()
    assert skin[0] > skin[1] + 40


def moments(name: str, every_ms: int = 1_000) -> list[tuple[int, Pose, Gap | None]]:
    """Moments of the call, with the gap they lie in."""
    script = read_script()
    actor = Actor(script, name)
    found = []
    for at in range(400, script.length, every_ms):
        gap = next((g for g in script.gaps if g.who == name and g.start <= at < g.end), None)
        found.append((at, actor.pose(at), gap))
    return found


def look(finder: FaceFinder, painter: FacePainter, pose: Pose) -> tuple[Pixels, tuple[Face, ...]]:
    picture = painter.draw(pose)
    return picture, finder.find(picture)


@pytest.mark.parametrize("name", ["Ana", "Ben"])
def test_the_shipped_finder_sees_exactly_one_clear_face_whenever_one_is_shown(finder: FaceFinder, name: str) -> None:
    painter = FacePainter(LOOKS[name.lower()])
    for at, pose, gap in moments(name, 4_000):
        if gap is None and pose.away == 0 and pose.folder == 0:
            _, faces = look(finder, painter, pose)
            assert len(faces) == 1, at
            assert faces[0].score > CLEAR, at


def test_the_shipped_finder_sees_nobody_while_ana_is_away(finder: FaceFinder, ana: FacePainter) -> None:
    away = [pose for _, pose, gap in moments("Ana") if gap is not None and gap.cause == "away"]
    assert away
    assert all(look(finder, ana, pose)[1] == () for pose in away)


@pytest.mark.parametrize(("cause", "reason"), [("folder", Reason.OCCLUDED), ("dark", Reason.LOW_LIGHT)])
def test_a_face_that_cannot_be_read_is_found_and_says_why(
    finder: FaceFinder, ana: FacePainter, cause: str, reason: Reason
) -> None:
    for at, pose, gap in moments("Ana"):
        if gap is not None and gap.cause == cause:
            picture, faces = look(finder, ana, pose)
            assert faces, at
            assert judge(measure(align(picture, faces[0]), faces[0])).reason is reason, at


def test_coming_and_going_lies_outside_the_gaps() -> None:
    actor = Actor(read_script(), "Ana")
    assert (actor.pose(34_000 - LEAVING_MS).away, actor.pose(34_000).away, actor.pose(41_999).away) == (0, 1, 1)
    assert 0 < actor.pose(33_900).away < 1
    assert (actor.pose(62_000 - FOLDER_MS).folder, actor.pose(62_000).folder) == (0, 1)
    assert (actor.pose(49_999).room_light, actor.pose(55_999).room_light, actor.pose(56_000).room_light) == (1, 0.09, 1)


def test_mouths_move_with_the_words_only() -> None:
    actor = Actor(read_script(), "Ana")
    assert max(actor.pose(at).face.mouth for at in range(6_400, 11_200, 50)) > 0.5
    assert max(actor.pose(at).face.mouth for at in range(27_000, 35_000, 50)) == 0


def test_eyes_blink_now_and_then() -> None:
    actor = Actor(read_script(), "Ben")
    lids = np.array([actor.pose(at).face.lids for at in range(0, 20_000, 20)])
    assert 0.01 < (lids < 0.3).mean() < 0.1


def test_a_pose_can_be_asked_for_on_its_own() -> None:
    actor = Actor(read_script(), "Ana")
    assert actor.pose(18_500) == Actor(read_script(), "Ana").pose(18_500)
