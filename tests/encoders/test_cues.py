import numpy as np
import pytest
from tests.encoders.faces_drawn import Said, drawn_face, face_sample, told_bundle, turned

from countenance.contracts.errors import BundleError
from countenance.contracts.media import FACE_TEMPLATE, Quality
from countenance.contracts.readings import Reason
from countenance.encoders.cues import CUES, CuesEncoder, cues, on_scale
from countenance.encoders.geometry import MIRRORED, NAMES, pose, ratios
from countenance.inference.facecrop import tilt_deg

SCALES = {
    "smile": (0.2, 0.5),
    "brow_lower": (0.25, 0.1),
    "brow_raise": (0.15, 0.4),
    "eye_openness": (0.1, 0.6),
    "mouth_opening": (0.0, 0.4),
}
EXTRA = {"scales": {name: list(scale) for name, scale in SCALES.items()}, "level_pitch_deg": 0.0}

SMILING = {61: (-8.0, -6.0), 78: (-8.0, -6.0)}
OPEN_MOUTH = {14: (0.0, 15.0), 87: (0.0, 15.0), 17: (0.0, 15.0), 84: (0.0, 15.0), 152: (0.0, 12.0)}
CLOSED_EYES = {160: (0.0, 4.0), 159: (0.0, 6.0), 158: (0.0, 4.0), 144: (0.0, -3.0), 145: (0.0, -5.0), 153: (0.0, -3.0)}
RAISED_BROWS = dict.fromkeys((70, 63, 105, 66, 107), (0.0, -8.0))
KNITTED_BROWS = {107: (4.0, 8.0), 66: (2.0, 4.0)}


@pytest.mark.parametrize("angle", [-40, -15, 0, 25, 50])
def test_a_turned_head_is_measured_as_it_was_turned(angle: int) -> None:
    assert pose(turned(drawn_face(), yaw=angle)).yaw == pytest.approx(angle, abs=0.01)
    assert pose(turned(drawn_face(), pitch=angle)).pitch == pytest.approx(angle, abs=0.01)
    assert pose(turned(drawn_face(), roll=angle)).roll == pytest.approx(angle, abs=0.01)


def test_three_turns_at_once_are_told_apart() -> None:
    head = pose(turned(drawn_face(), pitch=12, yaw=30, roll=-20))
    assert (head.yaw, head.pitch, head.roll) == pytest.approx((30, 12, -20), abs=0.01)


def test_a_face_that_turns_right_shows_its_nose_further_right() -> None:
    tip = NAMES.index(1)
    assert turned(drawn_face(), yaw=30)[tip, 0] > drawn_face()[tip, 0]
    assert turned(drawn_face(), pitch=30)[tip, 1] < drawn_face()[tip, 1]


def test_turning_the_head_leaves_the_lengths_of_the_face_alone() -> None:
    rest = ratios(drawn_face())
    seen = ratios(turned(drawn_face(), yaw=35, pitch=-15, roll=10))
    for name in rest.__slots__:
        assert getattr(seen, name) == pytest.approx(getattr(rest, name), abs=1e-6)


def test_size_and_place_in_the_picture_leave_the_lengths_alone() -> None:
    near = drawn_face() * 3 + (40, -20, 5)
    assert ratios(near).mouth_width == pytest.approx(ratios(drawn_face()).mouth_width)


@pytest.mark.parametrize(
    ("changes", "rises", "still"),
    [
        (SMILING, "smile", "brow_raise"),
        (OPEN_MOUTH, "mouth_opening", "eye_openness"),
        (RAISED_BROWS, "brow_raise", "smile"),
        (KNITTED_BROWS, "brow_lower", "mouth_opening"),
    ],
)
def test_each_cue_follows_its_own_part_of_the_face(
    changes: dict[int, tuple[float, float]], rises: str, still: str
) -> None:
    rest = cues(ratios(drawn_face()), SCALES)
    moved = cues(ratios(drawn_face(changes=changes)), SCALES)
    assert moved[rises] > rest[rises] + 0.1
    assert moved[still] == pytest.approx(rest[still], abs=0.02)


