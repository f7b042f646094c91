"""The table everything is measured on: what a model said of each row, and what people said of it."""

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from countenance.contracts.errors import EvaluationError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Words = NDArray[np.str_]
VERSION = "countenance.scores.v1"
UNTOLD = ""
"""A slice value that nobody stated."""


class Kind(StrEnum):
    """What the columns of a table mean."""

    DISTRIBUTION = "distribution"
    """Probabilities of labels that exclude one another; each row sums to one."""
    MULTILABEL = "multilabel"
    """Independent probabilities of labels that may hold together."""
    DIMENSION = "dimension"
    """Estimates on a scale, such as valence; `targets` is on the same scale."""
    OUTCOME = "outcome"
    """What happened on the row, such as found (0 or 1) or an error: its mean is the figure, `targets` stays empty."""


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """n rows over k labels. Rows of which the model said nothing are not here; `abstained` counts them."""

    kind: Kind
    ids: Words
    """n, each once."""
    labels: tuple[str, ...]
    """k, in the order of the columns."""
    probabilities: Floats
    """n x k; for `dimension` and `outcome` the values themselves, NaN where an outcome does not apply."""
    targets: Floats
    """n x k: shares of the votes, 0 or 1, or values on the scale; NaN where nobody said anything."""
    protocol: str
    """One sentence: which rows, which split, what was fitted where."""
    hard: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    """n: index of the leading label, -1 where none leads; derived from `targets` when it is left out."""
    clusters: Words = field(default_factory=lambda: np.zeros(0, np.str_))
    """n: the subject or dialogue, drawn together by the bootstrap; each row alone when it is left out."""
    slices: Mapping[str, Words] = field(default_factory=dict)
    """Per attribute, such as gender, one value per row; UNTOLD where nobody stated it."""
    self_reported: bool = False
    """Whether people stated the slices themselves; False: others judged."""
    thresholds: Floats = field(default_factory=lambda: np.zeros(0))
    """k: from which probability on a label of `multilabel` is said, chosen on dev; 0.5 each when left out."""
    main: tuple[str, ...] = ()
    """The labels that macro measures average over; all when left out."""
    abstained: Mapping[str, int] = field(default_factory=dict)
    """Rows that the model refused to judge, by reason."""

    def __post_init__(self) -> None:
        n, k = len(self.ids), len(self.labels)
        _set(self, "kind", Kind(self.kind))
        _set(self, "ids", np.asarray(self.ids, np.str_))
        _set(self, "probabilities", _table(self, "probabilities"))
        _set(self, "targets", _table(self, "targets"))
        _set(self, "hard", np.asarray(self.hard if len(self.hard) else _leading(self.kind, self.targets), np.int64))
        _set(self, "clusters", np.asarray(self.clusters if len(self.clusters) else self.ids, np.str_))
        _set(self, "slices", {name: np.asarray(values, np.str_) for name, values in self.slices.items()})
        _set(self, "thresholds", np.asarray(self.thresholds if len(self.thresholds) else np.full(k, 0.5), np.float64))
        _set(self, "main", tuple(self.main) or self.labels)
        for name, values in (("hard", self.hard), ("clusters", self.clusters), *self.slices.items()):
            _must(values.shape == (n,), f"{name} has the shape {values.shape}, not ({n},)")
        _check_labels(self)
        _check_values(self)

    def __len__(self) -> int:
        """How many rows there are."""
        return len(self.ids)

    @property
    def told(self) -> NDArray[np.bool_]:
        """n: rows of which people said something of every label."""
        return np.asarray(~np.isnan(self.targets).any(axis=1))

    def only(self, rows: NDArray[np.bool_] | Ints) -> "Scores":
        """The table at the chosen rows, each at most once; what was abstained from is not carried over."""
        return Scores(
            kind=self.kind,
            ids=self.ids[rows],
            labels=self.labels,
            probabilities=self.probabilities[rows],
            targets=self.targets[rows],
            protocol=self.protocol,
            hard=self.hard[rows],
            clusters=self.clusters[rows],
            slices={name: values[rows] for name, values in self.slices.items()},
            self_reported=self.self_reported,
            thresholds=self.thresholds,
            main=self.main,
        )

    def write(self, path: Path) -> None:
        """Write one `.npz` without pickles, whole or not at all; the same table gives the same bytes."""
        told = {
            "schema": VERSION,
            "kind": self.kind.value,
            "labels": self.labels,
            "main": self.main,
            "protocol": self.protocol,
            "self_reported": self.self_reported,
            "slices": list(self.slices),
            "abstained": dict(self.abstained),
        }
        arrays = {name: getattr(self, name) for name in _ARRAYS}
        arrays |= {f"slice_{number}": values for number, values in enumerate(self.slices.values())}
        draft = path.with_name(f".{path.name}.draft")
        with draft.open("wb") as file:
            np.savez_compressed(file, about=np.array(json.dumps(told)), **arrays)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)

    @classmethod
    def read(cls, path: Path) -> "Scores":
        """Read what `write` wrote; an `EvaluationError` says what is wrong with it."""
        try:
            with np.load(path, allow_pickle=False) as kept:
                told = json.loads(str(kept["about"]))
                return _read(told, {name: kept[name] for name in kept.files if name != "about"})
        except (OSError, BadZipFile, ValueError, KeyError, TypeError, AttributeError) as error:
            raise EvaluationError(
                f"{path} is no table of scores ({error})", "Write it again with `eval run`."
            ) from error


