"""ONNX Runtime, and the only place that knows about execution providers and threads."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from countenance.contracts.errors import BundleError

CPU = ("CPUExecutionProvider",)
_STATE = onnxruntime.capi.onnxruntime_pybind11_state
FAULTS: tuple[type[Exception], ...] = (
    _STATE.InvalidProtobuf,
    _STATE.Fail,
    _STATE.InvalidGraph,
    _STATE.InvalidArgument,
    _STATE.NotImplemented,
    _STATE.NoModel,
    _STATE.NoSuchFile,
    _STATE.RuntimeException,
)
"""What the runtime raises on a network that it cannot open or run."""

Shape = tuple[int | str | None, ...]
"""Per axis a length, or the name of one that may vary."""


class OnnxModel:
    """One network, one session, one thread; a batch in, named outputs out."""

    def __init__(self, path: Path, providers: Sequence[str] = CPU) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(str(path), options, providers=list(providers))
        except FAULTS[:1] as error:
            raise BundleError(f"{path}: not an ONNX file", "Install the bundle again.") from error
        except FAULTS as error:
            raise BundleError(f"{path}: not a network that can run ({error})", "Install the bundle again.") from error
        self.input_shapes: dict[str, Shape] = {node.name: tuple(node.shape) for node in self._session.get_inputs()}
        self.output_shapes: dict[str, Shape] = {node.name: tuple(node.shape) for node in self._session.get_outputs()}
        self.inputs, self.outputs = tuple(self.input_shapes), tuple(self.output_shapes)

    def run(self, inputs: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[np.float32]]:
        """Run a batch; keys are the network's own input and output names."""
        return dict(zip(self.outputs, self._session.run(None, dict(inputs)), strict=True))
