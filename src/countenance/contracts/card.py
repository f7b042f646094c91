"""What must be known about weights before they may run."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Licence:
    """Who may use the weights, and on which terms."""

    code: str
    weights: str
    data: str
    commercial: bool
    """True only when every row of the licence ledger that the weights stand on is clean."""
    notice: str
    rows: tuple[str, ...] = ()
    """Ids of those rows; a card without any does not load."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure, written by the command that measured it."""

    metric: str
    value: float
    low: float | None
    high: float | None
    n: int
    protocol: str
    majority: float | None = None
    """The same metric for always answering the commonest class, where that has a meaning."""


@dataclass(frozen=True, slots=True)
class Card:
    """A model card: no card, no load."""

    id: str
    version: str
    modality: str
    task: str
    summary: str
    outputs: Mapping[str, tuple[str, ...]]
    """Label names per ONNX output, in order."""
    licence: Licence
    input: Mapping[str, str]
    calibration: Mapping[str, str]
    data: Mapping[str, str]
    limits: tuple[str, ...]
    figures: tuple[Figure, ...]
    files: Mapping[str, str]
    """sha256 of every other file of the bundle."""

    @property
    def name(self) -> str:
        """The bundle's folder name, such as `face-finder.v1`."""
        return f"{self.id}.{self.version}"
