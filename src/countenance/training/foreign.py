"""Safetensors of the hub to a network: the architecture comes from transformers, the meaning from an adapter card."""

import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers
from torch import nn

from countenance.contracts.errors import BundleError, UsageError
from countenance.inference.adapter import ADAPTER
from countenance.inference.adaptercard import WEIGHTS, AdapterCard, TextInput
from countenance.inference.bundle import sha256
from countenance.inference.capped import tried
from countenance.inference.feeding import Feed, trial_feeds
from countenance.inference.onnx import OnnxModel
from countenance.inference.safetensor import read_header
from countenance.inference.tables import checked
from countenance.inference.tomltext import to_toml

KINDS: Mapping[str, Any] = {
    "face": transformers.AutoModelForImageClassification,
    "voice": transformers.AutoModelForAudioClassification,
    "text": transformers.AutoModelForSequenceClassification,
}
CLOSE = 1e-3
"""Largest difference between the network and PyTorch, relative to the spread of the logits."""


FLAT = 1e-4
"""Spread below which logits count as equal."""


class _Logits(nn.Module):
    """The model with plain inputs in a fixed order and its logits alone."""

    def __init__(self, model: nn.Module, names: list[str]) -> None:
        super().__init__()
        self.model, self.names = model, names

    def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
        """Logits, n x labels."""
        logits: torch.Tensor = self.model(**dict(zip(self.names, inputs, strict=True))).logits
        return logits


def convert(source: Path, card: Mapping[str, Any], out: Path) -> None:
    """Write an adapter folder; raises when the weights are no safetensors, or do not fit the card."""
    spec = checked(AdapterCard, {**card, "files": {WEIGHTS: "0" * 64, **_extra(card)}}, str(source))
    if spec.kind not in KINDS or spec.output is None:
        raise UsageError(f"{source}: an adapter of the kind {spec.kind} is not converted", "Give it as ONNX.")
    if out.exists():
        raise UsageError(f"{out}: lies there already", "Name another folder with --to.")
    _check_source(source, spec)
    model = KINDS[spec.kind].from_pretrained(
        source, local_files_only=True, use_safetensors=True, trust_remote_code=False
    )
    with tempfile.TemporaryDirectory(dir=out.parent) as scratch:
        stage = Path(scratch) / out.name
        stage.mkdir()
        if isinstance(spec.asked, TextInput):
            (stage / spec.asked.tokenizer).write_bytes((source / "tokenizer.json").read_bytes())
        _export(model.eval(), trial_feeds(stage, spec.asked), stage / WEIGHTS)
        digests = {path.name: sha256(path) for path in sorted(stage.iterdir())}
        (stage / ADAPTER).write_text(to_toml({**card, "files": digests}), encoding="utf-8")
        tried(stage)
        stage.rename(out)


def _extra(card: Mapping[str, Any]) -> dict[str, str]:
    return {card["text"].get("tokenizer", "tokenizer.json"): "0" * 64} if "text" in card else {}


def _check_source(source: Path, spec: AdapterCard) -> None:
    weights = sorted(source.glob("*.safetensors"))
    if not weights:
        raise BundleError(f"{source}: no .safetensors file", "Pickles are refused: ask the publisher for safetensors.")
    for path in weights:
        read_header(path)
    try:
        said = json.loads((source / "config.json").read_text(encoding="utf-8"))["id2label"]
        labels = tuple(said[str(at)] for at in range(len(said)))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BundleError(
            f"{source / 'config.json'}: its labels cannot be read ({error!r})", "Get it again."
        ) from error
    if spec.output is not None and labels != spec.output.labels:
        raise BundleError(
            f"{source / 'config.json'}: the labels are {', '.join(labels)}, and the card says "
            f"{', '.join(spec.output.labels)}",
            "Write them into the card in the order of config.json.",
        )


def _export(model: nn.Module, feeds: Sequence[Feed], path: Path) -> None:
    """Write the ONNX file and hold it to the model on every trial feed."""
    names = list(feeds[0])
    wrapped = _Logits(model, names).eval()
    tensors = tuple(torch.from_numpy(feeds[0][name]) for name in names)
    axes = {name: {0: "n", **({1: "t"} if feeds[0][name].ndim == 2 else {})} for name in names}
    with torch.no_grad():
        torch.onnx.export(
            wrapped, tensors, str(path), input_names=names, output_names=["logits"], opset_version=17,
            dynamic_axes={**axes, "logits": {0: "n"}}, dynamo=False,
        )  # fmt: skip
        network = OnnxModel(path)
        for feed in feeds:
            wanted = wrapped(*(torch.from_numpy(feed[name]) for name in names)).numpy()
            said = network.run(feed)["logits"]
            if np.abs(said - wanted).max() > CLOSE * max(FLAT, float(np.ptp(wanted))):
                raise BundleError(f"{path}: the network and PyTorch differ by {np.abs(said - wanted).max():.2g}", "")
