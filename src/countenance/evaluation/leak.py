"""People who stand in training and in the split that judges it: refused, and priced when somebody asks."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from countenance.contracts.errors import EvaluationError, RefusedError
from countenance.evaluation.intervals import REPEATS, drawn, ends
from countenance.evaluation.metrics import UAR
from countenance.evaluation.report import Leak
from countenance.evaluation.scores import Floats, Ints, Kind, Scores, Words, one_hot
from countenance.evaluation.statistics import Statistic

NAMED = 5
"""So many of those who stand on both sides are named."""
FOLDS = 5
RIDGE = 10.0
Key = tuple[str, str]
"""A kind (`subject`, `group`, `media`) and a name."""


@dataclass(frozen=True, slots=True)
class Identity:
    """What may not stand on both sides of a split."""

    row: str
    keys: frozenset[Key]


def shared(train: Iterable[Identity], judged: Iterable[Identity]) -> dict[Key, list[str]]:
    """What stands on both sides, with the rows that are judged; one file byte for byte is one identity."""
    known = frozenset[Key]().union(*(one.keys for one in train))
    found: dict[Key, list[str]] = {}
    for one in judged:
        for key in sorted(one.keys & known):
            found.setdefault(key, []).append(one.row)
    return found


def refuse(found: dict[Key, list[str]], trained_on: str) -> None:
    """Refuse a split that shares anybody with training, naming some; nothing happens when it shares nobody."""
    if not found:
        return
    named = [f"{kind} {name}" if kind != "media" else f"the file of {rows[0]}" for (kind, name), rows in found.items()]
    more = f" and {len(named) - NAMED} more" if len(named) > NAMED else ""
    rows = len({row for some in found.values() for row in some})
    raise RefusedError(
        f"{rows} rows to be judged share identities with {trained_on}: {', '.join(named[:NAMED])}{more}",
        "A score on them would measure memory. Split by subject; --show-leak says what the leak is worth.",
    )


def price(features: Floats, what: str, hard: Ints, labels: tuple[str, ...], clusters: Words, seed: int = 0) -> Leak:
    """What a split by row would have claimed over a split by person, with the same small probe on both.

    The probe is a ridge classifier on features n x d (`what` names them), fitted anew for every fold; its scores are
    no accuracy of the bundle. The interval draws people.
    """
    people = np.unique(clusters)
    if len(people) < 2 or len(hard) < 2 * FOLDS:
        raise EvaluationError("a leak cannot be priced with fewer than two people", "Give rows of several people.")
    rng = np.random.default_rng(seed)
    by_row = rng.permutation(len(hard)) % FOLDS
    place = dict(zip(people.tolist(), (rng.permutation(len(people)) % FOLDS).tolist(), strict=True))
    by_person = np.array([place[name] for name in clusters.tolist()])
    leaky, honest = (
        UAR.of(_told(_folded(features, hard, len(labels), folds), hard, labels, clusters))
        for folds in (by_row, by_person)
    )
    low, high = ends(_difference(leaky, honest, clusters, seed))
    return Leak(
        metric="uar",
        honest=round(honest.value, 6),
        leaky=round(leaky.value, 6),
        price=round(leaky.value - honest.value, 6),
        low=None if low is None else round(low, 6),
        high=None if high is None else round(high, 6),
        protocol=f"ridge probe on {what}, {FOLDS} folds by row against {FOLDS} folds by person, "
        f"{len(people)} people, {len(hard)} rows; a price, not an accuracy",
    )


def _difference(leaky: Statistic, honest: Statistic, clusters: Words, seed: int) -> Floats:
    values = drawn([leaky, honest], clusters, seed, REPEATS)
    return np.asarray(values[0] - values[1])


def _folded(features: Floats, hard: Ints, labels: int, folds: NDArray[np.integer[Any]]) -> Floats:
    """Said of every row by a probe that did not see its fold, n x k."""
    said = np.zeros((len(hard), labels))
    for fold in np.unique(folds):
        own = folds == fold
        said[own] = _probe(features[~own], one_hot(hard[~own], labels), features[own])
    return said


def _probe(seen: Floats, told: Floats, asked: Floats) -> Floats:
    """Ridge regression onto the labels, as shares."""
    middle, spread = seen.mean(axis=0), seen.std(axis=0) + 1e-6
    inner, outer = (seen - middle) / spread, (asked - middle) / spread
    weights = np.linalg.solve(inner.T @ inner + RIDGE * np.eye(inner.shape[1]), inner.T @ (told - told.mean(axis=0)))
    raw = np.exp(outer @ weights + told.mean(axis=0))
    return np.asarray(raw / raw.sum(axis=1, keepdims=True))


def _told(said: Floats, hard: Ints, labels: tuple[str, ...], clusters: Words) -> Scores:
    return Scores(
        kind=Kind.DISTRIBUTION,
        ids=np.arange(len(hard)).astype(str),
        labels=labels,
        probabilities=said,
        targets=one_hot(hard, len(labels)),
        protocol="a probe, to price a leak",
        clusters=clusters,
    )
