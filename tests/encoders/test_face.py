import numpy as np
import pytest
from tests.encoders.faces_drawn import Said, face_sample, told_bundle

from countenance.contracts.errors import BundleError, UsageError
from countenance.contracts.media import FACE_CROP_PX, Quality, TextSample
from countenance.contracts.readings import EMOTIONS, Reason
from countenance.encoders.face import AFFECT, FaceExpressionEncoder, affect, folded
from countenance.inference.facecrop import INNER_PX, INNER_TEMPLATE, MARGIN_PX, halved, inner_grey

LABELS = tuple(AFFECT)


def encoder_that_says(*logits: float, temperature: float = 1.0) -> tuple[FaceExpressionEncoder, Said]:
    said = Said("scores", np.array(logits, dtype=np.float32))
    return FaceExpressionEncoder(told_bundle(said, outputs={"scores": LABELS}, temperature=temperature)), said


def test_the_seven_emotions_form_one_distribution_and_contempt_stands_beside_it() -> None:
    encoder, _ = encoder_that_says(1, 0, 0, 0, 0, 0, 0, 2)
    (seen,) = encoder.encode([face_sample(at_us=300)])
    assert sum(seen.scores[name] for name in EMOTIONS) == pytest.approx(1, abs=1e-5)
    assert seen.scores["contempt"] == pytest.approx(np.exp(2) / (np.exp(2) + np.e + 6), abs=1e-5)
    assert seen.scores["disgust"] > seen.scores["contempt"]
    assert (seen.participant_id, seen.modality, seen.start_us, seen.end_us) == ("ana", "face", 300, 300)


def test_temperature_sharpens_what_the_network_says() -> None:
    soft, _ = encoder_that_says(1, 0, 0, 0, 0, 0, 0, 0)
    sharp, _ = encoder_that_says(1, 0, 0, 0, 0, 0, 0, 0, temperature=0.5)
    sample = [face_sample()]
    assert sharp.encode(sample)[0].scores["neutral"] > soft.encode(sample)[0].scores["neutral"]


def test_valence_and_arousal_are_the_mean_of_the_table() -> None:
    certain = {label: float(label == "happiness") for label in LABELS}
    assert affect(certain) == {"valence": 0.8, "arousal": 0.5}
    torn = {label: 0.5 * (label in ("happiness", "sadness")) for label in LABELS}
    assert affect(torn)["valence"] == pytest.approx(0.1)


def test_every_position_of_the_table_is_on_the_plane() -> None:
    assert all(-1 <= value <= 1 for place in AFFECT.values() for value in place)
    assert AFFECT["neutral"] == (0.0, 0.0)


def test_folding_keeps_the_sum_of_the_emotions() -> None:
    shares = dict.fromkeys(LABELS, 0.125)
    assert sum(folded(shares)[name] for name in EMOTIONS) == pytest.approx(1)


@pytest.mark.parametrize(
    ("quality", "reason"),
    [
        (Quality(0.0, "occluded"), Reason.OCCLUDED),
        (Quality(0.2, "low_light"), Reason.LOW_LIGHT),
        (Quality(0.1), Reason.OUT_OF_DOMAIN),
    ],
)
def test_a_poor_face_is_abstained_from_with_its_reason(quality: Quality, reason: Reason) -> None:
    encoder, said = encoder_that_says(*[0.0] * 8)
    (seen,) = encoder.encode([face_sample(quality=quality)])
    assert seen.abstain is not None
    assert seen.abstain.reason is reason
    assert (seen.quality, dict(seen.scores), dict(seen.dimensions)) == (0.0, {}, {})
    assert not said.shown


def test_a_fair_face_with_a_reason_is_read_with_its_quality() -> None:
    encoder, _ = encoder_that_says(*[0.0] * 8)
    (seen,) = encoder.encode([face_sample(quality=Quality(0.6, "low_light"))])
    assert seen.abstain is None
    assert seen.quality == 0.6


def test_no_faces_give_no_observations() -> None:
    encoder, said = encoder_that_says(*[0.0] * 8)
    assert list(encoder.encode([])) == []
    assert not said.shown


def test_words_are_not_faces() -> None:
    encoder, _ = encoder_that_says(*[0.0] * 8)
    with pytest.raises(UsageError, match="not a face"):
        encoder.encode([TextSample("ana", 0, 1, "hello", Quality(1.0))])


def test_a_bundle_with_other_expressions_does_not_load() -> None:
    bundle = told_bundle(Said("scores", np.zeros(2, dtype=np.float32)), outputs={"scores": ("neutral", "bored")})
    with pytest.raises(BundleError, match="bored"):
        FaceExpressionEncoder(bundle)


def test_the_network_sees_the_inner_square_halved() -> None:
    crop = np.zeros((FACE_CROP_PX, FACE_CROP_PX, 3), dtype=np.uint8)
    crop[MARGIN_PX, MARGIN_PX] = 255
    crop[0, 0] = 255
    grey = inner_grey([crop])
    assert grey.shape == (1, 1, INNER_PX, INNER_PX)
    assert grey[0, 0, 0, 0] == pytest.approx(1)
    assert grey.sum() == pytest.approx(1)
    assert halved(grey)[0, 0, 0, 0] == pytest.approx(0.25)


def test_the_inner_square_is_framed_like_fer2013() -> None:
    fer2013 = np.array([[16.0, 18.9], [32.6, 18.6], [24.7, 28.4], [17.5, 36.1], [31.2, 36.0]])
    assert np.abs((INNER_TEMPLATE + 0.5) / 2 - 0.5 - fer2013).max() < 1.5
