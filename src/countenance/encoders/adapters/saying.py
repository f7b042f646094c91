"""What a foreign net's columns mean in our words."""

from collections.abc import Callable, Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from countenance.contracts.readings import EMOTIONS
from countenance.inference.adaptercard import Dimension, Output
from countenance.inference.calibration import sigmoid, softmax

Said = tuple[dict[str, float], dict[str, float]]
"""Scores and dimensions."""

TINY = 1e-6


def said(row: NDArray[np.float32], output: Output) -> Said:
    """One row of the net's output as scores and dimensions.

    Labels that share a name join: their sum, or the largest where labels hold independently (`sigmoid`). The emotions
    become one distribution. Of those that the net has no label for it says nothing: each keeps an even share of 1/7.
    """
    columns = dict(zip(output.labels, row.tolist(), strict=True))
    axes = {dimension.label for dimension in output.dimensions.values()}
    chances = _chances({label: value for label, value in columns.items() if label not in axes}, output)
    join = max if output.activation == "sigmoid" else sum
    scores = _distribution(_joined(chances, output.emotions, join))
    scores |= {name: min(1.0, value) for name, value in _joined(chances, output.alone, join).items()}
    return scores, {name: _placed(columns[axis.label], axis) for name, axis in output.dimensions.items()}


def _chances(columns: Mapping[str, float], output: Output) -> dict[str, float]:
    if not columns:
        return {}
    values = np.array(list(columns.values()), dtype=np.float32)
    if output.activation == "none":
        turned = values.clip(0, 1)
    else:
        turned = (softmax if output.activation == "softmax" else sigmoid)(values / np.float32(output.temperature))
    return dict(zip(columns, turned.tolist(), strict=True))


def _joined(
    chances: Mapping[str, float], places: Mapping[str, str], join: Callable[[Iterable[float]], float]
) -> dict[str, float]:
    named: dict[str, list[float]] = {}
    for label, name in places.items():
        named.setdefault(name, []).append(chances[label])
    return {name: join(values) for name, values in named.items()}


def _distribution(found: Mapping[str, float]) -> dict[str, float]:
    """One distribution over EMOTIONS; empty when the net names none of them here."""
    total = sum(found.values())
    if total <= TINY:
        return {}
    known = len(found) / len(EMOTIONS)
    return {name: found[name] / total * known if name in found else 1 / len(EMOTIONS) for name in EMOTIONS}


def _placed(value: float, axis: Dimension) -> float:
    """A place between the net's own ends, brought to -1..1 and kept inside."""
    return max(-1.0, min(1.0, 2 * (value - axis.low) / (axis.high - axis.low) - 1))
