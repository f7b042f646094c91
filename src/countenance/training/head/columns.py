"""From windows to the columns of a head: which there are, and how they are standardised."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from countenance.contracts.errors import DatasetError
from countenance.contracts.readings import Window
from countenance.fusion.head_features import GATES, Floats, Layout, model_name, value_names
from countenance.fusion.weighing import MIN_QUALITY

T = TypeVar("T")

LEAST_SHARE = 0.05
"""A value or a net that speaks in fewer of a modality's windows is left out."""
LEAST_WINDOWS = 20
"""A modality that is there in fewer windows is left out."""
FEW = 2_000
"""Below so many windows, each is shown more often with modalities gone."""


def survey(windows: Iterable[Window]) -> Layout:
    """The columns that these windows can fill; not standardised yet."""
    heard: Counter[str] = Counter()
    values: dict[str, Counter[str]] = defaultdict(Counter)
    nets: dict[str, Counter[tuple[str, int]]] = defaultdict(Counter)
    encoders: set[str] = set()
    for window in windows:
        usable = [o for o in window.observations if o.abstain is None and o.quality >= MIN_QUALITY]
        for modality in {o.modality for o in usable}:
            own = [o for o in usable if o.modality == modality]
            heard[modality] += 1
            values[modality].update(set().union(*map(value_names, own)))
            nets[modality].update({(model_name(o), len(o.embedding)) for o in own if o.embedding is not None})
            encoders |= {model_name(o) for o in own} - {""}
    there = sorted(modality for modality, count in heard.items() if count >= LEAST_WINDOWS)
    if not there:
        raise DatasetError(
            f"nothing can be read in at least {LEAST_WINDOWS} labelled seconds", "Check the recordings with `analyze`."
        )
    bare = Layout(
        values={m: tuple(sorted(_common(values[m], heard[m]))) for m in there},
        nets={m: tuple(sorted(_common(nets[m], heard[m]))) for m in there},
        encoders=tuple(sorted(encoders)),
        mean=np.zeros(0, np.float32),
        scale=np.ones(0, np.float32),
    )
    return standardised(bare, np.zeros((0, bare.width), np.float32))


def standardised(layout: Layout, raw: Floats) -> Layout:
    """The layout with mean and spread of each column over rows of `raw`; gates stay as they are."""
    known = ~np.isnan(raw)
    count = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, raw, 0.0).sum(axis=0) / count
    spread = np.sqrt((np.where(known, raw - mean, 0.0) ** 2).sum(axis=0) / count)
    spread = np.where(spread > 1e-4, spread, 1.0)
    for start, _ in layout.spans.values():
        mean[start : start + GATES], spread[start : start + GATES] = 0.0, 1.0
    # As the calibration file will state them, so that training and product use the same digits.
    mean, spread = np.round(mean, 6), np.maximum(np.round(spread, 6), 1e-4)
    return Layout(layout.values, layout.nets, layout.encoders, mean.astype(np.float32), spread.astype(np.float32))


def with_gaps(layout: Layout, matrix: Floats, rng: np.random.Generator) -> tuple[Floats, NDArray[np.int64]]:
    """The rows and copies of them in which some of their modalities are gone, and the row each stands for.

    So a head learns to read any subset: one copy of each row that holds several modalities, three when rows are few.
    """
    there = layout.present(matrix)
    several = np.flatnonzero(there.sum(axis=1) > 1)
    tables, places = [matrix], [np.arange(len(matrix))]
    for _ in range(1 if len(matrix) >= FEW else 3):
        gone = _some_gone(there[several], rng)
        copy = matrix[several]
        for column, (start, stop) in enumerate(layout.spans.values()):
            copy[gone[:, column], start:stop] = 0.0
        tables.append(copy)
        places.append(several)
    return np.vstack(tables), np.concatenate(places)


def _some_gone(there: NDArray[np.bool_], rng: np.random.Generator) -> NDArray[np.bool_]:
    """At random, but one of those that are there always stays and one always goes."""
    luck = rng.random(there.shape)
    luck[~there] = -1.0
    stays = luck.argmax(axis=1)
    gone = there & (rng.random(there.shape) < 0.5)
    luck[~there] = 2.0
    gone[np.arange(len(there)), luck.argmin(axis=1)] = True
    gone[np.arange(len(there)), stays] = False
    return np.asarray(gone, np.bool_)


def _common(found: Counter[T], of: int) -> Sequence[T]:
    return [name for name, count in found.items() if count >= LEAST_SHARE * of]