_ARRAYS = ("ids", "probabilities", "targets", "hard", "clusters", "thresholds")


def one_hot(hard: Sequence[int] | Ints, labels: int) -> Floats:
    """Targets n x k of hard labels; -1 gives a row of NaN."""
    wanted = np.asarray(hard, np.int64)
    table = np.eye(labels)[np.maximum(wanted, 0)]
    table[wanted < 0] = np.nan
    return table


def _read(told: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Scores:
    if told["schema"] != VERSION:
        raise ValueError(f"its schema is {told['schema']!r}, not {VERSION!r}")
    return Scores(
        kind=Kind(told["kind"]),
        labels=tuple(told["labels"]),
        main=tuple(told["main"]),
        protocol=told["protocol"],
        self_reported=told["self_reported"],
        slices={name: arrays[f"slice_{number}"] for number, name in enumerate(told["slices"])},
        abstained=told["abstained"],
        **{name: arrays[name] for name in _ARRAYS},
    )


def _leading(kind: Kind, targets: Floats) -> Ints:
    """The one label with the highest target; -1 where nobody said anything or two tie."""
    if kind is not Kind.DISTRIBUTION or not targets.size:
        return np.full(len(targets), -1, np.int64)
    best = np.where(np.isnan(targets), -np.inf, targets).max(axis=1, keepdims=True)
    clear = ((targets == best).sum(axis=1) == 1) & (best[:, 0] > 0)
    return np.where(clear, np.where(np.isnan(targets), -np.inf, targets).argmax(axis=1), -1).astype(np.int64)


def _check_labels(scores: Scores) -> None:
    _must(bool(scores.labels), "there is no label")
    _must(len(set(scores.labels)) == len(scores.labels), "two labels have the same name")
    _must(len(np.unique(scores.ids)) == len(scores.ids), "two rows have the same id")
    stray = [name for name in scores.main if name not in scores.labels]
    _must(not stray, f"main names {', '.join(stray)}, which is no label")
    _must(scores.thresholds.shape == (len(scores.labels),), "there must be one threshold per label")
    _must(bool(scores.protocol), "the protocol is empty")
    ends = (scores.hard.min(initial=0), scores.hard.max(initial=-1))
    _must(ends[0] >= -1 and ends[1] < len(scores.labels), "hard holds an index that is no label")


def _check_values(scores: Scores) -> None:
    said, told = scores.probabilities, scores.targets[scores.told]
    known = said[~np.isnan(said)] if scores.kind is Kind.OUTCOME else said
    _must(bool(np.isfinite(known).all()), "probabilities hold a value that is no number")
    if scores.kind in (Kind.DISTRIBUTION, Kind.MULTILABEL):
        _must(_within(said), "a probability lies outside 0 to 1")
        _must(_within(scores.targets), "a target lies outside 0 to 1")
    if scores.kind is Kind.DISTRIBUTION:
        some = ~np.isnan(scores.targets).all(axis=1)
        _must(bool((some == scores.told).all()), "a row of targets is told only in part")
        for name, table in (("probabilities", said), ("targets", told)):
            away = np.abs(table.sum(axis=1) - 1.0)
            _must(bool((away <= 1e-4).all()), f"{name} do not sum to one in {int((away > 1e-4).sum())} rows")


def _within(table: Floats) -> bool:
    return bool((np.isnan(table) | ((table >= -1e-9) & (table <= 1.0 + 1e-6))).all())


def _table(scores: Scores, name: str) -> Floats:
    table = np.asarray(getattr(scores, name), np.float64)
    shape = (len(scores.ids), len(scores.labels))
    _must(table.shape == shape, f"{name} have the shape {table.shape}, not {shape}")
    return table


def _must(holds: bool, problem: str) -> None:
    if not holds:
        raise EvaluationError(f"This is no table of scores: {problem}", "Correct what fills the table.")


_set: Callable[[object, str, object], None] = object.__setattr__
