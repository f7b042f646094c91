"""Whether a network fits its card: it opens, takes what we feed it, and answers as the card says."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from countenance.contracts.errors import BundleError
from countenance.inference.adapter import Adapter, is_adapter, read_adapter
from countenance.inference.adaptercard import WEIGHTS
from countenance.inference.bundle import Bundle
from countenance.inference.feeding import Feed, trial_feeds
from countenance.inference.onnx import FAULTS, OnnxModel
from countenance.inference.onnxfile import read_facts

CHECK = "Check the card against the description of the model."
MOST_NAMES = 256
FINDS = {"cls": 1, "obj": 1, "bbox": 4, "kps": 10}
"""Numbers per cell of the outputs of a finder."""
STRIDES = (8, 16, 32)

Answers = dict[str, NDArray[np.float32]]


def fit(folder: Path) -> dict[str, Any]:
    """Open a bundle or an adapter, hold an adapter to its card, and describe the network."""
    if not (folder / WEIGHTS).is_file():
        raise BundleError(f"{folder / WEIGHTS}: the file is missing", "A folder of weights holds it under that name.")
    facts = read_facts(folder / WEIGHTS)
    model = _held(read_adapter(folder)) if is_adapter(folder) else Bundle.load(folder).model
    if len(model.inputs) + len(model.outputs) > MOST_NAMES:
        raise BundleError(f"{folder / WEIGHTS}: more than {MOST_NAMES} inputs and outputs", CHECK)
    return {
        "nodes": facts.nodes,
        "parameters": facts.parameters,
        "inputs": {name: list(shape) for name, shape in model.input_shapes.items()},
        "outputs": {name: list(shape) for name, shape in model.output_shapes.items()},
    }


def _held(adapter: Adapter) -> OnnxModel:
    model = adapter.opened()
    for feed in trial_feeds(adapter.folder, adapter.spec.asked):
        _check_inputs(adapter, model, feed)
        _check_answers(adapter, model, _run(adapter, model, feed), feed)
    return model


def _check_inputs(adapter: Adapter, model: OnnxModel, feed: Feed) -> None:
    """Every input is fed, and every fixed length is the one we feed."""
    where = adapter.folder / WEIGHTS
    if model.input_shapes.keys() != feed.keys():
        raise BundleError(
            f"{where}: it takes {', '.join(sorted(model.inputs))}, and the card feeds {', '.join(sorted(feed))}", CHECK
        )
    for name, shape in model.input_shapes.items():
        fed = feed[name].shape
        fits = len(shape) == len(fed) and all(
            not isinstance(want, int) or want == have for want, have in zip(shape, fed, strict=True)
        )
        if not fits:
            raise BundleError(
                f"{where}: its input {name} has the shape {_said(shape)}, and we feed {_said(fed)}", CHECK
            )


def _run(adapter: Adapter, model: OnnxModel, feed: Feed) -> Answers:
    try:
        return model.run(feed)
    except FAULTS as error:
        raise BundleError(f"{adapter.folder / WEIGHTS}: it fails on what the card feeds it ({error})", CHECK) from error


def _check_answers(adapter: Adapter, model: OnnxModel, answers: Answers, feed: Feed) -> None:
    where, output = adapter.folder / WEIGHTS, adapter.spec.output
    if output is None:
        wanted = _finder_shapes(next(iter(feed.values())).shape)
    else:
        wanted = {output.name or model.outputs[0]: (1, len(output.labels))}
    for name, shape in wanted.items():
        if name not in answers:
            raise BundleError(f"{where}: no output {name!r} among {', '.join(sorted(answers))}", CHECK)
        if (found := answers[name].shape) != shape:
            said = f"its output {name} has the shape {_said(found)}, and the card needs {_said(shape)}"
            raise BundleError(f"{where}: {said}", CHECK)
        if not np.isfinite(answers[name]).all():
            raise BundleError(f"{where}: its output {name} is not finite on plain input", CHECK)


def _finder_shapes(fed: tuple[int, ...]) -> dict[str, tuple[int, ...]]:
    height, width = fed[2:]
    return {
        f"{name}_{stride}": (1, (height // stride) * (width // stride), numbers)
        for name, numbers in FINDS.items()
        for stride in STRIDES
    }


def _said(shape: tuple[int | str | None, ...]) -> str:
    return " x ".join(str(length) for length in shape) or "none"
