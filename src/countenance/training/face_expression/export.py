"""The network as ONNX: both mirror images in one pass, checked against torch, in 8 bits where that pays."""

from __future__ import annotations

import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process
from torch import Tensor, nn

from countenance.contracts.errors import BundleError
from countenance.inference.facecrop import SMALL_PX
from countenance.inference.onnx import OnnxModel
from countenance.training.face_expression.net import ExpressionNet

CLOSE = 1e-3
"""Largest difference of a raw value between ONNX Runtime and torch."""
NAMES = ("scores", "embedding")


class Mirrored(nn.Module):
    """The mean over a face and its mirror image: one call, twice the work, steadier values."""

    def __init__(self, net: ExpressionNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Take n x 1 x s x s; give n x outputs raw values and n x embedding features."""
        scores, features = self.net(torch.cat([images, images.flip(3)]))
        return _mean_of_halves(scores), _mean_of_halves(features)


def _mean_of_halves(values: Tensor) -> Tensor:
    return values.reshape(2, -1, values.shape[1]).mean(dim=0)


def export(net: ExpressionNet, path: Path, images: NDArray[np.uint8]) -> float:
    """Write the network as ONNX; gives the largest difference to torch on `images`, which must be tiny."""
    mirrored = Mirrored(net).eval().to("cpu", memory_format=torch.contiguous_format)
    with warnings.catch_warnings():
        # The tracing exporter is deprecated but needs no further package and folds batch normalisation by itself.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            mirrored,
            (torch.rand(2, 1, SMALL_PX, SMALL_PX),),
            str(path),
            input_names=["face"],
            output_names=list(NAMES),
            dynamic_axes={name: {0: "n"} for name in ("face", *NAMES)},
            opset_version=17,
            dynamo=False,
        )
    quant_pre_process(str(path), str(path), skip_symbolic_shape=True)
    with torch.no_grad():
        wanted = [part.numpy() for part in mirrored(torch.from_numpy(scaled(images)))]
    got = OnnxModel(path).run({"face": scaled(images)})
    gap = max(float(np.abs(got[name] - part).max()) for name, part in zip(NAMES, wanted, strict=True))
    if gap > CLOSE:
        raise BundleError(f"{path} differs from torch by {gap:.1e}", "Export with the torch of the extra `train`.")
    return gap


def quantise(path: Path, target: Path, images: NDArray[np.uint8]) -> None:
    """Write the convolutions in 8 bits; ranges come from `images`, which are training faces.

    Gates and the head stay exact. Weights use 7 of the 8 bits, so that processors without VNNI do not overflow.
    """
    nodes = onnx.load(str(path)).graph.node
    chosen = [n.name for n in nodes if n.op_type in ("Conv", "Add", "Relu", "Mul") and _inside(n.name)]
    quantize_static(
        str(path),
        str(target),
        _Batches(images),
        quant_format=QuantFormat.QDQ,
        per_channel=True,
        reduce_range=True,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        nodes_to_quantize=chosen,
    )


def _inside(name: str) -> bool:
    """Whether a node belongs to the blocks, and is no gate."""
    return "/stages/" in name and "/gate/" not in name


def cpu_ms(model: OnnxModel, calls: int = 300) -> float:
    """CPU milliseconds for one crop, one call each, one thread."""
    face = np.random.default_rng(0).random((1, 1, SMALL_PX, SMALL_PX), dtype=np.float32)
    for _ in range(calls // 10):
        model.run({"face": face})
    began = time.process_time()
    for _ in range(calls):
        model.run({"face": face})
    return (time.process_time() - began) / calls * 1000


def outputs_of(model: OnnxModel, images: NDArray[np.uint8], batch: int = 64) -> NDArray[np.float32]:
    """Raw values n x 8 for grey images n x 48 x 48."""
    parts = [model.run({"face": scaled(images[at : at + batch])})["scores"] for at in range(0, len(images), batch)]
    return np.concatenate(parts)


def scaled(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Grey images n x 48 x 48 as n x 1 x 48 x 48 in 0..1."""
    return np.asarray(images[:, None], dtype=np.float32) / np.float32(255)


class _Batches(CalibrationDataReader):
    """Feeds pictures to the search for ranges."""

    def __init__(self, images: NDArray[np.uint8], batch: int = 32) -> None:
        self._parts = iter([scaled(images[at : at + batch]) for at in range(0, len(images), batch)])

    def get_next(self) -> dict[str, Any] | None:
        """The next batch, or None at the end."""
        part = next(self._parts, None)
        return None if part is None else {"face": part}
