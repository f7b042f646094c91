"""What a head sees of a window: per modality how good it is, what its encoders say, and what their nets saw inside.

A modality's columns are: whether it is there, its quality, its measured values (scores as log-odds, dimensions, cues)
and the mean embedding of each of its nets. Values and embeddings are standardised, each of the two groups is divided by
the root of its size, so that 384 numbers weigh no more than ten, and multiplied by the quality, so that words fade out
of a head as they fade out of a call. A value that is missing lies at its mean; a modality that is missing is all zeros.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from countenance.contracts.call import Modality
from countenance.contracts.readings import Observation, Window
from countenance.fusion.weighing import Weighed, mean
from countenance.inference.calibration import logit

Floats = NDArray[np.float32]

GATES = 2
"""Columns before the values of a modality: present, quality."""


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """Which column is what; fixed when a head is trained and kept in its calibration file."""

    values: Mapping[Modality, tuple[str, ...]]
    """Measured values by modality, as `score.x`, `dimension.x`, `cue.x`; the keys are the modalities of the head."""
    nets: Mapping[Modality, tuple[tuple[str, int], ...]]
    """Bundles that give embeddings, with their widths."""
    encoders: tuple[str, ...]
    """The bundles whose observations count; whatever else is installed later is not what the head learnt."""
    mean: Floats
    scale: Floats
    """Per column; the gates of a modality have mean 0 and scale 1."""

    @property
    def width(self) -> int:
        """How many columns there are."""
        return sum(stop - start for start, stop in self.spans.values())

    @property
    def spans(self) -> dict[Modality, tuple[int, int]]:
        """The columns of each modality."""
        spans, at = {}, 0
        for modality, names in self.values.items():
            size = GATES + len(names) + sum(width for _, width in self.nets.get(modality, ()))
            spans[modality] = (at, at + size)
            at += size
        return spans

    def place(self, modality: Modality, name: str) -> int:
        """The column of a measured value."""
        return self.spans[modality][0] + GATES + self.values[modality].index(name)

    def raw(self, windows: Sequence[Window]) -> Floats:
        """Columns as measured, n x width; NaN where nothing was."""
        table = np.full((len(windows), self.width), np.nan, np.float32)
        for row, window in zip(table, windows, strict=True):
            self._fill(row, window)
        return table

    def matrix(self, windows: Sequence[Window]) -> Floats:
        """What the net takes, n x width."""
        return self.standardised(self.raw(windows))

    def standardised(self, raw: Floats) -> Floats:
        """The columns of `raw` as the net takes them."""
        table = np.nan_to_num((raw - self.mean) / self.scale)
        for modality, (start, stop) in self.spans.items():
            quality = np.nan_to_num(raw[:, start + 1 : start + GATES])
            inner = start + GATES + len(self.values[modality])
            table[:, start + GATES : inner] *= quality / np.sqrt(max(1, inner - start - GATES))
            table[:, inner:stop] *= quality / np.sqrt(max(1, stop - inner))
        return np.asarray(table, np.float32)

    def present(self, matrix: Floats) -> NDArray[np.bool_]:
        """Which modalities a row of `matrix` holds, n x modalities."""
        return np.stack([matrix[:, start] > 0 for start, _ in self.spans.values()], axis=1)

    def without(self, matrix: Floats, modalities: Iterable[Modality]) -> Floats:
        """The same rows as if these modalities had given nothing."""
        left = matrix.copy()
        for modality in modalities:
            left[:, slice(*self.spans[modality])] = 0.0
        return left

    def as_json(self) -> dict[str, Any]:
        """Plain values for a calibration file."""
        return {
            "values": {modality: list(names) for modality, names in self.values.items()},
            "nets": {modality: [[name, width] for name, width in nets] for modality, nets in self.nets.items()},
            "encoders": list(self.encoders),
            "mean": [round(float(value), 6) for value in self.mean],
            "scale": [round(float(value), 6) for value in self.scale],
        }

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> "Layout":
        """What `as_json` wrote; a KeyError, TypeError or ValueError when it is something else."""
        layout = cls(
            values={str(m): tuple(map(str, names)) for m, names in told["values"].items()},
            nets={str(m): tuple((str(name), int(width)) for name, width in nets) for m, nets in told["nets"].items()},
            encoders=tuple(map(str, told["encoders"])),
            mean=np.asarray(told["mean"], np.float32),
            scale=np.asarray(told["scale"], np.float32),
        )
        if layout.mean.shape != (layout.width,) or layout.scale.shape != (layout.width,):
            raise ValueError(f"mean and scale are not {layout.width} numbers each")
        return layout

    def _fill(self, row: Floats, window: Window) -> None:
        groups = Weighed.of(window).groups
        for modality, (start, _) in self.spans.items():
            seen = [o for o in groups.get(modality, ()) if o.model is None or model_name(o) in self.encoders]
            row[start : start + GATES] = (bool(seen), mean((o.quality, 1.0) for o in seen)) if seen else (0.0, 0.0)
            for place, name in enumerate(self.values[modality], start=start + GATES):
                row[place] = value_of(name, seen)
            at = start + GATES + len(self.values[modality])
            for name, width in self.nets.get(modality, ()):
                row[at : at + width] = _embedded(name, width, seen)
                at += width


def model_name(seen: Observation) -> str:
    """The bundle that spoke, such as `face-expression.v1`; empty for measurements without weights."""
    return "" if seen.model is None else f"{seen.model.id}.{seen.model.version}"


def value_names(seen: Observation) -> set[str]:
    """The measured values of an observation by name."""
    tables = {"score": seen.scores, "dimension": seen.dimensions, "cue": seen.cues}
    return {f"{kind}.{name}" for kind, table in tables.items() for name in table}


def value_of(name: str, seen: Iterable[Observation]) -> float:
    """The mean of a value over the observations that state it, weighed by quality; scores as log-odds; NaN if none."""
    kind, _, key = name.partition(".")
    said = [(table[key], o.quality) for o in seen if key in (table := _table(kind, o))]
    if not said:
        return float("nan")
    return logit(mean(said)) if kind == "score" else mean(said)


def _table(kind: str, seen: Observation) -> Mapping[str, float]:
    return {"score": seen.scores, "dimension": seen.dimensions, "cue": seen.cues}[kind]


def _embedded(name: str, width: int, seen: Sequence[Observation]) -> Floats:
    """The mean embedding of one net, weighed by quality; NaN when it gave none."""
    found = [(o.embedding, o.quality) for o in seen if o.embedding is not None and model_name(o) == name]
    if not found:
        return np.full(width, np.nan, np.float32)
    rows, weights = np.stack([row for row, _ in found]), np.array([weight for _, weight in found], np.float32)
    return np.asarray(weights @ rows / weights.sum(), np.float32)
