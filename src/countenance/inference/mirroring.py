"""A face read twice, as it is and mirrored, where one look leaves the network unsure. Training reads as encoders do."""

import numpy as np
from numpy.typing import NDArray

from countenance.inference.calibration import softmax
from countenance.inference.onnx import OnnxModel

Floats = NDArray[np.float32]


def read_faces(model: OnnxModel, faces: Floats, below: float) -> dict[str, Floats]:
    """What a network says of faces (n x 1 x s x s), by output; the mean of both looks where it looked twice.

    It looks again where the largest share of its raw `scores` is under `below`; 0 is never.
    """
    said = model.run({"face": faces})
    again = unsure(said["scores"], below)
    if again.any():
        mirrored = model.run({"face": np.ascontiguousarray(faces[again][..., ::-1])})
        for name, values in said.items():
            values[again] = (values[again] + mirrored[name]) * np.float32(0.5)
    return said


def unsure(scores: Floats, below: float) -> NDArray[np.bool_]:
    """Which rows of raw scores (n x k) name nothing by at least `below`."""
    return np.asarray(softmax(scores).max(axis=1) < below)
