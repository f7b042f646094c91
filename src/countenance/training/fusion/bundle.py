"""A trained fusion as a bundle: ONNX checked against torch, calibrated on dev, with a card of what it rests on."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from countenance.contracts.errors import BundleError
from countenance.fusion.features import MODALITIES, SUMMARY, TOKEN, TOKENS
from countenance.inference.onnx import OnnxModel
from countenance.training.export import write_bundle
from countenance.training.fusion.calibrate import calibration
from countenance.training.fusion.examples import Batch
from countenance.training.fusion.fit import logits_of
from countenance.training.fusion.recipe import FusionRecipe

INPUTS: Mapping[str, Mapping[str, tuple[int, ...]]] = {
    "late": {"modalities": (len(MODALITIES), SUMMARY)},
    "crossmodal": {"tokens": (len(MODALITIES), TOKENS, TOKEN), "present": (len(MODALITIES), TOKENS)},
}
CLOSE = 1e-4
"""How far the exported network may be from torch, in logits."""


@dataclass(frozen=True, slots=True)
class Origin:
    """What a fusion was trained on, for its card."""

    data: str
    ledger: tuple[str, ...]
    commercial: bool
    notice: str
    limits: tuple[str, ...]
    figures: Sequence[Mapping[str, Any]] = ()


def publish(
    net: nn.Module, recipe: FusionRecipe, labels: tuple[str, ...], dev: Batch, origin: Origin, out: Path
) -> Path:
    """Write the bundle into the folder `out`, named after the recipe; gives its folder."""
    onnx = out / f".{recipe.bundle}.onnx"
    out.mkdir(parents=True, exist_ok=True)
    export(net, recipe.task, onnx)
    apart = float(np.abs(OnnxModel(onnx).run(dev.inputs)["scores"] - logits_of(net, dev.inputs)).max())
    if apart > CLOSE:
        raise BundleError(f"{onnx}: ONNX and torch differ by {apart:.2g} logits", "Try another version of torch.")
    fitted = calibration(recipe.bundle, logits_of(net, dev.inputs), dev.targets, net.gates is not None)
    write_bundle(out / recipe.bundle, onnx, card(recipe, labels, origin), fitted)
    onnx.unlink()
    return out / recipe.bundle


def export(net: nn.Module, task: str, path: Path) -> None:
    """Write the network with a free batch size."""
    shapes = INPUTS[task]
    example = tuple(torch.zeros(2, *shape) for shape in shapes.values())
    names = [*shapes, "scores"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the exporter of dynamo wants a package more
        torch.onnx.export(
            net.eval(),
            example,
            str(path),
            input_names=list(shapes),
            output_names=["scores"],
            dynamic_axes={name: {0: "n"} for name in names},
            opset_version=17,
            dynamo=False,
        )


def card(recipe: FusionRecipe, labels: tuple[str, ...], origin: Origin) -> dict[str, Any]:
    """The model card."""
    identity, _, version = recipe.bundle.rpartition(".")
    shapes = ", ".join(f"{name} n x {' x '.join(map(str, shape))}" for name, shape in INPUTS[recipe.task].items())
    return {
        "id": identity,
        "version": version,
        "modality": "fusion",
        "task": recipe.task,
        "summary": "Weighs what face, voice and words say in one second of one person, whichever of them are there.",
        "outputs": {"scores": list(labels)},
        "licence": {
            "code": "Apache-2.0",
            "weights": "as the data allow, see the ledger rows",
            "data": origin.data,
            "commercial": origin.commercial,
            "notice": origin.notice,
            "ledger": list(origin.ledger),
        },
        "input": {"shape": shapes, "layout": "countenance.fusion.features: logits, dimensions, presence, quality, age"},
        "calibration": {"method": "one temperature, or slope and offset per label", "fitted_on": "the dev side"},
        "data": {
            "train": origin.data,
            "run": f"seed {recipe.seed}, width {recipe.width}, at most {recipe.epochs} epochs",
        },
        "limits": {"text": list(origin.limits)},
        "figures": [dict(row) for row in origin.figures],
    }
