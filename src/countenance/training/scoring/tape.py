"""A bundle whose network remembers what it said last, so that the encoder runs as it ships and raw outputs are kept."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from countenance.inference.bundle import Bundle
from countenance.inference.onnx import OnnxModel


class Tape:
    """Stands in for a network and runs it."""

    def __init__(self, model: OnnxModel) -> None:
        self._model = model
        self.last: dict[str, NDArray[np.float32]] = {}

    def run(self, inputs: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[np.float32]]:
        """Run a batch and remember it."""
        self.last = self._model.run(inputs)
        return self.last

    def __getattr__(self, name: str) -> object:
        return getattr(self._model, name)


def taped(bundle: Bundle) -> tuple[Bundle, Tape]:
    """The bundle with a tape for a network, and the tape."""
    tape = Tape(bundle.model)
    return replace(bundle, model=cast(OnnxModel, tape)), tape
