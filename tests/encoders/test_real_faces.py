"""What the shipped bundles say of real photos and of one another; nothing of the photos is kept."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.encoders.faces_drawn import face_sample

from countenance.capture.alignment import align
from countenance.capture.faces import FaceFinder
from countenance.contracts.media import FaceSample, Quality
from countenance.contracts.readings import Observation
from countenance.encoders.cues import CuesEncoder
from countenance.encoders.face import FaceExpressionEncoder
from countenance.inference.facecrop import inner_grey
from countenance.inference.shelf import Profile, Shelf
from countenance.testing.encoders import check_encoder


@pytest.fixture(scope="module")
def cues_encoder() -> CuesEncoder:
    return CuesEncoder.from_shelf(Shelf.installed(Profile.COMMERCIAL))


@pytest.fixture(scope="module")
def expression_encoder() -> FaceExpressionEncoder:
    shelf = Shelf.installed(Profile.OPEN)
    if not shelf.has("face-expression.v1"):
        pytest.skip("the research bundles are not installed")
    return FaceExpressionEncoder.from_shelf(shelf)


@pytest.fixture(scope="module")
def photos(shared: Path) -> dict[str, FaceSample]:
    """The largest face of every natural photo, by file name, scaled to a call's frame."""
    folder = shared / "data" / "face_natural"
    if not folder.is_dir():
        pytest.skip("the natural photos are not beside the checkout")
    finder = FaceFinder(Shelf.installed(Profile.COMMERCIAL).load("face-finder.v1"))
    found = {}
    for path in sorted([*folder.glob("*.jpg"), *folder.glob("*.png")]):
        with Image.open(path) as image:
            picture = image.convert("RGB")
            picture.thumbnail((640, 640))
            rgb = np.asarray(picture)
        if faces := finder.find(rgb):
            face = max(faces, key=lambda one: one.box.width)
            found[path.name] = FaceSample("ana", 0, align(rgb, face), face.landmarks, face.box, Quality(1.0))
    return found


def read_cues(encoder: CuesEncoder, sample: FaceSample) -> Observation:
    return encoder.encode([sample])[0]


def noisy_samples() -> list[FaceSample]:
    random = np.random.default_rng(5)
    crops = random.integers(0, 256, size=(5, 112, 112, 3), dtype=np.uint8)
    poor = face_sample(quality=Quality(0.0, "occluded"))
    return [*(face_sample(crop=crop) for crop in crops), poor, face_sample(grey=0), face_sample(grey=255)]


def test_the_shipped_encoders_keep_the_promises_of_every_encoder(
    cues_encoder: CuesEncoder, expression_encoder: FaceExpressionEncoder
) -> None:
    check_encoder(cues_encoder, noisy_samples())
    check_encoder(expression_encoder, noisy_samples())


def test_a_batch_gives_the_same_bytes_as_singles(expression_encoder: FaceExpressionEncoder) -> None:
    samples = noisy_samples()
    singles = [expression_encoder.encode([sample])[0] for sample in samples]
    assert list(expression_encoder.encode(samples)) == singles


def test_the_commercial_profile_reads_cues_and_no_expression() -> None:
    shelf = Shelf.installed(Profile.COMMERCIAL)
    assert shelf.has("face-cues.v1")
    assert not shelf.has("face-expression.v1")


def test_every_crop_shows_a_face_where_the_template_says(photos: dict[str, FaceSample]) -> None:
    assert len(photos) >= 13
    assert all(inner_grey([sample.crop]).std() > 0.05 for sample in photos.values())


def test_a_head_turned_by_45_degrees_is_seen_turned(photos: dict[str, FaceSample], cues_encoder: CuesEncoder) -> None:
    yaw = {name: abs(read_cues(cues_encoder, photo).cues["head_yaw_deg"]) for name, photo in photos.items()}
    assert 25 < yaw["45-m7-di-ph.jpg"] < 65
    assert yaw["0-f1-su-ph.jpg"] < 12
    assert yaw["0-f15-hao-ph.jpg"] < 12


def test_a_posed_laugh_shows_in_cues_and_in_expression(
    photos: dict[str, FaceSample], cues_encoder: CuesEncoder, expression_encoder: FaceExpressionEncoder
) -> None:
    laugh, surprise = photos["0-f15-hao-ph.jpg"], photos["0-f1-su-ph.jpg"]
    assert read_cues(cues_encoder, laugh).cues["smile"] > read_cues(cues_encoder, surprise).cues["smile"] + 0.3
    seen = expression_encoder.encode([laugh])[0]
    assert max(seen.scores, key=lambda name: seen.scores[name]) == "happiness"
    assert seen.dimensions["valence"] > 0.4


def test_a_posed_surprise_opens_the_mouth_without_a_smile(
    photos: dict[str, FaceSample], cues_encoder: CuesEncoder, expression_encoder: FaceExpressionEncoder
) -> None:
    surprise, shut = photos["0-f1-su-ph.jpg"], photos["15-f13-anc-ph.jpg"]
    seen, other = read_cues(cues_encoder, surprise).cues, read_cues(cues_encoder, shut).cues
    assert seen["mouth_opening"] > other["mouth_opening"] + 0.3
    assert seen["smile"] < 0.2
    scores = expression_encoder.encode([surprise])[0].scores
    assert max(scores, key=lambda name: scores[name]) == "surprise"
