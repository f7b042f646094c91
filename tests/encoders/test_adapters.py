"""Adapters read with other people's nets of every family, here tiny and random."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from tests.encoders.faces_drawn import face_sample
from tests.encoders.foreign import (
    FER,
    FER_PLACES,
    face_folder,
    face_net,
    text_net,
    tokenizer_file,
    voice_net,
    voice_sample,
    write_card,
)
from tests.encoders.voices import talk

from countenance.contracts.errors import BundleError, UsageError
from countenance.contracts.media import Quality, Sample, TextSample
from countenance.contracts.readings import EMOTIONS, Reason
from countenance.encoders.adapters import adapted
from countenance.encoders.adapters.saying import said
from countenance.inference.adaptercard import FaceInput, Output, VoiceInput
from countenance.inference.capped import tried
from countenance.inference.feeding import face_feed, voice_feed
from countenance.inference.shelf import Profile, Shelf
from countenance.testing.encoders import check_encoder

HSEMOTION = ("Anger", "Contempt", "Disgust", "Fear", "Happiness", "Neutral", "Sadness", "Surprise")
NONE: Mapping[str, object] = {}
IMAGENET: Mapping[str, object] = {"mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]}
SUPERB = ("neu", "hap", "ang", "sad")
SUPERB_PLACES = {"neu": "neutral", "hap": "happiness", "ang": "anger", "sad": "sadness"}
CALM_AND_MORE = ("angry", "calm", "happy", "neutral", "other")
CALM_PLACES = {"angry": "anger", "calm": "neutral", "happy": "happiness", "neutral": "neutral"}
GO_PLACES = {"anger": "anger", "annoyance": "anger", "joy": "happiness", "neutral": "neutral"}
GO = (*GO_PLACES, "confusion")
HARTMANN = ("anger", "disgust", "fear", "joy", "neutral", "sadness", "surprise")


def faces() -> list[Sample]:
    noise = np.random.default_rng(1)
    crops = [noise.integers(0, 256, (112, 112, 3)).astype(np.uint8) for _ in range(3)]
    poor = face_sample(quality=Quality(0.0, "occluded"))
    return [*(face_sample(crop=crop, at_us=at) for at, crop in enumerate(crops)), poor]


def voices() -> list[Sample]:
    return [voice_sample(talk(3.0, 4.0)), voice_sample(talk(2.0, 1.0)), voice_sample(talk(2.0, 1.0), speaks=False)]


def texts() -> list[Sample]:
    lines = ("I am so happy, thank you very much", "you are not listening to me", "", "the")
    return [TextSample("ana", at, at + 1, line, Quality(1.0)) for at, line in enumerate(lines)]


Make = Callable[[Path], Path]
Part = Mapping[str, object]


def face(size: int, labels: tuple[str, ...], out: Part, name: str = "pixel_values", scale: Part = IMAGENET) -> Make:
    def make(folder: Path) -> Path:
        face_net(folder / "model.onnx", size, len(labels), name=name)
        return write_card(folder, face={"input": name, "size": size, **scale}, output={"labels": labels, **out})

    return make


def voice(labels: tuple[str, ...], out: Part, asked: Part = NONE, samples: int | str = "samples") -> Make:
    def make(folder: Path) -> Path:
        voice_net(folder / "model.onnx", len(labels), samples=samples)
        return write_card(folder, voice=asked, output={"labels": labels, **out})

    return make


def text(labels: tuple[str, ...], **out: object) -> Make:
    def make(folder: Path) -> Path:
        text_net(folder / "model.onnx", len(labels))
        tokenizer_file(folder / "tokenizer.json")
        return write_card(folder, text={"longest": 16}, output={"name": "logits", "labels": labels, **out})

    return make


EIGHT = {name: name.lower() for name in HSEMOTION} | {"Contempt": "disgust"}
AXES = {"valence": {"label": "valence", "low": 0.0}, "arousal": {"label": "arousal", "low": 0.0}}
FAMILIES = {
    "ViT": (face(224, FER, {"emotions": FER_PLACES}, scale={"mean": [0.5], "std": [0.5]}), faces),
    "EfficientNet of HSEmotion": (
        face(224, HSEMOTION, {"emotions": EIGHT, "alone": {"Contempt": "contempt"}}, name="input"),
        faces,
    ),
    "EfficientNet of HSEmotion with axes": (
        face(224, (*HSEMOTION, "valence", "arousal"), {"emotions": EIGHT, "dimensions": AXES}, name="input"),
        faces,
    ),
    "MobileViT": (face(256, FER, {"emotions": FER_PLACES}, scale=NONE), faces),
    "EfficientFormer": (face(224, FER, {"emotions": FER_PLACES}), faces),
    "wav2vec2": (voice(SUPERB, {"emotions": SUPERB_PLACES}), voices),
    "wav2vec2 with axes": (voice(("arousal", "dominance", "valence"), {"dimensions": AXES}), voices),
    "WavLM": (voice(CALM_AND_MORE, {"emotions": CALM_PLACES, "alone": {"calm": "calm"}}), voices),
    "WavLM of one length": (
        voice(SUPERB, {"emotions": SUPERB_PLACES}, asked={"seconds": 4.0, "exact": True}, samples=64_000),
        voices,
    ),
    "DistilRoBERTa": (text(HARTMANN, emotions={n: "happiness" if n == "joy" else n for n in HARTMANN}), texts),
    "ModernBERT": (
        text(
            GO, activation="sigmoid", emotions=GO_PLACES, alone={"confusion": "confusion", "annoyance": "frustration"}
        ),
        texts,
    ),
}


@pytest.mark.parametrize("family", FAMILIES)
def test_an_adapter_of_every_family_passes_its_trial_and_keeps_the_promises_of_an_encoder(
    family: str, tmp_path: Path
) -> None:
    make, samples = FAMILIES[family]
    folder = tmp_path / "foreign"
    folder.mkdir()
    make(folder)
    assert tried(folder).parameters > 0
    (encoder,) = adapted(Shelf([folder], Profile.OPEN))
    check_encoder(encoder, samples())
    seen = encoder.encode(samples())
    read = [one for one in seen if one.abstain is None]
    assert len(read) == len(seen) - 1
    for one in read:
        assert one.scores or one.dimensions
        assert one.model is not None
        assert (one.model.id, one.model.version, len(one.model.sha256)) == ("foreign", "v1", 64)
        assert not {*one.scores} & {*EMOTIONS} or {*EMOTIONS} <= {*one.scores}


def test_what_cannot_be_read_is_abstained_from_with_its_reason(tmp_path: Path) -> None:
    reasons = {}
    for family, (make, samples) in FAMILIES.items():
        folder = tmp_path / family.replace(" ", "-")
        folder.mkdir()
        (encoder,) = adapted(Shelf([make(folder)], Profile.OPEN))
        (reasons[family],) = {one.abstain.reason for one in encoder.encode(samples()) if one.abstain}
    assert reasons["ViT"] is Reason.OCCLUDED
    assert reasons["wav2vec2"] is Reason.SILENCE
    assert reasons["DistilRoBERTa"] is Reason.LOW_ASR


@pytest.mark.parametrize("family", ["ViT", "WavLM", "ModernBERT"])
def test_an_adapter_is_given_samples_of_its_own_kind_only(family: str, tmp_path: Path) -> None:
    (encoder,) = adapted(Shelf([FAMILIES[family][0](tmp_path)], Profile.OPEN))
    wrong = texts()[0] if family == "ViT" else faces()[0]
    with pytest.raises(UsageError, match="was given a sample that is not"):
        encoder.encode([wrong])


# --- what columns mean


def test_labels_that_share_an_emotion_join_and_all_seven_form_one_distribution() -> None:
    output = Output(labels=("a", "b", "c"), activation="none", emotions={"a": "anger", "b": "anger", "c": "neutral"})
    scores, _ = said(np.array([0.3, 0.3, 0.4], np.float32), output)
    assert scores["anger"] / scores["neutral"] == pytest.approx(1.5)
    assert sum(scores.values()) == pytest.approx(1)


def test_of_emotions_it_has_no_label_for_a_net_says_nothing() -> None:
    output = Output(labels=SUPERB, emotions=SUPERB_PLACES)
    scores, _ = said(np.array([9, 0, 0, 0], np.float32), output)
    assert scores["fear"] == scores["surprise"] == scores["disgust"] == pytest.approx(1 / 7)
    assert scores["neutral"] == pytest.approx(4 / 7, abs=1e-3)


def test_labels_without_a_place_do_not_count() -> None:
    output = Output(labels=(*FER, "other"), activation="none", emotions=FER_PLACES)
    scores, _ = said(np.array([0.1] * 7 + [0.3], np.float32), output)
    assert scores["anger"] == pytest.approx(1 / 7)


def test_independent_labels_join_by_the_largest() -> None:
    output = Output(labels=("x", "y"), activation="sigmoid", alone={"x": "frustration", "y": "frustration"})
    scores, dimensions = said(np.array([0.0, 2.0], np.float32), output)
    assert scores == {"frustration": pytest.approx(1 / (1 + np.exp(-2)))}
    assert not dimensions


def test_axes_are_brought_to_minus_one_to_one_and_take_no_part_in_the_distribution() -> None:
    output = Output(
        labels=("neutral", "v"),
        emotions={"neutral": "neutral"},
        dimensions={"valence": {"label": "v", "low": 0.0, "high": 1.0}},  # type: ignore[dict-item]
    )
    assert said(np.array([0, 0.75], np.float32), output)[1] == {"valence": pytest.approx(0.5)}
    assert said(np.array([0, 40], np.float32), output)[1] == {"valence": 1.0}
    assert said(np.array([0, 40], np.float32), output)[0]["neutral"] == pytest.approx(1 / 7)


def test_a_temperature_flattens_what_the_net_says() -> None:
    row = np.array([3, 0, 0, 0, 0, 0, 0], np.float32)
    hot, cold = (said(row, Output(labels=FER, emotions=FER_PLACES, temperature=t))[0]["anger"] for t in (3.0, 1.0))
    assert hot < cold


def test_a_net_that_names_none_of_its_labels_states_no_distribution() -> None:
    output = Output(labels=("x",), activation="none", emotions={"x": "anger"})
    assert said(np.array([0.0], np.float32), output) == ({}, {})


@given(arrays(np.float32, 7, elements=st.floats(-50, 50, width=32)), st.sampled_from(["softmax", "sigmoid", "none"]))
def test_whatever_the_net_says_comes_out_as_probabilities(
    row: np.ndarray[Any, np.dtype[np.float32]], how: Literal["softmax", "sigmoid", "none"]
) -> None:
    output = Output(labels=FER, activation=how, emotions=FER_PLACES, alone={"sad": "frustration"})
    scores, _ = said(row, output)
    assert all(0 <= p <= 1 for p in scores.values())
    emotions = [scores[name] for name in EMOTIONS if name in scores]
    assert not emotions or sum(emotions) == pytest.approx(1, abs=1e-4)


# --- how samples are fed


def test_pixels_arrive_scaled_in_the_order_the_card_says() -> None:
    crop = np.zeros((112, 112, 3), np.uint8)
    crop[..., 0] = 255
    rgb = face_feed(crop, FaceInput(size=32, **IMAGENET))["pixel_values"]  # type: ignore[arg-type]
    assert rgb.shape == (1, 3, 32, 32)
    assert rgb[0, :, 5, 5] == pytest.approx([(1 - 0.485) / 0.229, -0.456 / 0.224, -0.406 / 0.225])
    bgr = face_feed(crop, FaceInput(size=32, layout="nhwc", colour="bgr"))["pixel_values"]
    assert bgr.shape == (1, 32, 32, 3)
    assert bgr[0, 5, 5] == pytest.approx([0, 0, 1])
    grey = face_feed(crop, FaceInput(size=32, colour="grey", divide=1.0))["pixel_values"]
    assert grey.shape == (1, 1, 32, 32)
    assert grey[0, 0, 5, 5] == pytest.approx(0.299 * 255)


def test_a_margin_is_cut_before_the_crop_is_resized() -> None:
    crop = np.zeros((112, 112, 3), np.uint8)
    crop[20:92, 20:92] = 255
    assert face_feed(crop, FaceInput(size=64, margin=20))["pixel_values"].min() == 1.0
    assert face_feed(crop, FaceInput(size=64))["pixel_values"].min() == 0.0


def test_sound_is_the_end_of_the_clip_normalised_as_wav2vec2_does() -> None:
    pcm = np.concatenate([np.full(16_000, 0.9, np.float32), np.linspace(-0.1, 0.3, 16_000, dtype=np.float32)])
    fed = voice_feed(pcm, VoiceInput(seconds=1.0))["input_values"]
    assert fed.shape == (1, 16_000)
    assert fed.mean() == pytest.approx(0, abs=1e-5)
    assert fed.std() == pytest.approx(1, abs=1e-3)
    plain = voice_feed(pcm[:8_000], VoiceInput(seconds=1.0, normalise="none", exact=True))["input_values"]
    assert plain.shape == (1, 16_000)
    assert plain[0, :8_000].max() == 0.0
    assert plain[0, 8_000:] == pytest.approx(0.9)


# --- on the shelf


def test_an_adapter_takes_the_place_of_the_bundles_it_names(tmp_path: Path) -> None:
    folder = face_folder(tmp_path / "mine", replaces=["face-expression.v1"])
    shelf = Shelf.installed(Profile.OPEN, [folder])
    assert not shelf.has("face-expression.v1")
    assert shelf.left_out["face-expression.v1"] == "foreign.v1 takes its place"
    assert shelf.cards["foreign.v1"].limits[-1].startswith("Somebody else's weights")


def test_a_bundle_that_is_not_there_cannot_be_replaced(tmp_path: Path) -> None:
    folder = face_folder(tmp_path / "mine", replaces=["face-expresion.v1"])
    with pytest.raises(UsageError, match=r"Did you mean face-expression.v1\?"):
        Shelf.installed(Profile.OPEN, [folder])


def test_other_peoples_weights_are_not_for_commercial_use_unless_the_operator_says_why(tmp_path: Path) -> None:
    closed = Shelf([face_folder(tmp_path / "closed")], Profile.COMMERCIAL)
    assert "'foreign'" in closed.left_out["foreign.v1"]
    assert not list(adapted(closed))
    licence = {"name": "MIT", "source": "s", "holder": "h", "data": "own pictures", "commercial": True}
    with pytest.raises(UsageError, match="needs a reason"):
        Shelf([face_folder(tmp_path / "bare", licence=licence)], Profile.COMMERCIAL)
    licence["reason"] = "bought from its maker on 2 November 2026"
    assert Shelf([face_folder(tmp_path / "bought", licence=licence)], Profile.COMMERCIAL).has("foreign.v1")


def test_a_reason_does_not_outweigh_a_row_of_the_ledger(tmp_path: Path) -> None:
    licence = {"name": "MIT", "source": "s", "holder": "h", "data": "AffectNet", "commercial": True, "reason": "so"}
    folder = face_folder(tmp_path / "mine", licence={**licence, "ledger": ["affectnet"]})
    with pytest.raises(BundleError, match="says commercial = true, but the licence row 'affectnet'"):
        Shelf([folder], Profile.OPEN)


def test_an_operators_path_may_be_a_folder_of_folders_and_is_tried_first(tmp_path: Path) -> None:
    face_folder(tmp_path / "one")
    (tmp_path / "one" / "model.onnx").write_bytes(b"\x3a\x00nonsense")
    with pytest.raises(UsageError, match="no such folder"):
        Shelf.installed(Profile.OPEN, [tmp_path / "nowhere"])
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="Weights without a card do not load"):
        Shelf.installed(Profile.OPEN, [tmp_path / "empty"])
    with pytest.raises(BundleError, match="not an ONNX file"):
        Shelf.installed(Profile.OPEN, [tmp_path])
