"""The voice net as ONNX, checked against torch, and the bundle around it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from countenance.contracts.errors import BundleError
from countenance.encoders.functionals import FUNCTIONALS
from countenance.encoders.voice import INPUTS
from countenance.inference.logmel import MELS, SpeakerPrior
from countenance.inference.onnx import OnnxModel
from countenance.training.export import write_bundle
from countenance.training.voice_emotion.card import WEIGHTS_LICENCE, card
from countenance.training.voice_emotion.net import VoiceNet
from countenance.training.voice_emotion.sessions import CONTEXT_FRAMES

OUTPUTS = ("scores", "dimensions", "embedding")
_CLOSE = 1e-3


def to_onnx(net: VoiceNet, path: Path) -> float:
    """Write the net with a free batch size; gives its largest difference from torch, which must be small."""
    example = (torch.zeros(2, 1, MELS, CONTEXT_FRAMES), torch.ones(2, CONTEXT_FRAMES), torch.zeros(2, FUNCTIONALS))
    names = {"input_names": list(INPUTS), "output_names": list(OUTPUTS)}
    free = {name: {0: "n"} for name in (*INPUTS, *OUTPUTS)}
    torch.onnx.export(net.eval(), example, str(path), dynamic_axes=free, opset_version=17, dynamo=False, **names)
    return _difference(net, OnnxModel(path))


def _difference(net: VoiceNet, model: OnnxModel) -> float:
    rng = np.random.default_rng(0)
    present = (np.arange(CONTEXT_FRAMES)[None] < np.array([[300], [170], [60]])).astype(np.float32)
    frames = rng.normal(size=(3, 1, MELS, CONTEXT_FRAMES)).astype(np.float32) * present[:, None, None]
    values = (frames, present, rng.normal(size=(3, FUNCTIONALS)).astype(np.float32))
    with torch.no_grad():
        own = net(*(torch.from_numpy(value) for value in values))
    said = model.run(dict(zip(INPUTS, values, strict=True)))
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
