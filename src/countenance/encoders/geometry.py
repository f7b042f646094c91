"""Visible cues from landmarks: pure geometry, every scale stated here.

Points are n_points x 3 in the order of `NAMES`: x to the right and y down in the picture, z away from the camera, one
unit for all three. "Left" and "right" are those of the picture. The point numbers are those of the MediaPipe face
mesh, so its annotations can be compared.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MESH = {
    "left_eye": (33, 133, 160, 159, 158, 144, 145, 153),
    "right_eye": (263, 362, 387, 386, 385, 373, 374, 380),
    "left_brow": (70, 63, 105, 66, 107),
    "right_brow": (300, 293, 334, 296, 336),
    "nose": (168, 6, 1, 2, 98, 327),
    "mouth": (61, 291, 78, 308, 37, 0, 267, 82, 13, 312, 87, 14, 317, 84, 17, 314),
    "outline": (10, 152, 234, 454, 172, 397, 132, 361),
}
"""Mesh points by part. Eyes: outer and inner corner, three of the upper lid, three of the lower lid, outer to inner.

Brows: outer to inner. Nose: between the eyes, bridge, tip, base, sides. Mouth: outer corners, inner corners, then three
points each of upper edge, upper inner, lower inner and lower edge. Outline: top, chin, sides at the ears, jaw, cheeks.
"""

NAMES = tuple(number for part in MESH.values() for number in part)
MIRROR = {33: 263, 133: 362, 160: 387, 159: 386, 158: 385, 144: 373, 145: 374, 153: 380, 70: 300, 63: 293, 105: 334}
MIRROR |= {66: 296, 107: 336, 98: 327, 61: 291, 78: 308, 37: 267, 82: 312, 87: 317, 84: 314, 234: 454, 172: 397}
MIRROR |= {132: 361}
MIRROR |= {right: left for left, right in MIRROR.items()}
MIRRORED = tuple(NAMES.index(MIRROR.get(number, number)) for number in NAMES)
"""Which point becomes which when a picture is mirrored."""

_PLACE = {number: place for place, number in enumerate(NAMES)}

Points = NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class Pose:
    """Where a head is turned, degrees; all three are 0 for a level face that looks into the camera."""

    yaw: float
    """Positive when the face turns to the right of the picture."""
    pitch: float
    """Positive when the face turns up."""
    roll: float
    """Positive when the head tilts clockwise in the picture."""


@dataclass(frozen=True, slots=True)
class Ratios:
    """Distances on the face turned to the front, divided by the distance of the outer eye corners."""

    lids: float
    """Upper to lower lid, mean of both eyes, divided by the width of the eye."""
    lips: float
    """Inner edge of the upper to that of the lower lip."""
    mouth_width: float
    corner_lift: float
    """How far the mouth corners lie above the middle of the lips."""
    brow_height: float
    """Brow above eye corner line, mean of both brows."""
    inner_brow_height: float
    """Inner ends of the brows above the inner eye corners."""


def at(points: Points, number: int) -> Points:
    """The point of a mesh number."""
    chosen: Points = points[_PLACE[number]]
    return chosen


def rotation(points: Points) -> NDArray[np.float64]:
    """Axes of the head as rows: to the right of the picture, down the face, into the head; right-handed."""
    brow, chin, left, right, left_eye, right_eye = (at(points, n).tolist() for n in (10, 152, 234, 454, 33, 263))
    across = _unit([r - le + re - lo for r, le, re, lo in zip(right, left, right_eye, left_eye, strict=True)])
    down = [low - high for low, high in zip(chin, brow, strict=True)]
    along = sum(d * a for d, a in zip(down, across, strict=True))
    lower = _unit([d - along * a for d, a in zip(down, across, strict=True)])
    (x, y, z), (u, v, w) = across, lower
    return np.array([across, lower, [y * w - z * v, z * u - x * w, x * v - y * u]])


def pose(points: Points) -> Pose:
    """How the head was turned: first up or down, then sideways, then tilted in the picture."""
    right, _, inward = rotation(points).tolist()
    roll = math.atan2(right[1], right[0])
    # The direction of the face with the tilt undone; pitch and yaw then no longer mix with roll.
    x = -inward[0] * math.cos(roll) - inward[1] * math.sin(roll)
    y = inward[0] * math.sin(roll) - inward[1] * math.cos(roll)
    yaw, pitch = math.atan2(x, inward[2]), math.asin(min(1.0, max(-1.0, -y)))
    return Pose(yaw=math.degrees(yaw), pitch=math.degrees(pitch), roll=math.degrees(roll))


def frontal(points: Points) -> NDArray[np.float64]:
    """The same points turned so that the face looks into the camera, in units of the outer eye distance."""
    turned = (points - points.mean(axis=0)) @ rotation(points).T
    span = math.dist(at(turned, 263).tolist(), at(turned, 33).tolist())
    return np.asarray(turned / max(span, 1e-6))


def ratios(points: Points) -> Ratios:
    """Measure a face; being lengths on the turned face they change little with its pose."""
    face = frontal(points)
    heights = dict(zip(NAMES, (-face[:, 1]).tolist(), strict=True))
    eyes = (heights[33] + heights[133] + heights[263] + heights[362]) / 4
    centre = (heights[13] + heights[14]) / 2
    return Ratios(
        lids=(_opening(face, heights, "left_eye") + _opening(face, heights, "right_eye")) / 2,
        lips=max(0.0, heights[13] - heights[14]),
        mouth_width=_distance(face, 61, 291),
        corner_lift=(heights[61] + heights[291]) / 2 - centre,
        brow_height=sum(heights[n] for n in MESH["left_brow"] + MESH["right_brow"]) / 10 - eyes,
        inner_brow_height=(heights[107] + heights[336] - heights[133] - heights[362]) / 2,
    )


def _opening(face: NDArray[np.float64], heights: Mapping[int, float], eye: str) -> float:
    outer, inner, *lids = MESH[eye]
    gaps = [max(0.0, heights[up] - heights[low]) for up, low in zip(lids[:3], lids[3:], strict=True)]
    return sum(gaps) / 3 / max(_distance(face, outer, inner), 1e-6)


def _distance(face: NDArray[np.float64], one: int, other: int) -> float:
    """Length in the plane of the picture."""
    across, down, _ = (at(face, one) - at(face, other)).tolist()
    return math.hypot(across, down)


def _unit(vector: Sequence[float]) -> list[float]:
    length = max(math.hypot(*vector), 1e-9)
    return [part / length for part in vector]
