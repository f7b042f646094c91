"""How well the cues network agrees with its teacher on faces it was not trained on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from countenance.encoders.cues import CUES, Scale, on_scale
from countenance.encoders.geometry import MESH, NAMES, pose, ratios

Floats = NDArray[np.floating[Any]]
RESAMPLES = 1000
POSES = ("yaw", "pitch", "roll")

PERCENTILES = {
    "smile": (30, 98),
    "brow_lower": (50, 1),
    "brow_raise": (50, 99),
    "eye_openness": (1, 99),
    "mouth_opening": (30, 99),
}
"""At which percentiles of the lengths of training faces a cue is 0 and 1."""
BEYOND = {"eye_openness": 0.5}
"""How much further off 0 lies, as a share of the scale: hardly any eye in the photos is closed."""


def point_errors(said: Floats, truth: Floats, numbers: tuple[int, ...] = NAMES) -> Floats:
    """Mean distance in the picture per face, divided by the teacher's outer eye distance; n values."""
    span = np.linalg.norm((truth[:, NAMES.index(263)] - truth[:, NAMES.index(33)])[:, :2], axis=1)
    chosen = [NAMES.index(number) for number in numbers]
    return np.asarray(np.linalg.norm((said - truth)[:, chosen, :2], axis=2).mean(axis=1) / span)


def lengths(points: Floats) -> dict[str, Floats]:
    """The length behind every cue, n values each."""
    faces = [ratios(face) for face in points]
    return {name: np.array([length(face) for face in faces]) for name, length in CUES.items()}


def scales(points: Floats) -> dict[str, Scale]:
    """The ends of every scale, from points on training faces."""
    ends = {}
    for name, values in lengths(points).items():
        zero, one = np.percentile(values, PERCENTILES[name])
        ends[name] = (round(float(zero - BEYOND.get(name, 0.0) * (one - zero)), 4), round(float(one), 4))
    return ends


def poses(points: Floats) -> Floats:
    """Yaw, pitch and roll, n x 3 degrees."""
    return np.array([[getattr(pose(face), name) for name in POSES] for face in points])


def agreement(said: Floats, truth: Floats, ends: Mapping[str, Scale]) -> dict[str, Any]:
    """Errors of points, cues and pose with 95 % bootstrap intervals over faces."""
    figures: dict[str, Any] = {"point_error": summary(point_errors(said, truth))}
    figures["point_error_by_part"] = {
        part: summary(point_errors(said, truth, numbers)) for part, numbers in MESH.items()
    }
    figures["faces_over_10_percent"] = summary((point_errors(said, truth) > 0.1).astype(float))
    ours, theirs = lengths(said), lengths(truth)
    figures["cues"] = {
        name: {
            "mean_error": summary(np.abs(_scaled(ours[name], ends[name]) - _scaled(theirs[name], ends[name]))),
            "correlation": _correlation(ours[name], theirs[name]),
        }
        for name in CUES
    }
    ours_turned, theirs_turned = poses(said), poses(truth)
    figures["pose_error_deg"] = {
        name: summary(np.abs(ours_turned[:, axis] - theirs_turned[:, axis])) for axis, name in enumerate(POSES)
    }
    return figures


def by_group(errors: Floats, groups: NDArray[np.str_]) -> dict[str, Any]:
    """The mean error of every group with its interval and n."""
    return {str(group): summary(errors[groups == group]) for group in np.unique(groups)}


def summary(values: Floats) -> dict[str, Any]:
    """A mean with its 95 % bootstrap interval."""
    low, high = interval(lambda chosen: float(values[chosen].mean()), len(values))
    return {"value": float(values.mean()), "low": low, "high": high, "n": len(values)}


def _correlation(ours: Floats, theirs: Floats) -> dict[str, Any]:
    low, high = interval(lambda chosen: float(np.corrcoef(ours[chosen], theirs[chosen])[0, 1]), len(ours))
    return {"value": float(np.corrcoef(ours, theirs)[0, 1]), "low": low, "high": high, "n": len(ours)}


def interval(statistic: Callable[[NDArray[np.int64]], float], count: int) -> tuple[float, float]:
    """Ends of the 95 % bootstrap interval of a statistic of positions 0..count."""
    random = np.random.default_rng(0)
    values = [statistic(random.integers(count, size=count)) for _ in range(RESAMPLES)]
    low, high = np.percentile(values, [2.5, 97.5])
    return float(low), float(high)


def _scaled(values: Floats, ends: Scale) -> Floats:
    return np.array([on_scale(float(value), ends) for value in values])
