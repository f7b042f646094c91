"""What a net saw before its last layer goes with the observation where the net gives it, and is absent where not."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from countenance.contracts.media import SAMPLE_RATE, SECOND_US, Box, FaceSample, Quality, TextSample, VoiceSample
from countenance.encoders.face import BUNDLE as FACE_BUNDLE
from countenance.encoders.face import FaceExpressionEncoder
from countenance.encoders.text import TextEncoder
from countenance.encoders.voice import BUNDLE as VOICE_BUNDLE
from countenance.encoders.voice import VoiceEncoder
from countenance.inference.bundle import Bundle
from countenance.inference.hearing import measured
from countenance.inference.logmel import unheard
from countenance.inference.onnx import OnnxModel
from countenance.inference.shelf import Profile, Shelf

RNG = np.random.default_rng(4)


class Telling(OnnxModel):
    """A net that numbers its rows beside what it says, or says nothing of its inside."""

    def __init__(self, inner: OnnxModel, width: int) -> None:
        self._inner, self._width = inner, width
        self.inputs, self.outputs, self.input_shapes = inner.inputs, inner.outputs, inner.input_shapes

    def run(self, inputs: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[np.float32]]:
        said = {name: value for name, value in self._inner.run(inputs).items() if name != "embedding"}
        rows = len(said["scores"])
        if self._width:
            said["embedding"] = np.repeat(np.arange(rows, dtype=np.float32)[:, None], self._width, axis=1)
        return said


@pytest.fixture(scope="module")
def shelf() -> Shelf:
    return Shelf.installed(Profile.OPEN)


def telling(shelf: Shelf, name: str, width: int) -> Bundle:
    if not shelf.has(name):
        pytest.skip(f"{name} is not installed")
    bundle = shelf.load(name)
    return replace(bundle, model=Telling(bundle.model, width))


def face(quality: float = 1.0) -> FaceSample:
    crop = RNG.integers(0, 255, (112, 112, 3), dtype=np.uint8)
    return FaceSample("p_1", 0, crop, np.zeros((5, 2), np.float32), Box(0, 0, 50, 50), Quality(quality))


def voice() -> VoiceSample:
    pcm = RNG.standard_normal(3 * SAMPLE_RATE).astype(np.float32) * 0.1
    return VoiceSample("p_1", 0, 3 * SECOND_US, pcm, ((0, len(pcm)),), unheard(), Quality(1.0))


def test_each_face_has_its_own_and_one_that_is_not_read_has_none(shelf: Shelf) -> None:
    encoder = FaceExpressionEncoder(telling(shelf, FACE_BUNDLE, 5))
    first, dark, second = encoder.encode([face(), face(0.0), face()])
    assert dark.embedding is None
    for seen, number in ((first, 0.0), (second, 1.0)):
        assert seen.embedding is not None
        np.testing.assert_array_equal(seen.embedding, np.full(5, number, np.float32))
        assert sum(seen.scores[name] for name in seen.scores if name != "contempt") == pytest.approx(1.0, abs=1e-5)


def test_a_face_net_without_one_says_its_scores_alone(shelf: Shelf) -> None:
    (seen,) = FaceExpressionEncoder(telling(shelf, FACE_BUNDLE, 0)).encode([face()])
    assert seen.embedding is None
    assert len(seen.scores) == 8


@pytest.mark.parametrize("width", [0, 7])
def test_each_voice_has_its_own_where_the_net_gives_one(shelf: Shelf, width: int) -> None:
    whole = replace(voice(), sounding=measured(voice().pcm))
    looks = [replace(whole, look=(0, 100), glance=True), whole]
    seen = VoiceEncoder(telling(shelf, VOICE_BUNDLE, width)).encode(looks)
    found = [None if one.embedding is None else one.embedding.tolist() for one in seen]
    assert found == ([None, None] if not width else [[0.0] * 7, [1.0] * 7])


def test_a_voice_without_a_net_has_prosody_alone() -> None:
    (seen,) = VoiceEncoder(None).encode([voice()])
    assert seen.embedding is None
    assert seen.cues


def test_words_have_the_features_of_their_net(shelf: Shelf) -> None:
    encoder = TextEncoder.from_shelf(shelf)
    said = TextSample("p_1", 0, SECOND_US, "I am not sure that I understand this.", Quality(1.0))
    one, other = encoder.encode([said, replace(said, text="Thank you so much for that!")])
    assert one.embedding is not None
    assert other.embedding is not None
    assert one.embedding.ndim == 1
    assert not np.allclose(one.embedding, other.embedding)


def test_an_embedding_is_neither_compared_nor_shown() -> None:
    (seen,) = VoiceEncoder(None).encode([voice()])
    with_it = replace(seen, embedding=np.full(3, 0.777, np.float32))
    assert with_it == seen
    assert "0.777" not in repr(with_it)
