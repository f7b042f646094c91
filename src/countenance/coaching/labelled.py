"""How the estimates fare against what people say of the same seconds: "this was wrong", and labels of reviewers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from countenance.coaching.kpis import ENOUGH, REPEATS, SEED, Figure

NONE = "none"
"""No label of the taxonomy fits."""
LEAST_PEOPLE = 5
"""An interval over fewer people would say more than is known."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One label, and what the readings said of the same seconds."""

    person: str
    """Whoever it is of, under any name: people are drawn as a whole."""
    label: str
    """What was said by a person; `none` where no label fits."""
    leading: str
    """What the readings said; `none` where no label led."""
    probabilities: Mapping[str, float]


Measure = Callable[[Sequence[Judged]], float]


def macro_f1(rows: Sequence[Judged]) -> Figure:
    """The mean F1 of all labels that people gave or the readings led with."""
    return _figure(rows, _macro_f1)


def brier(rows: Sequence[Judged]) -> Figure:
    """The mean squared distance of the probabilities from what was said, over all labels."""
    return _figure([one for one in rows if one.probabilities], _brier)


def _macro_f1(rows: Sequence[Judged]) -> float:
    names = sorted({one.label for one in rows} | {one.leading for one in rows})
    return float(np.mean([_f1(rows, name) for name in names]))


def _f1(rows: Sequence[Judged], name: str) -> float:
    both = sum(one.label == name == one.leading for one in rows)
    either = sum(one.label == name for one in rows) + sum(one.leading == name for one in rows)
    return 2 * both / either


def _brier(rows: Sequence[Judged]) -> float:
    squares = [(p - (one.label == name)) ** 2 for one in rows for name, p in one.probabilities.items()]
    return float(np.mean(squares))


def _figure(rows: Sequence[Judged], measure: Measure) -> Figure:
    if len(rows) < ENOUGH:
        return Figure(None, None, None, len(rows))
    people = sorted({one.person for one in rows})
    if len(people) < LEAST_PEOPLE:
        return Figure(measure(rows), None, None, len(rows))
    own = {name: [one for one in rows if one.person == name] for name in people}
    rng = np.random.default_rng(SEED)
    drawn = (rng.integers(0, len(people), size=len(people)) for _ in range(REPEATS))
    values = [measure([row for index in chosen for row in own[people[index]]]) for chosen in drawn]
    low, high = np.percentile(values, (2.5, 97.5))
    return Figure(measure(rows), float(low), float(high), len(rows))
