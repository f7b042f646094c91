"""The voice net as ONNX, checked against torch, and the bundle around it."""

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from countenance.contracts.errors import BundleError
from countenance.encoders.voice import INPUTS
from countenance.inference.functionals import FUNCTIONALS
from countenance.inference.logmel import MELS, Floats, SpeakerPrior
from countenance.inference.onnx import OnnxModel
from countenance.training.export import write_bundle
from countenance.training.voice_emotion.card import WEIGHTS_LICENCE, card
from countenance.training.voice_emotion.net import VoiceNet

OUTPUTS = ("scores", "dimensions", "embedding")
_CLOSE = 1e-3


def to_onnx(net: VoiceNet, path: Path) -> float:
    """Write the net for any stretch and any number of looks; gives its largest difference from torch, which must be
    small."""
    example = tuple(torch.from_numpy(value) for value in _example(120, 2).values())
    names = {"input_names": list(INPUTS), "output_names": list(OUTPUTS)}
    axes = {"frames": {3: "frames"}, "present": {1: "looks", 2: "frames"}}
    free = axes | {name: {0: "looks"} for name in (*INPUTS[2:], *OUTPUTS)}
    with warnings.catch_warnings():  # the exporter does not fold how paddings are written; the runtime does
        warnings.filterwarnings("ignore", "Constant folding", UserWarning)
        torch.onnx.export(net.eval(), example, str(path), dynamic_axes=free, opset_version=17, dynamo=False, **names)
    return _difference(net, OnnxModel(path))


def _example(frames: int, looks: int) -> dict[str, Floats]:
    """Looks that end one after the other, at made numbers."""
    rng = np.random.default_rng(0)
    ends = frames - 10 * np.arange(looks)[::-1]
    return {
        "frames": rng.normal(size=(1, 1, MELS, frames)).astype(np.float32),
        "present": (np.arange(frames) < ends[:, None]).astype(np.float32)[None],
        "functionals": rng.normal(size=(looks, FUNCTIONALS)).astype(np.float32),
        "seconds": np.linspace(0.5, 90.0, looks, dtype=np.float32),
        "lift": np.linspace(-1.5, 1.5, looks, dtype=np.float32),
        "usual": rng.normal(0.0, 0.3, (looks, FUNCTIONALS)).astype(np.float32),
        "usual_square": rng.uniform(0.5, 2.0, (looks, FUNCTIONALS)).astype(np.float32),
        "usual_seconds": np.linspace(0.0, 60.0, looks, dtype=np.float32),
    }


def _difference(net: VoiceNet, model: OnnxModel) -> float:
    values = _example(400, 10)
    with torch.no_grad():
        own = net(*(torch.from_numpy(value) for value in values.values()))
    said = model.run(values)
    worst = max(float(np.abs(said[name] - one.numpy()).max()) for name, one in zip(OUTPUTS, own, strict=True))
    if worst > _CLOSE:
        raise BundleError(f"the exported voice net differs from torch by {worst:.4f}", "Export with another torch.")
    return worst


def write(folder: Path, onnx: Path, prior: SpeakerPrior, results: Mapping[str, Mapping[str, Any]]) -> None:
    """Write the bundle from what the stages left."""
    licence = onnx.with_name("LICENSE-WEIGHTS.txt")
    licence.write_text(WEIGHTS_LICENCE, encoding="utf-8")
    found = results["figures"]
    calibration = {
        "id": "voice-emotion.v1.ravdess",
        **found["calibration"],
        "prior": {"mean": list(prior.mean), "variance": list(prior.variance)},
        "abstain_below": found["abstain"]["threshold"],
        "conformal": {"alpha": found["conformal"]["alpha"], "quantile": found["conformal"]["quantile"]},
    }
    write_bundle(folder, onnx, card(results), calibration, {"LICENSE-WEIGHTS.txt": licence})
