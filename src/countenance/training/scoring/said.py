"""What a bundle said of one labelled row, and how rows become a table of scores."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from countenance.contracts.errors import EvaluationError
from countenance.contracts.readings import NOTHING
from countenance.encoders import face, voice
from countenance.evaluation.scores import UNTOLD, Floats, Kind, Scores
from countenance.training.datasets.store import Row
from countenance.training.scoring.targets import Wanted

FOLDS = {**face.FOLDED, **voice.FOLDED}
"""The encoders add these classes to their neighbours; where a corpus has both, they are taken apart again."""
SOURCES = {
    Kind.DISTRIBUTION: "shares",
    Kind.MULTILABEL: "each",
    Kind.DIMENSION: "dimensions",
    Kind.OUTCOME: "outcomes",
}


@dataclass(frozen=True, slots=True, eq=False)
class Said:
    """One answer, or the reason why there is none."""

    shares: Mapping[str, float] = field(default_factory=lambda: NOTHING)
    """Probabilities that exclude one another."""
    each: Mapping[str, float] = field(default_factory=lambda: NOTHING)
    """Probabilities that stand alone."""
    dimensions: Mapping[str, float] = field(default_factory=lambda: NOTHING)
    outcomes: Mapping[str, float] = field(default_factory=lambda: NOTHING)
    """What happened, such as found: 1."""
    embedding: NDArray[np.float32] | None = None
    """What the net saw before its last layer, for pricing a leak; it is never written."""
    plain: NDArray[np.float32] | None = None
    """Features that nobody learnt, for pricing a leak where the net has met these people already."""
    abstained: str | None = None


def tabulate(
    rows: Sequence[Row],
    said: Sequence[Said],
    wanted: Wanted,
    protocol: str,
    thresholds: Mapping[str, float] = NOTHING,
) -> Scores:
    """Rows whose truth is asked for and of which something was said, as one table."""
    pairs = [(row, one) for row, one in zip(rows, said, strict=True) if wanted.asks(row)]
    refused = Counter(one.abstained for _, one in pairs if one.abstained)
    kept = [(row, one) for row, one in pairs if not one.abstained]
    if not kept:
        told = f"all {sum(refused.values())} were abstained from" if refused else "no row carries its labels"
        raise EvaluationError(f"there is nothing to measure: {told}", "Choose another split or corpus.")
    judged = [row for row, _ in kept]
    return Scores(
        kind=wanted.kind,
        ids=np.array([f"{row.dataset}/{row.uid}" for row in judged]),
        labels=wanted.labels,
        probabilities=_answers([one for _, one in kept], wanted),
        targets=np.stack([wanted.target(row) for row in judged]),
        hard=np.array([wanted.hard(row) for row in judged]),
        protocol=protocol,
        clusters=np.array([cluster_of(row) for row in judged]),
        slices=_slices(judged),
        self_reported=all(row.self_reported for row in judged),
        thresholds=np.array([thresholds.get(label, 0.5) for label in wanted.labels]),
        main=wanted.main,
        abstained={str(reason): count for reason, count in refused.items()},
    )


def cluster_of(row: Row) -> str:
    """Whom or what the bootstrap draws this row with: the person, else the dialogue, else itself."""
    return row.subject_id or row.group_id or row.uid


def cluster_kind(rows: Sequence[Row]) -> str:
    """The word for it."""
    if any(row.subject_id for row in rows):
        return "subject"
    return "dialogue" if any(row.group_id for row in rows) else "row"


def features_of(said: Sequence[Said], *, met: bool) -> tuple[Floats, str] | None:
    """What a leak is priced on, n x d, and its name; plain features where the net has met these people in training."""
    plain = [one.plain for one in said if one.plain is not None]
    if met and len(plain) == len(said):
        return np.stack(plain).astype(np.float64), "plain features, as the net has met these people"
    inner = [np.ravel(one.embedding) for one in said if one.embedding is not None]
    if len(inner) == len(said):
        return np.stack(inner).astype(np.float64), "the embeddings"
    if all(one.shares for one in said):
        return np.log(np.array([list(one.shares.values()) for one in said]) + 1e-6), "the logarithms of the shares"
    return None


def _answers(said: Sequence[Said], wanted: Wanted) -> Floats:
    source = SOURCES[wanted.kind]
    try:
        table = np.array([[getattr(one, source)[label] for label in wanted.labels] for one in said], np.float64)
    except KeyError as error:
        raise EvaluationError(
            f"the bundle says nothing of {error}", f"It says: {', '.join(getattr(said[0], source)) or 'no such thing'}."
        ) from error
    if wanted.kind is not Kind.DISTRIBUTION:
        return table
    for extra, neighbour in FOLDS.items():
        if {extra, neighbour} <= set(wanted.labels):
            table[:, wanted.labels.index(neighbour)] -= table[:, wanted.labels.index(extra)]
    table = np.maximum(table, 1e-12)
    return np.asarray(table / table.sum(axis=1, keepdims=True))


def _slices(rows: Sequence[Row]) -> dict[str, NDArray[np.str_]]:
    names = sorted({name for row in rows for name in row.demographics})
    return {name: np.array([row.demographics.get(name, UNTOLD) for row in rows]) for name in names}