def test_closed_eyes_lower_eye_openness() -> None:
    rest = cues(ratios(drawn_face()), SCALES)
    assert cues(ratios(drawn_face(changes=CLOSED_EYES)), SCALES)["eye_openness"] < rest["eye_openness"] - 0.2


def test_a_scale_is_linear_between_its_ends_and_flat_beyond() -> None:
    assert [on_scale(x, (2.0, 4.0)) for x in (1.0, 2.0, 3.0, 4.0, 9.0)] == [0, 0, 0.5, 1, 1]
    assert on_scale(2.5, (4.0, 2.0)) == pytest.approx(0.75)


def test_a_mirrored_face_keeps_every_point_on_its_own_feature() -> None:
    face = drawn_face()
    assert np.allclose(face[list(MIRRORED)] * (-1, 1, 1), face)


def test_the_encoder_says_every_cue_and_the_pose() -> None:
    points = drawn_face(changes=SMILING).astype(np.float32)
    encoder = CuesEncoder(told_bundle(Said("points", points), outputs={"points": ()}, extra=EXTRA))
    (seen,) = encoder.encode([face_sample(at_us=700)])
    assert set(seen.cues) == set(CUES) | {"head_yaw_deg", "head_pitch_deg", "head_roll_deg"}
    assert (seen.start_us, seen.end_us, seen.quality, seen.abstain) == (700, 700, 0.9, None)
    assert not seen.scores
    assert seen.cues["head_yaw_deg"] == pytest.approx(0, abs=0.01)


def test_roll_counts_what_alignment_turned_back() -> None:
    angle = np.radians(20)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    tilted = (FACE_TEMPLATE @ turn.T * 2 + 50).astype(np.float32)
    assert tilt_deg(tilted) == pytest.approx(20, abs=0.01)
    encoder = CuesEncoder(
        told_bundle(Said("points", drawn_face().astype(np.float32)), outputs={"points": ()}, extra=EXTRA)
    )
    (seen,) = encoder.encode([face_sample(landmarks=tilted)])
    assert seen.cues["head_roll_deg"] == pytest.approx(20, abs=0.01)


def test_pitch_is_counted_from_the_level_face_of_the_bundle() -> None:
    said = Said("points", turned(drawn_face(), pitch=8).astype(np.float32))
    encoder = CuesEncoder(told_bundle(said, outputs={"points": ()}, extra=EXTRA | {"level_pitch_deg": 8.0}))
    (seen,) = encoder.encode([face_sample()])
    assert seen.cues["head_pitch_deg"] == pytest.approx(0, abs=0.01)


def test_a_face_too_dark_to_read_is_abstained_from_and_its_neighbours_are_read() -> None:
    said = Said("points", drawn_face().astype(np.float32))
    encoder = CuesEncoder(told_bundle(said, outputs={"points": ()}, extra=EXTRA))
    dark = face_sample(quality=Quality(0.1, "low_light"), at_us=1)
    first, second, third = encoder.encode([face_sample(), dark, face_sample(at_us=2)])
    assert second.abstain is not None
    assert second.abstain.reason is Reason.LOW_LIGHT
    assert (second.quality, dict(second.cues)) == (0.0, {})
    assert first.cues == third.cues
    assert [len(batch) for batch in said.shown] == [2]


@pytest.mark.parametrize("smile", [None, [0.3], ["wide", 1], [0.3, 0.3]])
def test_a_bundle_without_a_usable_scale_does_not_load(smile: object) -> None:
    said = Said("points", drawn_face().astype(np.float32))
    extra = EXTRA | {"scales": SCALES | {"smile": smile}}
    with pytest.raises(BundleError, match="scale of a cue"):
        CuesEncoder(told_bundle(said, outputs={"points": ()}, extra=extra))
