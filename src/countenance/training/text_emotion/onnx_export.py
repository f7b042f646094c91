"""The trained text net as one ONNX file with dynamic int8 products."""

from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnxruntime.quantization import QuantType, quantize_dynamic
from torch import Tensor, nn

from countenance.training.text_emotion.labels import COARSE, FINE
from countenance.training.text_emotion.net import TextNet

SCORES = (*COARSE[:-1], "confusion", COARSE[-1])
OUTPUTS = ("scores", "labels", "features")
_OPSET, _IR_VERSION = 17, 9


class OneText(nn.Module):
    """The net for texts of one length: no mask, and the outputs in the order of the bundle."""

    def __init__(self, net: TextNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, ids: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Map n x t ids to scores (n x 9), GoEmotions labels (n x 28) and features (n x 384)."""
        x = self.net.norm(self.net.words(ids) + self.net.positions.weight[: ids.shape[1]])
        for layer in self.net.layers:
            x = layer(x, None)
        pooled = x.mean(1)
        fine = self.net.fine(pooled)
        return gather_scores(fine, self.net.coarse(pooled)), fine, pooled


def gather_scores(fine: Tensor, coarse: Tensor) -> Tensor:
    """Put confusion, a fine label, between the Ekman classes and frustration: the order of SCORES."""
    at = FINE.index("confusion")
    return torch.cat([coarse[:, :-1], fine[:, at : at + 1], coarse[:, -1:]], dim=1)


def export_float(net: TextNet, path: Path) -> None:
    """Write the net in float32."""
    net.eval()
    torch.onnx.export(
        OneText(net),
        (torch.ones((1, 8), dtype=torch.int64),),
        str(path),
        dynamo=False,
        opset_version=_OPSET,
        input_names=["ids"],
        output_names=list(OUTPUTS),
        dynamic_axes={"ids": {0: "n", 1: "t"}, **{name: {0: "n"} for name in OUTPUTS}},
    )


def quantise(source: Path, target: Path) -> None:
    """Write the int8 file: embeddings and matrix products in 8 bits, sums in float32.

    One scale per output channel; 7 bits of weight, because processors without VNNI add pairs of 8-bit products in 16
    bits and would overflow there: the file must read the same on old machines.
    """
    quantize_dynamic(
        str(source),
        str(target),
        weight_type=QuantType.QInt8,
        op_types_to_quantize=["MatMul", "Gather"],
        per_channel=True,
        reduce_range=True,
    )
    model = onnx.load(str(target))
    model.ir_version = _IR_VERSION
    onnx.checker.check_model(model)
    onnx.save(model, str(target))


def export_vad(weights: NDArray[np.float64], offset: NDArray[np.float64], path: Path) -> None:
    """Write the linear V/A/D head: features (n x 384) to dimensions (n x 3) in -1..1."""
    helper, kind = onnx.helper, onnx.TensorProto.FLOAT
    graph = helper.make_graph(
        [
            helper.make_node("Gemm", ["features", "weights", "offset"], ["raw"]),
            helper.make_node("Clip", ["raw", "low", "high"], ["dimensions"]),
        ],
        "text-vad",
        [helper.make_tensor_value_info("features", kind, ["n", weights.shape[0]])],
        [helper.make_tensor_value_info("dimensions", kind, ["n", weights.shape[1]])],
        [
            onnx.numpy_helper.from_array(weights.astype(np.float32), "weights"),
            onnx.numpy_helper.from_array(offset.astype(np.float32), "offset"),
            onnx.numpy_helper.from_array(np.float32(-1.0), "low"),
            onnx.numpy_helper.from_array(np.float32(1.0), "high"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", _OPSET)])
    model.ir_version = _IR_VERSION
    onnx.checker.check_model(model)
    onnx.save(model, str(path))
