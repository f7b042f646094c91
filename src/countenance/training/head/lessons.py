"""What a head learns from: labelled windows as targets, in folds that tear neither a person nor a call apart."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from countenance.contracts.errors import DatasetError
from countenance.evaluation.scores import Kind
from countenance.training.head.logistic import Floats
from countenance.training.windows.labelled import LabelledWindow, groups_of

OTHER = "none of these"
"""The share of the raters who gave no label, or one that the taxonomy does not name."""
LEAST_STRETCHES = 8
LEAST_PEOPLE = 2
LEADS = 0.5
"""From this share of the votes on, a stretch counts as one of a label."""
MOST_FOLDS = 5


@dataclass(frozen=True, slots=True, eq=False)
class Lessons:
    """Windows with their targets."""

    windows: tuple[LabelledWindow, ...]
    labels: tuple[str, ...]
    """Those of the taxonomy, and OTHER last where raters gave something else."""
    targets: Floats
    """n x labels: shares of the raters."""
    exclusive: bool
    """Whether nobody ever gave two labels to one stretch."""
    weights: Floats
    """n: a long stretch weighs more than a short one, by the root of its length."""
    groups: tuple[str, ...]
    """n: people and calls that hang together."""

    @property
    def kind(self) -> Kind:
        """How the labels are measured."""
        return Kind.DISTRIBUTION if self.exclusive else Kind.MULTILABEL

    def only(self, rows: NDArray[np.bool_]) -> "Lessons":
        """The lessons of some rows."""
        kept = np.flatnonzero(rows).tolist()
        return Lessons(
            windows=tuple(self.windows[row] for row in kept),
            labels=self.labels,
            targets=self.targets[rows],
            exclusive=self.exclusive,
            weights=self.weights[rows],
            groups=tuple(self.groups[row] for row in kept),
        )


def lessons(windows: Sequence[LabelledWindow], labels: Sequence[str]) -> Lessons:
    """Targets of every window that somebody labelled."""
    told = [window for window in windows if window.votes]
    if not told:
        raise DatasetError("no stretch carries a label", "Label stretches; dimensions alone do not train a head.")
    exclusive = all(sum(window.votes.values()) <= window.raters + 1e-9 for window in told)
    shares = np.array([[w.votes.get(label, 0.0) / w.raters for label in labels] for w in told], np.float32)
    shares = shares.clip(0.0, 1.0)
    columns = tuple(labels)
    if exclusive and (1.0 - shares.sum(axis=1)).max() > 1e-6:
        shares = np.hstack([shares, np.maximum(0.0, 1.0 - shares.sum(axis=1, keepdims=True))])
        columns = (*columns, OTHER)
    lengths = Counter(window.stretch for window in told)
    weights = np.array([lengths[window.stretch] ** -0.5 for window in told], np.float32)
    return Lessons(tuple(told), columns, shares, exclusive, weights / weights.mean(), tuple(groups_of(told)))


def check_enough(found: Lessons) -> None:
    """Every label needs stretches, of more than one person; raises DatasetError naming all that is missing."""
    lacking = []
    for column, label in enumerate(found.labels):
        if label == OTHER:
            continue
        rows = [row for row in range(len(found.windows)) if found.targets[row, column] >= LEADS]
        stretches = {found.windows[row].stretch for row in rows}
        people = {found.groups[row] for row in rows}
        if len(stretches) < LEAST_STRETCHES or len(people) < LEAST_PEOPLE:
            lacking.append(f"{label!r} leads in {len(stretches)} stretches of {len(people)} people")
    if lacking:
        known = sorted({label for window in found.windows for label in window.votes})
        raise DatasetError(
            f"too little to learn from: {'; '.join(lacking)}; at least {LEAST_STRETCHES} stretches of {LEAST_PEOPLE} "
            "people who share no call are needed for each label",
            f"Label more, or leave the label out of the taxonomy. Labels in the data: {', '.join(known)}.",
        )


def folds(found: Lessons) -> NDArray[np.int64]:
    """The fold of every window: whole groups, large ones first, each to the fold that has least of its labels."""
    members: dict[str, list[int]] = defaultdict(list)
    for row, group in enumerate(found.groups):
        members[group].append(row)
    mass = {group: (found.targets[rows] * found.weights[rows, None]).sum(axis=0) for group, rows in members.items()}
    count = min(MOST_FOLDS, len(members))
    filled = np.zeros((count, len(found.labels)), np.float64)
    placed = np.zeros(len(found.groups), np.int64)
    for group in sorted(members, key=lambda name: (-float(mass[name].sum()), name)):
        fold = _emptiest(filled, mass[group])
        filled[fold] += mass[group]
        placed[members[group]] = fold
    return placed


def _emptiest(filled: NDArray[np.float64], own: Floats) -> int:
    """The fold with least of a group's labels; among equals the one with least of all."""
    return min(range(len(filled)), key=lambda fold: (float(filled[fold] @ own), float(filled[fold].sum()), fold))


def leading(found: Lessons) -> Mapping[str, int]:
    """Stretches per label that leads them, for the card."""
    rows = {window.stretch: row for row, window in enumerate(found.windows)}.values()
    lead = Counter(found.labels[int(found.targets[row].argmax())] for row in rows if found.targets[row].max() >= LEADS)
    return {label: lead[label] for label in found.labels}
