"""The finder as ONNX, checked against torch."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import torch

from countenance.contracts.errors import BundleError
from countenance.inference.onnx import OnnxModel
from countenance.training.face_finder.net import FinderNet
from countenance.training.face_finder.scenery import HEIGHT, WIDTH

CLOSE = 2e-3


def export(net: FinderNet, target: Path) -> float:
    """Export to ONNX and give the largest difference to torch on random frames."""
    net = net.cpu().eval()
    frames = torch.rand(3, 3, HEIGHT, WIDTH, generator=torch.Generator().manual_seed(3))
    with warnings.catch_warnings():
        # The tracing exporter is deprecated but needs no further package and folds batch norm by itself.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            net,
            (frames,),
            str(target),
            input_names=["frames"],
            output_names=["grid"],
            # Parts of a frame are read as well, of any size that the widest stride divides.
            dynamic_axes={"frames": {0: "n", 2: "tall", 3: "wide"}, "grid": {0: "n", 2: "rows", 3: "columns"}},
            opset_version=17,
            dynamo=False,
        )
    with torch.no_grad():
        wanted = net(frames).numpy()
    got = OnnxModel(target).run({"frames": frames.numpy()})["grid"]
    gap = float(np.abs(got - wanted).max())
    if gap > CLOSE:
        raise BundleError(f"{target} differs from torch by {gap:.1e}", "Export with the torch of the extra `train`.")
    return gap
