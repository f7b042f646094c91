"""What a finished text net says of many texts: in float32 through torch, in int8 through the shipped file."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer

from countenance.inference.onnx import OnnxModel
from countenance.training.text_emotion.batches import encode, pad
from countenance.training.text_emotion.net import POSITIONS, TextNet
from countenance.training.text_emotion.onnx_export import OUTPUTS, gather_scores

_BATCH = 64


@dataclass(frozen=True, slots=True, eq=False)
class Outputs:
    """Raw logits and features, one row per text."""

    scores: NDArray[np.float64]
    """n x 9, order of SCORES."""
    labels: NDArray[np.float64]
    """n x 28, order of FINE."""
    features: NDArray[np.float64]
    """n x 384."""


Reader = Callable[[Sequence[str]], Outputs]


def remembered(read: Reader) -> Reader:
    """The same reader, which reads the same texts only once."""
    seen = cache(read)
    return lambda texts: seen(tuple(texts))


def shipped_tokenizer(folder: Path) -> Tokenizer:
    """The tokenizer as the bundle holds it: no padding, longer texts cut at the last position of the net."""
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(POSITIONS)
    return tokenizer


def float_reader(net: TextNet, tokenizer: Tokenizer) -> Reader:
    """Read texts with the net in float32, in padded batches of like length."""
    net.eval()

    def read(texts: Sequence[str]) -> Outputs:
        rows = encode(tokenizer, texts)
        order = np.argsort([len(row) for row in rows], kind="stable")
        parts = [_float_batch(net, [rows[i] for i in part]) for part in _parts(order)]
        back = np.argsort(order)
        return Outputs(*(np.concatenate(column)[back] for column in zip(*parts, strict=True)))

    return read


def onnx_reader(path: Path, tokenizer: Tokenizer) -> Reader:
    """Read texts with an ONNX file as the product does: one by one."""
    model = OnnxModel(path)

    def read(texts: Sequence[str]) -> Outputs:
        rows = [model.run({"ids": row[None]}) for row in encode(tokenizer, texts)]
        return Outputs(*(np.concatenate([row[name] for row in rows]).astype(np.float64) for name in OUTPUTS))

    return read


def _parts(order: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    return [order[i : i + _BATCH] for i in range(0, len(order), _BATCH)]


def _float_batch(net: TextNet, rows: Sequence[NDArray[np.int64]]) -> tuple[NDArray[np.float64], ...]:
    ids, mask = (torch.from_numpy(array) for array in pad(rows))
    with torch.inference_mode():
        fine, coarse, features = net(ids, mask)
        found = (gather_scores(fine, coarse), fine, features)
    return tuple(array.numpy().astype(np.float64) for array in found)
