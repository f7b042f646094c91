"""Other people's weights in miniature: tiny random networks of the shape that each family exports."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.encoders.faces_drawn import face_sample
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from tokenizers.processors import TemplateProcessing

from countenance.contracts.media import FACE_CROP_PX, SAMPLE_RATE, FaceSample, Quality, SpeakerBaseline, VoiceSample
from countenance.inference.bundle import sha256
from countenance.inference.tomltext import to_toml

onnx = pytest.importorskip("onnx")
helper, numpy_helper = onnx.helper, onnx.numpy_helper

Array = np.ndarray[Any, np.dtype[Any]]

WORDS = ("i", "am", "so", "happy", "you", "are", "not", "listening", "to", "me", "thank", "very", "much", "the", "is")
LICENCE = {
    "name": "Apache-2.0",
    "source": "a random number generator",
    "holder": "nobody",
    "data": "nothing: random weights",
}
FER = ("angry", "disgust", "fear", "happy", "neutral", "sad", "surprise")
FER_PLACES = {
    "angry": "anger", "disgust": "disgust", "fear": "fear", "happy": "happiness", "neutral": "neutral",
    "sad": "sadness", "surprise": "surprise",
}  # fmt: skip


Values = Sequence[object]


def graph_file(path: Path, nodes: Values, inputs: Values, outputs: Values, /, **arrays: Array) -> Path:
    weights = [numpy_helper.from_array(np.asarray(value), name) for name, value in arrays.items()]
    graph = helper.make_graph(list(nodes), "tiny", list(inputs), list(outputs), weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.save(model, str(path))
    return path


def value(name: str, shape: Sequence[int | str], kind: int = onnx.TensorProto.FLOAT) -> object:
    return helper.make_tensor_value_info(name, kind, list(shape))


def random(*shape: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    return np.random.default_rng(sum(shape)).normal(0, 1, shape).astype(np.float32)


def face_net(path: Path, size: int, classes: int, *, name: str = "pixel_values", channels: int = 3) -> Path:
    """n x channels x size x size to n x classes: a patch embedding, its mean, a head."""
    nodes = [
        helper.make_node("Conv", [name, "patch"], ["patches"], kernel_shape=[16, 16], strides=[16, 16]),
        helper.make_node("GlobalAveragePool", ["patches"], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], ["flat"]),
        helper.make_node("Gemm", ["flat", "head"], ["logits"]),
    ]
    shapes = [value(name, ["n", channels, size, size])], [value("logits", ["n", classes])]
    return graph_file(path, nodes, *shapes, patch=random(8, channels, 16, 16) / 8, head=random(8, classes))


def voice_net(path: Path, classes: int, *, samples: int | str = "samples") -> Path:
    """n x samples to n x classes: one strided convolution over raw sound, its mean, a head."""
    nodes = [
        helper.make_node("Unsqueeze", ["input_values", "axis"], ["wave"]),
        helper.make_node("Conv", ["wave", "filters"], ["frames"], kernel_shape=[400], strides=[320]),
        helper.make_node("Abs", ["frames"], ["loud"]),
        helper.make_node("GlobalAveragePool", ["loud"], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], ["flat"]),
        helper.make_node("Gemm", ["flat", "head"], ["logits"]),
    ]
    shapes = [value("input_values", ["n", samples])], [value("logits", ["n", classes])]
    arrays: dict[str, Any] = {
        "axis": np.array([1], np.int64),
        "filters": random(8, 1, 400) / 20,
        "head": random(8, classes),
    }
    return graph_file(path, nodes, *shapes, **arrays)


def text_net(path: Path, classes: int, vocabulary: int = len(WORDS) + 4) -> Path:
    """Ids and mask (n x t) to n x classes: embeddings, their masked mean, a head."""
    ints = onnx.TensorProto.INT64
    nodes = [
        helper.make_node("Gather", ["table", "input_ids"], ["words"]),
        helper.make_node("Cast", ["attention_mask"], ["mask"], to=onnx.TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["mask", "axis"], ["wide"]),
        helper.make_node("Mul", ["words", "wide"], ["kept"]),
        helper.make_node("ReduceMean", ["kept"], ["mean"], axes=[1], keepdims=0),
        helper.make_node("Gemm", ["mean", "head"], ["logits"]),
    ]
    shapes = (
        [value("input_ids", ["n", "t"], ints), value("attention_mask", ["n", "t"], ints)],
        [value("logits", ["n", classes])],
    )
    arrays: dict[str, Any] = {
        "axis": np.array([2], np.int64),
        "table": random(vocabulary, 8),
        "head": random(8, classes),
    }
    return graph_file(path, nodes, *shapes, **arrays)


def finder_net(path: Path, leave_out: str = "") -> Path:
    """1 x 3 x height x width to the twelve outputs of YuNet, cells x numbers at three strides."""
    nodes: list[object] = []
    outputs: list[object] = []
    arrays: dict[str, Any] = {"shape": np.array([0, 0, -1], np.int64)}
    for stride in (8, 16, 32):
        for name, numbers in (("cls", 1), ("obj", 1), ("bbox", 4), ("kps", 10)):
            out = f"{name}_{stride}"
            if out == leave_out:
                continue
            arrays[f"w_{out}"] = random(numbers, 3, stride, stride) / (100 * stride * stride)
            nodes += [
                helper.make_node(
                    "Conv", ["input", f"w_{out}"], [f"{out}_map"], kernel_shape=[stride] * 2, strides=[stride] * 2
                ),
                helper.make_node("Reshape", [f"{out}_map", "shape"], [f"{out}_cells"]),
                helper.make_node("Transpose", [f"{out}_cells"], [f"{out}_rows"], perm=[0, 2, 1]),
                helper.make_node("Abs" if numbers == 1 else "Identity", [f"{out}_rows"], [out]),
            ]
            outputs.append(value(out, ["n", "cells", numbers]))
    return graph_file(path, nodes, [value("input", ["n", 3, "h", "w"])], outputs, **arrays)


def tokenizer_file(path: Path) -> Path:
    words = {word: at for at, word in enumerate(("<s>", "</s>", "<pad>", "<unk>", *WORDS))}
    made = Tokenizer(WordLevel(words, unk_token="<unk>"))
    made.pre_tokenizer = Whitespace()
    made.post_processor = TemplateProcessing(single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 1)])
    made.save(str(path))
    return path


def voice_sample(pcm: np.ndarray[Any, np.dtype[np.float32]], *, speaks: bool = True) -> VoiceSample:
    baseline = SpeakerBaseline(np.zeros(64, np.float32), np.ones(64, np.float32), 0.0)
    speech = ((0, len(pcm)),) if speaks else ()
    return VoiceSample("ana", 0, len(pcm) * 1_000_000 // SAMPLE_RATE, pcm, speech, baseline, Quality(0.9))


def face_sample_noise(seed: int) -> FaceSample:
    crop = np.random.default_rng(seed).integers(0, 256, (FACE_CROP_PX, FACE_CROP_PX, 3)).astype(np.uint8)
    return face_sample(crop=crop, at_us=seed)


def write_card(folder: Path, **parts: object) -> Path:
    """`adapter.toml` naming every file beside it; `parts` are the tables of the card."""
    card: dict[str, object] = {"id": "foreign", "version": "v1", "summary": "Random weights for a test.", **parts}
    card.setdefault("licence", LICENCE)
    files = {p.name: sha256(p) for p in sorted(folder.iterdir()) if p.name != "adapter.toml"}
    card.setdefault("files", files)
    (folder / "adapter.toml").write_text(to_toml(card), encoding="utf-8")
    return folder


def face_folder(folder: Path, size: int = 224, **parts: object) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    face_net(folder / "model.onnx", size, len(FER))
    said: Mapping[str, object] = {"labels": FER, "emotions": FER_PLACES}
    parts = {"face": {"size": size, "mean": [0.5], "std": [0.5]}, "output": said, **parts}
    return write_card(folder, **parts)
