"""A face network in 8 bits: the ranges of its values come from training faces."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

BATCH = 32
KINDS = ("Conv", "Add", "Relu", "Mul")

Faces = NDArray[np.float32]


def quantise(path: Path, target: Path, faces: Faces, chosen: Callable[[str], bool]) -> None:
    """Write the chosen nodes of a network in 8 bits; `faces` are n x 1 x s x s in 0..1, its input is `face`.

    Weights use 7 of the 8 bits, so that processors without VNNI do not overflow.
    """
    prepared = target.with_name(f".{target.name}")
    quant_pre_process(str(path), str(prepared), skip_symbolic_shape=True)
    nodes = [n.name for n in onnx.load(str(prepared)).graph.node if n.op_type in KINDS and chosen(n.name)]
    quantize_static(
        str(prepared),
        str(target),
        _Batches(faces),
        quant_format=QuantFormat.QDQ,
        per_channel=True,
        reduce_range=True,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        nodes_to_quantize=nodes,
    )
    prepared.unlink()


class _Batches(CalibrationDataReader):
    """Feeds pictures to the search for ranges."""

    def __init__(self, faces: Faces) -> None:
        self._parts = iter([faces[at : at + BATCH] for at in range(0, len(faces), BATCH)])

    def get_next(self) -> dict[str, Any] | None:
        """The next batch, or None at the end."""
        part = next(self._parts, None)
        return None if part is None else {"face": part}
