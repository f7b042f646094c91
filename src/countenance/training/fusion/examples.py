"""What a fusion learns from: the inputs of windows and their labels, drawn anew each epoch or always the same."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from countenance.contracts.call import Modality
from countenance.contracts.errors import DatasetError
from countenance.contracts.media import SECOND_US
from countenance.contracts.readings import EMOTIONS, Observation, Window
from countenance.fusion.features import MODALITIES, summary, tokens
from countenance.fusion.weighing import Weighed
from countenance.training.fusion.match import match
from countenance.training.fusion.parts import CLEAN, CONDITIONS, Part
from countenance.training.windows.labelled import LabelledWindow

Kind = Literal["late", "crossmodal"]
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """n examples."""

    inputs: Mapping[str, Floats]
    """As the network is given them; the first axis is the example, the second the modality."""
    targets: Floats
    """n x k: shares of the votes of labels that exclude each other, or 0..1 per label."""

    def __len__(self) -> int:
        """How many examples there are."""
        return len(self.targets)


class Source(Protocol):
    """Where examples come from."""

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the columns of the targets."""
        ...

    def draw(self, seed: int) -> Batch:
        """The examples of one epoch."""
        ...


class Tuples:
    """Label-matched tuples, matched anew in every draw; each modality is clean as often as it is drawn worse."""

    labels = EMOTIONS

    def __init__(self, kind: Kind, parts: Mapping[tuple[Modality, str], Part], each: int) -> None:
        """`parts` of one side, by modality and condition."""
        self._each = each
        self._clean = {m: parts[m, CLEAN] for m in MODALITIES}
        self._said = {
            m: [_stacked(kind, [item.observations for item in parts[m, c].items]) for c in CONDITIONS[m]]
            for m in MODALITIES
        }

    def draw(self, seed: int) -> Batch:
        """Every clip of voice so many times, with other faces and words in each draw."""
        matched = match(self._clean, self._each, seed)
        random = np.random.default_rng([seed, 1])
        columns: list[dict[str, Floats]] = []
        for place, m in enumerate(MODALITIES):
            ways = len(CONDITIONS[m])
            worse = random.integers(1, ways, len(matched)) * (random.random(len(matched)) < 0.5)
            rows = matched.rows[:, place]
            columns.append(
                {
                    name: np.stack([self._said[m][way][name][at] for way, at in zip(worse, rows, strict=True)])
                    for name in self._said[m][0]
                }
            )
        targets = np.eye(len(EMOTIONS), dtype=np.float32)[[EMOTIONS.index(label) for label in matched.labels]]
        return Batch({name: np.stack([c[name] for c in columns], axis=1) for name in columns[0]}, targets)


class Calls:
    """Windows of own labelled calls, the same in every draw."""

    def __init__(self, kind: Kind, windows: Sequence[LabelledWindow], labels: tuple[str, ...]) -> None:
        self.labels = labels
        targets = targets_of([w.votes for w in windows], [w.raters for w in windows], labels)
        self._batch = Batch(inputs_of(kind, [w.window for w in windows]), targets)

    def draw(self, seed: int) -> Batch:  # noqa: ARG002 - nothing is drawn
        """All windows."""
        return self._batch


def labels_of(votes: Sequence[Mapping[str, float]]) -> tuple[str, ...]:
    """EMOTIONS when every vote names one of them; else the labels there are, none of which may be one of them."""
    names = {name for row in votes for name in row}
    if not names:
        raise DatasetError("no window carries a label", "See `countenance data inspect` on the folder.")
    if names <= set(EMOTIONS):
        return EMOTIONS
    if mixed := sorted(names & set(EMOTIONS)):
        raise DatasetError(
            f"labels of two kinds: {', '.join(mixed)} beside {', '.join(sorted(names - set(EMOTIONS)))}",
            "Train one fusion for emotions and another for your own labels.",
        )
    return tuple(sorted(names))


def targets_of(votes: Sequence[Mapping[str, float]], raters: Sequence[float], labels: tuple[str, ...]) -> Floats:
    """Shares of the votes, n x k, which sum to one for EMOTIONS; other labels stand alone: shares of the raters."""
    table = np.array([[float(row.get(name, 0.0)) for name in labels] for row in votes], np.float32)
    total = table.sum(axis=1) if labels == EMOTIONS else np.array(raters, np.float32)
    return np.asarray(table / np.maximum(total, 1e-6)[:, None], np.float32).clip(0.0, 1.0)


def inputs_of(kind: Kind, windows: Sequence[Window]) -> dict[str, Floats]:
    """What the network is given of windows, as the product gives it."""
    columns = []
    for m in MODALITIES:
        groups = [Weighed.of(window).groups.get(m, []) for window in windows]
        columns.append(_stacked(kind, groups, [window.end_us for window in windows]))
    return {name: np.stack([column[name] for column in columns], axis=1) for name in columns[0]}


def _stacked(
    kind: Kind, groups: Sequence[Sequence[Observation]], ends_us: Sequence[int] | None = None
) -> dict[str, Floats]:
    """One modality's inputs; without ends every group is of the first second, and what is of no use is left out."""
    if ends_us is None:
        ends_us = [SECOND_US] * len(groups)
        whole = [Window("p_1", 0, SECOND_US, tuple(group), {}) for group in groups]
        groups = [next(iter(Weighed.of(window).groups.values()), []) for window in whole]
    if kind == "late":
        return {"modalities": np.stack([summary(group) for group in groups])}
    made = [tokens(group, end_us) for group, end_us in zip(groups, ends_us, strict=True)]
    return {"tokens": np.stack([rows for rows, _ in made]), "present": np.stack([there for _, there in made])}
