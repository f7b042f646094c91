"""Mean four-class UAR over the stand-ins, and what a change gains, paired over actors."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.stand_ins.tasks import FAR, FOUR, NAMES

Counts = dict[str, NDArray[np.int64]]
"""By stand-in: clips named right, and all clips, of each actor and class (actors, 4, 2)."""
UNCHANGED = "none"
_DRAWS = 2000


def nothing(actors: int) -> Counts:
    """No clip was named yet."""
    return {name: np.zeros((actors, len(FOUR), 2), np.int64) for name in NAMES}


def scores(counts: Mapping[str, NDArray[np.int64]]) -> dict[str, float]:
    """UAR of every stand-in."""
    return {name: float(_uar(one.sum(axis=0))) for name, one in counts.items()}


def _uar(table: NDArray[np.int64]) -> NDArray[np.floating]:
    return np.asarray((table[..., 0] / np.maximum(table[..., 1], 1)).mean(axis=-1))


def gained(before: Counts, after: Counts) -> dict[str, Any]:
    """The gain over all stand-ins and over the two furthest, with intervals over actors."""
    actors = len(before[NAMES[0]])
    weights = np.random.default_rng(0).multinomial(actors, np.full(actors, 1 / actors), _DRAWS)
    out: dict[str, Any] = {}
    for told, names in (("all", NAMES), ("furthest", FAR)):
        draws = np.mean([_drawn(after[name], weights) - _drawn(before[name], weights) for name in names], axis=0)
        low, high = np.percentile(draws, [2.5, 97.5])
        value = np.mean([scores(after)[name] - scores(before)[name] for name in names])
        out[told] = {"value": round(float(value), 4), "low": round(float(low), 4), "high": round(float(high), 4)}
    return out


def _drawn(table: NDArray[np.int64], weights: NDArray[np.int64]) -> NDArray[np.floating]:
    return _uar(np.einsum("da,ack->dck", weights, table))


def told(counts: Mapping[str, Counts]) -> dict[str, Any]:
    """Scores of every change, and what it gains over none."""
    out: dict[str, Any] = {}
    for name, own in counts.items():
        found = scores(own)
        out[name] = {
            "score": round(float(np.mean(list(found.values()))), 4),
            "stand_ins": {judge: round(value, 4) for judge, value in found.items()},
        }
        if name != UNCHANGED:
            out[name]["gained"] = gained(counts[UNCHANGED], own)
    return out


def keep(path: Path, counts: Mapping[str, Counts]) -> None:
    """Write counts, so that those of several draws can be averaged."""
    np.savez(path, **{f"{change}/{name}": table for change, own in counts.items() for name, table in own.items()})  # type: ignore[arg-type]


def averaged(paths: Sequence[Path]) -> dict[str, Counts]:
    """Counts of several draws of the same changes, clip by clip."""
    out: dict[str, Counts] = {}
    for path in paths:
        with np.load(path) as kept:
            for key in kept.files:
                change, name = key.split("/")
                own = out.setdefault(change, {})
                own[name] = own.get(name, 0) + kept[key]
    return out
