"""What a finished text net says of many texts: in float32 through torch, in 8 bits through the shipped file."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer

from countenance.inference.onnx import OnnxModel
from countenance.training.text_emotion.batches import encode, pad
from countenance.training.text_emotion.net import TextNet
from countenance.training.text_emotion.onnx_export import OUTPUTS, gather_scores

Floats = NDArray[np.float64]
_BATCH = 64


@dataclass(frozen=True, slots=True, eq=False)
class Outputs:
    """What the shipped file says, one row per text."""

    scores: Floats
    """Logits n x 9, order of SCORES."""
    labels: Floats
    """Logits n x 28, order of FINE."""
    embedding: Floats
    """Mean of the last layer over the tokens, n x 384."""
    layers: Floats
    """Means of lower layers side by side, n x (384 x len(DEPTHS))."""


Reader = Callable[[Sequence[str]], Outputs]


def remembered(read: Reader) -> Reader:
    """The same reader, which reads the same texts only once."""
    seen = cache(read)
    return lambda texts: seen(tuple(texts))


def onnx_reader(path: Path, tokenizer: Tokenizer) -> Reader:
    """Read texts with an ONNX file as the product does: one by one."""
    model = OnnxModel(path)

    def read(texts: Sequence[str]) -> Outputs:
        rows = [model.run({"ids": row[None]}) for row in encode(tokenizer, texts)]
        return Outputs(*(np.concatenate([row[name] for row in rows]).astype(np.float64) for name in OUTPUTS))

    return read


def float_logits(
    net: TextNet, tokenizer: Tokenizer, texts: Sequence[str], *, rough: bool = False
) -> tuple[Floats, Floats]:
    """Fine (n x 28) and coarse (n x 8) logits of the net, read in padded batches of like length.

    In float32, or, where two digits do, with products in bf16.
    """
    rows = encode(tokenizer, texts)
    order = np.argsort([len(row) for row in rows], kind="stable")
    net.eval()
    parts = [_batch(net, [rows[i] for i in part], rough) for part in _parts(order)]
    back = np.argsort(order)
    fine, coarse = (np.concatenate(column)[back] for column in zip(*parts, strict=True))
    return fine, coarse


def float_scores(net: TextNet, tokenizer: Tokenizer, texts: Sequence[str]) -> Floats:
    """The nine scores (n x 9) of the net in float32, as logits."""
    fine, coarse = (torch.from_numpy(logits) for logits in float_logits(net, tokenizer, texts))
    found: Floats = gather_scores(fine, coarse).numpy()
    return found


def _parts(order: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
    return (order[i : i + _BATCH] for i in range(0, len(order), _BATCH))


def _batch(net: TextNet, rows: Sequence[NDArray[np.int64]], rough: bool) -> tuple[Floats, Floats]:
    device = net.fine.weight.device
    ids, mask = (torch.from_numpy(array).to(device) for array in pad(rows))
    with torch.inference_mode(), torch.autocast(device.type, torch.bfloat16, enabled=rough):
        fine, coarse = net(ids, mask)
    return fine.float().cpu().numpy().astype(np.float64), coarse.float().cpu().numpy().astype(np.float64)
