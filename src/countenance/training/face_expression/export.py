"""The network as ONNX, checked against torch, in 8 bits where that pays."""

from __future__ import annotations

import time
import warnings
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from onnxruntime.quantization.shape_inference import quant_pre_process

from countenance.contracts.errors import BundleError
from countenance.inference.facecrop import SMALL_PX
from countenance.inference.mirroring import read_faces, unsure
from countenance.inference.onnx import OnnxModel
from countenance.training.face_bits import quantise
from countenance.training.face_expression.net import ExpressionNet

CLOSE = 1e-3
"""Largest difference of a raw value between ONNX Runtime and torch."""
NAMES = ("scores", "embedding")
MIRROR_BELOW = 0.7
"""Largest share under which a face is read once more, mirrored; chosen on dev (`make` notes what others do)."""
MIRROR_TRIED = (0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
"""0: no face is read twice; 1: every face is."""
BATCH = 64


def export(net: ExpressionNet, path: Path, images: NDArray[np.uint8]) -> float:
    """Write the network as ONNX; gives the largest difference to torch on `images`, which must be tiny."""
    plain = net.eval().to("cpu", memory_format=torch.contiguous_format)
    with warnings.catch_warnings():
        # The tracing exporter is deprecated but needs no further package and folds batch normalisation by itself.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            plain,
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
        wanted = [part.numpy() for part in plain(torch.from_numpy(scaled(images)))]
    got = OnnxModel(path).run({"face": scaled(images)})
    gap = max(float(np.abs(got[name] - part).max()) for name, part in zip(NAMES, wanted, strict=True))
    if gap > CLOSE:
        raise BundleError(f"{path} differs from torch by {gap:.1e}", "Export with the torch of the extra `train`.")
    return gap


def in_eight_bits(path: Path, target: Path, images: NDArray[np.uint8]) -> None:
    """Write the convolutions in 8 bits; ranges come from `images`, which are training faces. Gates and head stay."""
    quantise(path, target, scaled(images), _inside)


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


def outputs_of(model: OnnxModel, images: NDArray[np.uint8], below: float = MIRROR_BELOW) -> NDArray[np.float32]:
    """Raw values n x 8 for grey images n x 48 x 48, read as the encoder reads them."""
    parts = [images[at : at + BATCH] for at in range(0, len(images), BATCH)]
    return np.concatenate([read_faces(model, scaled(part), below)["scores"] for part in parts])


def read_twice(model: OnnxModel, images: NDArray[np.uint8]) -> float:
    """Share of faces that are read once more, mirrored."""
    return float(unsure(outputs_of(model, images, 0.0), MIRROR_BELOW).mean())


def scaled(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Grey images n x 48 x 48 as n x 1 x 48 x 48 in 0..1."""
    return np.asarray(images[:, None], dtype=np.float32) / np.float32(255)
