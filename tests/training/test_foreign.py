"""Safetensors of every family become networks that say what PyTorch says; tiny random configurations stand in."""

import json
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.encoders.foreign import FER, FER_PLACES, LICENCE, face_sample_noise, tokenizer_file, voice_sample
from tests.encoders.voices import talk

from countenance.contracts.errors import BundleError, UsageError
from countenance.contracts.media import Quality, Sample, TextSample
from countenance.encoders.adapters import adapted
from countenance.inference.shelf import Profile, Shelf
from countenance.testing.encoders import check_encoder

pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
foreign = pytest.importorskip("countenance.training.foreign")

pytestmark = pytest.mark.filterwarnings("ignore")
"""Exporters of other people's models warn at will; what they write is checked."""

NAMES = dict(enumerate(FER))
SMALL = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
TEXT = {**SMALL, "vocab_size": 19, "max_position_embeddings": 140}
SOUND = {**SMALL, "conv_dim": (8, 8), "conv_stride": (20, 16), "conv_kernel": (40, 16), "num_conv_pos_embeddings": 16,
         "num_conv_pos_embedding_groups": 2, "num_feat_extract_layers": 2}  # fmt: skip
FACE_CARD = {"face": {"size": 32, "mean": [0.5], "std": [0.5]}}


def vit() -> Any:  # noqa: ANN401
    config = transformers.ViTConfig(**SMALL, image_size=32, patch_size=16, id2label=NAMES)
    return transformers.ViTForImageClassification(config)


def mobilevit() -> Any:  # noqa: ANN401
    config = transformers.MobileViTConfig(
        image_size=64,
        hidden_sizes=[16, 16, 16],
        neck_hidden_sizes=[8, 8, 8, 8, 8, 8, 16],
        initializer_range=0.3,
        id2label=NAMES,
    )
    return transformers.MobileViTForImageClassification(config)


def wav2vec2() -> Any:  # noqa: ANN401
    return transformers.Wav2Vec2ForSequenceClassification(transformers.Wav2Vec2Config(**SOUND, id2label=NAMES))


def wavlm() -> Any:  # noqa: ANN401
    return transformers.WavLMForSequenceClassification(transformers.WavLMConfig(**SOUND, id2label=NAMES))


def roberta() -> Any:  # noqa: ANN401
    config = transformers.RobertaConfig(**TEXT, id2label=NAMES, pad_token_id=2)
    return transformers.RobertaForSequenceClassification(config)


def modernbert() -> Any:  # noqa: ANN401
    special = {"pad_token_id": 2, "bos_token_id": 0, "eos_token_id": 1, "cls_token_id": 0, "sep_token_id": 1}
    config = transformers.ModernBertConfig(**TEXT, **special, id2label=NAMES, attn_implementation="eager")
    return transformers.ModernBertForSequenceClassification(config)


def faces() -> list[Sample]:
    return [face_sample_noise(seed) for seed in range(2)]


def voices() -> list[Sample]:
    return [voice_sample(talk(2.0, 4.0)), voice_sample(talk(1.0, 2.0))]


def texts() -> list[Sample]:
    lines = ("I am so happy, thank you very much", "you are not listening to me")
    return [TextSample("ana", at, at + 1, line, Quality(1.0)) for at, line in enumerate(lines)]


FAMILIES: Mapping[str, tuple[Callable[[], Any], Mapping[str, object], Callable[[], list[Sample]]]] = {
    "ViT": (vit, FACE_CARD, faces),
    "MobileViT": (mobilevit, {"face": {"size": 64}}, faces),
    "wav2vec2": (wav2vec2, {"voice": {"seconds": 2.0}}, voices),
    "WavLM": (wavlm, {"voice": {"seconds": 2.0}}, voices),
    "DistilRoBERTa": (roberta, {"text": {"longest": 128}}, texts),
    "ModernBERT": (modernbert, {"text": {"longest": 128}}, texts),
}


def card(**parts: object) -> dict[str, object]:
    said = {"labels": FER, "emotions": FER_PLACES}
    return {"id": "foreign", "version": "v1", "summary": "Random weights.", "licence": LICENCE, "output": said, **parts}


def published(folder: Path, make: Callable[[], Any]) -> Path:
    """A folder as a hub would hold it."""
    transformers.set_seed(0)
    make().save_pretrained(folder, safe_serialization=True)
    tokenizer_file(folder / "tokenizer.json")
    return folder


@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_of_the_hub_becomes_an_encoder(family: str, tmp_path: Path) -> None:
    make, asked, samples = FAMILIES[family]
    source = published(tmp_path / "foreign.source", make)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        foreign.convert(source, card(**asked), tmp_path / "foreign")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["foreign", "foreign.source"]
    (encoder,) = adapted(Shelf([tmp_path / "foreign"], Profile.OPEN))
    check_encoder(encoder, samples())
    one, other = (np.array(list(seen.scores.values())) for seen in encoder.encode(samples()))
    assert np.abs(one - other).max() > 1e-6


def test_labels_in_another_order_are_refused(tmp_path: Path) -> None:
    source = published(tmp_path / "foreign.source", vit)
    said = {"labels": tuple(reversed(FER)), "emotions": FER_PLACES}
    with pytest.raises(BundleError, match=r"the labels are angry, .*, and the card says surprise"):
        foreign.convert(source, card(**FACE_CARD, output=said), tmp_path / "foreign")
    assert not (tmp_path / "foreign").exists()


def test_a_folder_of_pickles_is_not_converted(tmp_path: Path) -> None:
    source = published(tmp_path / "foreign.source", vit)
    (source / "model.safetensors").rename(source / "pytorch_model.bin")
    with pytest.raises(BundleError, match=r"no \.safetensors file"):
        foreign.convert(source, card(**FACE_CARD), tmp_path / "foreign")


def test_weights_that_are_cut_short_are_refused(tmp_path: Path) -> None:
    source = published(tmp_path / "foreign.source", vit)
    weights = source / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-4])
    with pytest.raises(BundleError, match="its tensors take"):
        foreign.convert(source, card(**FACE_CARD), tmp_path / "foreign")


def test_a_config_without_labels_is_refused(tmp_path: Path) -> None:
    source = published(tmp_path / "foreign.source", vit)
    config = json.loads((source / "config.json").read_text())
    (source / "config.json").write_text(json.dumps({**config, "id2label": None}))
    with pytest.raises(BundleError, match="labels cannot be read"):
        foreign.convert(source, card(**FACE_CARD), tmp_path / "foreign")


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "foreign").mkdir()
    with pytest.raises(UsageError, match="lies there already"):
        foreign.convert(tmp_path, card(**FACE_CARD), tmp_path / "foreign")
