"""`metrics.json`, schema `countenance.metrics.v1`: everything measured of one bundle on one split, typed and strict.

    {"schema": "countenance.metrics.v1",
     "bundle": "face-expression.v1", "sha256": "<of model.onnx>", "profile": "open",
     "protocol": "<one sentence>",
     "data": {"corpus", "title", "licence", "split", "rows", "cluster", "abstained": {reason: n}},
     "kind": "distribution | multilabel | dimension | outcome", "labels": [...], "leading": [names of measures],
     "n": rows judged, "clusters": people, dialogues or rows drawn by the bootstrap, "seed", "repeats",
     "metrics": {name: {"value", "low", "high", "n", "majority", "higher_is_better", "meaning"}},
     "confusion": {"labels", "counts": [[true x said]]} or null,
     "by_label": [{"label", "hits", "said", "true", "threshold"}]       (multilabel, else empty),
     "reliability": [{"low", "high", "n", "confidence", "correct", "correct_low", "correct_high"}],
     "risk_coverage": {"aurc", "points": [{"coverage", "risk", "threshold"}],
                       "chosen": [{"wanted", "threshold", "coverage", "risk", "n"}]} or null,
     "conformal": {"lac" | "aps": {"alpha", "quantile", "n_dev", "overall": {"n", "coverage", "size"}, "empty",
                   "single", "by_label": {label: {...}}, "by_slice": {attribute: {value: {...}}}}},
     "slices": [{"attribute", "value", "metric", "n", "clusters", "enough", "figure", "low", "high", "difference",
                 "difference_low", "difference_high", "shortfall", "higher_is_better"}],
     "self_reported": bool,
     "identities": {"checked_against", "shared", "note"}, "leak": {...} or null}

Figures that are not defined are null, never a made-up number. A slice with `enough` false has no figure: it says "not
enough data". `difference` is slice minus whole; `shortfall` is the same with its sign turned so that more is worse.
"""

import json
import os
from pathlib import Path
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, model_validator

from countenance.contracts.errors import EvaluationError, UsageError
from countenance.inference.tables import Table, checked

SCHEMA: Literal["countenance.metrics.v1"] = "countenance.metrics.v1"
Share = Annotated[float, Field(ge=0.0, le=1.0)]
Count = Annotated[int, Field(ge=0)]


class _Strict(Table):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False, populate_by_name=True)


class Data(_Strict):
    """What was measured on."""

    corpus: str
    title: str
    licence: str
    split: str
    rows: Count
    """Rows of the split, judged or not."""
    cluster: str
    """What the bootstrap draws: `subject`, `dialogue` or `row`."""
    abstained: dict[str, Count]
    """Rows that the model refused to judge, by reason."""


class Metric(_Strict):
    """One figure with its 95 % interval and what knowing nothing gives."""

    value: float | None
    low: float | None
    high: float | None
    n: Count
    majority: float | None
    higher_is_better: bool
    meaning: str


class Confusion(_Strict):
    """How often a true label (row) was said to be another (column)."""

    labels: list[str]
    counts: list[list[Count]]

    @model_validator(mode="after")
    def _square(self) -> "Confusion":
        if {len(self.counts), *map(len, self.counts)} != {len(self.labels)}:
            raise ValueError("the counts are not one row and one column per label")
        return self


class LabelCount(_Strict):
    """One of several labels that may hold together."""

    label: str
    hits: Count
    said: Count
    true: Count
    threshold: float


class ReliabilityBin(_Strict):
    """Rows of like confidence."""

    low: Share
    high: Share
    n: Count
    confidence: Share
    correct: Share
    correct_low: Share
    correct_high: Share


class Point(_Strict):
    """One point of the risk-coverage curve."""

    coverage: Share
    risk: Share
    threshold: float


class Chosen(_Strict):
    """A threshold chosen on dev for a wanted risk, and what it does here; null where dev never gets that low."""

    wanted: Share
    threshold: float | None
    coverage: Share | None
    risk: Share | None
    n: Count


class Risk(_Strict):
    """The risk-coverage curve."""

    aurc: Share
    points: list[Point]
    chosen: list[Chosen]


