"""Valence, arousal and dominance: a small head on the features of the finished text net, fitted to EmoBank.

The encoder never sees EmoBank (CC BY-SA 4.0): only this head is fitted to it, and it is a bundle of its own.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import helper, numpy_helper
from torch import nn

from countenance.training.datasets.emobank import EmoBankSplit
from countenance.training.text_emotion.onnx_export import OPSET
from countenance.training.text_emotion.outputs import Outputs
from countenance.training.text_emotion.recipe import Head

Floats = NDArray[np.float64]
Weights = NDArray[np.float32]
_BATCH = 64
_IR_VERSION = 9


@dataclass(frozen=True, slots=True, eq=False)
class VadHead:
    """clip(silu(features @ first + first_offset) @ second + second_offset): three values in -1..1."""

    first: Weights
    """1536 x hidden."""
    first_offset: Weights
    second: Weights
    """hidden x 3."""
    second_offset: Weights

    def __call__(self, features: Floats) -> Floats:
        """Valence, arousal and dominance of each row."""
        inner = features @ self.first + self.first_offset
        inner = inner * 0.5 * (1.0 + np.tanh(0.5 * inner))
        return np.asarray(np.clip(inner @ self.second + self.second_offset, -1.0, 1.0), np.float64)


def features_of(said: Outputs) -> Floats:
    """What the head reads: lower layers, then the last one, n x 1536."""
    return np.concatenate([said.layers, said.embedding], axis=1)


def unit(vad: Floats) -> Floats:
    """Ratings of 1 to 5 as values of -1 to 1; 3, neither, is 0."""
    return (vad - 3.0) / 2.0


def fit_vad(features: Floats, train: EmoBankSplit, how: Head) -> VadHead:
    """Fit on train with a fixed number of epochs; every setting was chosen on dev."""
    torch.manual_seed(how.seed)
    target = unit(train.vad)
    mean, scale = features.mean(axis=0), features.std(axis=0) + 1e-6
    middle, spread = target.mean(axis=0), target.std(axis=0)
    x = torch.from_numpy(((features - mean) / scale).astype(np.float32))
    y = torch.from_numpy(((target - middle) / spread).astype(np.float32))
    first, last = nn.Linear(x.shape[1], how.hidden), nn.Linear(how.hidden, y.shape[1])
    net = nn.Sequential(nn.Dropout(how.input_dropout), first, nn.SiLU(), nn.Dropout(how.dropout), last)
    optimiser = torch.optim.AdamW(net.parameters(), lr=how.rate, weight_decay=how.weight_decay)
    steps = how.epochs * -(-len(x) // _BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, how.rate, total_steps=steps)
    for _ in range(how.epochs):
        for batch in torch.randperm(len(x)).split(_BATCH):
            loss = ((net(x[batch]) - y[batch]) ** 2).mean()
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
            schedule.step()
    return _plain(first, last, mean, scale, middle, spread)


def _plain(first: nn.Linear, last: nn.Linear, mean: Floats, scale: Floats, middle: Floats, spread: Floats) -> VadHead:
    """Fold the standardisation of both ends into the weights."""
    inner = first.weight.detach().numpy().T / scale[:, None]
    outer = last.weight.detach().numpy().T * spread
    return VadHead(
        inner.astype(np.float32),
        (first.bias.detach().numpy() - mean @ inner).astype(np.float32),
        outer.astype(np.float32),
        (last.bias.detach().numpy() * spread + middle).astype(np.float32),
    )


def export_vad(head: VadHead, path: Path) -> None:
    """Write the head: features (n x 1536) to dimensions (n x 3) in -1..1."""
    kind = onnx.TensorProto.FLOAT
    graph = helper.make_graph(
        [
            helper.make_node("Gemm", ["features", "first", "first_offset"], ["inner"]),
            helper.make_node("Sigmoid", ["inner"], ["gate"]),
            helper.make_node("Mul", ["inner", "gate"], ["hidden"]),
            helper.make_node("Gemm", ["hidden", "second", "second_offset"], ["raw"]),
            helper.make_node("Clip", ["raw", "low", "high"], ["dimensions"]),
        ],
        "text-vad",
        [helper.make_tensor_value_info("features", kind, ["n", head.first.shape[0]])],
        [helper.make_tensor_value_info("dimensions", kind, ["n", head.second.shape[1]])],
        [
            *(numpy_helper.from_array(getattr(head, name), name) for name in head.__slots__),
            numpy_helper.from_array(np.float32(-1.0), "low"),
            numpy_helper.from_array(np.float32(1.0), "high"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)])
    model.ir_version = _IR_VERSION
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


def read_vad(path: Path) -> VadHead:
    """Read what `export_vad` wrote."""
    weights = {one.name: numpy_helper.to_array(one) for one in onnx.load(str(path)).graph.initializer}
    return VadHead(*(weights[name] for name in VadHead.__slots__))
