"""Scoring finders on scenes: hits at IoU 0.5, landmark error, firing on face-free frames, bootstrap intervals."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from countenance.training.face_finder.composites import compose
from countenance.training.face_finder.scene import Recipe
from countenance.training.face_finder.teacher import FaceSet, Found, overlap

HIT = 0.5
Finder = Callable[[NDArray[np.uint8]], Found]


@dataclass(frozen=True, slots=True)
class Trial:
    """One finder on one kind of scene, per face and per face-free frame; nothing is cut at a threshold yet."""

    index: NDArray[np.int64]
    """Which face of the set."""
    width: NDArray[np.float32]
    """Pixels of the frame."""
    score: NDArray[np.float32]
    """Score of the best detection that overlaps the truth by HIT or more; -1 where there is none."""
    error: NDArray[np.float32]
    """Mean landmark distance over the square root of the box's area; NaN where there is no hit."""
    free: NDArray[np.float32]
    """Best score in each face-free frame; -1 where nothing fires."""
    seen: NDArray[np.bool_]
    """Whether at most a third of the face is hidden or outside."""


def trials(
    finders: dict[str, Finder], faces: FaceSet, recipe: Recipe, seed: int, free: int, rounds: int = 1
) -> dict[str, Trial]:
    """Run finders on `rounds` scenes per face and `free` face-free frames; all see the same frames."""
    rows: dict[str, list[tuple[float, ...]]] = {name: [] for name in finders}
    fires: dict[str, list[float]] = {name: [] for name in finders}
    for i in range(len(faces) * rounds):
        made = compose(np.random.default_rng((seed, 0, i)), faces, recipe, chosen=i % len(faces))
        if not len(made.boxes):
            continue
        box, points = made.boxes[0], made.landmarks[0]
        for name, find in finders.items():
            score, error = match(find(made.picture), box, points)
            rows[name].append((i % len(faces), box[2] - box[0], score, error, made.hidden[0] <= 1 / 3))
    for i in range(free):
        made = compose(np.random.default_rng((seed, 1, i)), faces, recipe, empty=True)
        for name, find in finders.items():
            fires[name].append(float(find(made.picture).scores.max(initial=-1)))
    return {name: _trial(rows[name], fires[name]) for name in finders}


def _trial(rows: list[tuple[float, ...]], fires: list[float]) -> Trial:
    index, width, score, error, seen = np.array(rows, np.float32).T
    return Trial(index.astype(np.int64), width, score, error, np.array(fires, np.float32), seen > 0)


def match(found: Found, box: NDArray[np.float32], points: NDArray[np.float32]) -> tuple[float, float]:
    """Best score among detections that hit the box, and the landmark error of that detection."""
    if not len(found.scores):
        return -1.0, float("nan")
    hits = np.flatnonzero(overlap(box, found.boxes) >= HIT)
    if not len(hits):
        return -1.0, float("nan")
    best = int(hits[np.argmax(found.scores[hits])])
    side = float(np.sqrt(np.prod(box[2:] - box[:2])))
    return float(found.scores[best]), float(np.linalg.norm(found.landmarks[best] - points, axis=1).mean()) / side


def choose_threshold(trial: Trial, firing: float, least: float) -> float:
    """The lowest threshold, `least` or more, at which at most `firing` of the face-free frames fire.

    Finders were asked for what scores `least` or more: where nothing fires, no lower threshold was tried.
    """
    ordered = np.sort(trial.free)[::-1]
    allowed = int(firing * len(ordered))
    return max(least, round(float(ordered[allowed]) + 0.0005, 3)) if len(ordered) > allowed else 0.5


def rate(metric: str, hits: NDArray[np.bool_], protocol: str) -> dict[str, Any]:
    """One proportion with its 95 % bootstrap interval; not a number where there is nothing to count."""
    n = len(hits)
    if not n:
        return _row(metric, math.nan, math.nan, math.nan, 0, protocol)
    value = float(hits.mean())
    low, high = np.quantile(np.random.default_rng(0).binomial(n, value, 4000) / n, [0.025, 0.975])
    return _row(metric, value, low, high, n, protocol)


def median(metric: str, values: NDArray[np.float32], protocol: str) -> dict[str, Any]:
    """One median with its 95 % bootstrap interval; not a number where there is nothing to measure."""
    if not len(values):
        return _row(metric, math.nan, math.nan, math.nan, 0, protocol)
    rng = np.random.default_rng(0)
    draws = [np.median(rng.choice(values, len(values))) for _ in range(500)]
    low, high = np.quantile(draws, [0.025, 0.975])
    return _row(metric, float(np.median(values)), low, high, len(values), protocol)


def _row(metric: str, value: float, low: float, high: float, n: int, protocol: str) -> dict[str, Any]:
    numbers = {"value": round(value, 4), "low": round(float(low), 4), "high": round(float(high), 4), "n": n}
    return {"metric": metric, **numbers, "protocol": protocol}