class CoveredRows(_Strict):
    """How the conformal sets of some rows fared."""

    n: Count
    coverage: Share | None
    size: float | None


class ConformalSets(_Strict):
    """One kind of conformal set: quantile from dev, coverage from here."""

    alpha: Share
    quantile: float | None
    """Null: dev was too small, every label is in every set."""
    n_dev: Count
    overall: CoveredRows
    empty: Share
    single: Share
    by_label: dict[str, CoveredRows]
    by_slice: dict[str, dict[str, CoveredRows]]


class SliceRow(_Strict):
    """One group under one measure."""

    attribute: str
    value: str
    metric: str
    n: Count
    clusters: Count
    enough: bool
    figure: float | None
    low: float | None
    high: float | None
    difference: float | None
    difference_low: float | None
    difference_high: float | None
    shortfall: float | None
    higher_is_better: bool

    @model_validator(mode="after")
    def _told(self) -> "SliceRow":
        if self.enough != (self.figure is not None):
            raise ValueError(f"{self.attribute} {self.value}: a figure without enough data, or none with enough")
        return self


class Identities(_Strict):
    """Whether anybody here also stood in training."""

    checked_against: str
    """What was compared: `the training rows of the same corpus`, the sentence of the card, or why nothing could be."""
    shared: Count
    note: str = ""


class Leak(_Strict):
    """What a split with shared people would have claimed: a price, never an accuracy."""

    metric: str
    honest: float
    leaky: float
    price: float
    """Leaky minus honest, turned so that more is a larger illusion."""
    low: float | None
    high: float | None
    protocol: str


class Report(_Strict):
    """The whole file."""

    version: Literal["countenance.metrics.v1"] = Field(
        default=SCHEMA, validation_alias="schema", serialization_alias="schema"
    )
    bundle: str
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    profile: str
    protocol: str
    data: Data
    kind: Literal["distribution", "multilabel", "dimension", "outcome"]
    labels: list[str]
    leading: list[str]
    n: Count
    clusters: Count
    seed: int
    repeats: Count
    metrics: dict[str, Metric]
    confusion: Confusion | None
    by_label: list[LabelCount]
    reliability: list[ReliabilityBin]
    risk_coverage: Risk | None
    conformal: dict[Literal["lac", "aps"], ConformalSets]
    slices: list[SliceRow]
    self_reported: bool
    identities: Identities
    leak: Leak | None = None

    @model_validator(mode="after")
    def _consistent(self) -> "Report":
        if stray := [name for name in self.leading if name not in self.metrics]:
            raise ValueError(f"leading names {', '.join(stray)}, which was not measured")
        if stray := sorted({row.metric for row in self.slices} - set(self.metrics)):
            raise ValueError(f"slices name {', '.join(stray)}, which was not measured of the whole")
        return self


def write_report(report: Report, path: Path) -> None:
    """Write `metrics.json`, whole or not at all; the same report gives the same bytes."""
    _write(report, path)


def write_leak(leak: Leak, path: Path) -> None:
    """Write the price of a leak alone, for a split that is refused."""
    _write(leak, path)


def _write(told: Table, path: Path) -> None:
    text = json.dumps(told.model_dump(mode="json", by_alias=True), indent=1, ensure_ascii=False, allow_nan=False)
    draft = path.with_name(f".{path.name}.draft")
    with draft.open("w", encoding="utf-8", newline="\n") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def read_report(path: Path) -> Report:
    """Read `metrics.json`; an `EvaluationError` names the first thing that is wrong."""
    remedy = "Write it again with `eval run`."
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise EvaluationError(f"{path} cannot be read ({error})", remedy) from error
    if not isinstance(told, dict) or told.get("schema") != SCHEMA:
        found = told.get("schema") if isinstance(told, dict) else None
        raise EvaluationError(f"{path} is not of the schema {SCHEMA} (it says {found!r})", remedy)
    try:
        return checked(Report, told, str(path), remedy)
    except UsageError as error:
        raise EvaluationError(error.problem, error.remedy) from error
