"""Faces of known geometry, and bundles whose network says what a test tells it to."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from countenance.contracts.card import Card, Licence
from countenance.contracts.media import FACE_CROP_PX, FACE_TEMPLATE, Box, FaceSample, Quality
from countenance.encoders.geometry import NAMES
from countenance.inference.bundle import Bundle
from countenance.inference.calibration import Calibration
from countenance.inference.onnx import OnnxModel

Floats = NDArray[np.float64]

SIDE_OF_FACE = {
    33: (-50, 0, 12), 133: (-18, 0, 5), 160: (-42, -4, 6), 159: (-34, -6, 4), 158: (-26, -4, 4),
    144: (-42, 4, 6), 145: (-34, 6, 4), 153: (-26, 4, 4),
    70: (-56, -16, 10), 63: (-47, -21, 6), 105: (-36, -23, 3), 66: (-25, -22, 1), 107: (-13, -19, 0),
    98: (-13, 42, -10), 61: (-28, 68, 2), 78: (-25, 68, 2), 37: (-8, 58, -6), 82: (-8, 66, -3),
    87: (-8, 70, -3), 84: (-8, 80, -3), 234: (-72, 10, 60), 172: (-58, 72, 40), 132: (-68, 45, 50),
}  # fmt: skip
"""One half of a level face at rest (mesh number: right, down, away from the camera)."""
MIDDLE = {
    168: (0, 0, -4), 6: (0, 12, -12), 1: (0, 36, -30), 2: (0, 46, -14), 0: (0, 57, -8), 13: (0, 66, -5),
    14: (0, 70, -5), 17: (0, 81, -5), 10: (0, -70, 5), 152: (0, 112, 5),
}  # fmt: skip
OTHER_SIDE = {
    33: 263, 133: 362, 160: 387, 159: 386, 158: 385, 144: 373, 145: 374, 153: 380, 70: 300, 63: 293, 105: 334, 66: 296,
    107: 336, 98: 327, 61: 291, 78: 308, 37: 267, 82: 312, 87: 317, 84: 314, 234: 454, 172: 397, 132: 361,
}  # fmt: skip


def drawn_face(*, changes: Mapping[int, tuple[float, float]] | None = None) -> Floats:
    """A level face, points x 3; `changes` moves mesh points of one half (the other follows) by (right, down)."""
    half = {number: np.array(place, dtype=float) for number, place in SIDE_OF_FACE.items()}
    middle = {number: np.array(place, dtype=float) for number, place in MIDDLE.items()}
    for number, (right, down) in (changes or {}).items():
        (half if number in half else middle)[number] += (right, down, 0)
    placed = middle | half | {OTHER_SIDE[n]: place * (-1, 1, 1) for n, place in half.items()}
    return np.stack([placed[number] for number in NAMES])


def turned(face: Floats, *, yaw: float = 0, pitch: float = 0, roll: float = 0) -> Floats:
    """The face after pitch, then yaw, then roll, in degrees of `geometry.Pose`."""
    y, p, r = np.radians([yaw, pitch, roll])
    tip = np.array([[1, 0, 0], [0, np.cos(p), np.sin(p)], [0, -np.sin(p), np.cos(p)]])
    swing = np.array([[np.cos(y), 0, -np.sin(y)], [0, 1, 0], [np.sin(y), 0, np.cos(y)]])
    tilt = np.array([[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]])
    return np.asarray(face @ (tilt @ swing @ tip).T)


def face_sample(
    *,
    grey: int = 128,
    crop: NDArray[np.uint8] | None = None,
    quality: Quality | None = None,
    at_us: int = 0,
    landmarks: NDArray[np.float32] | None = None,
) -> FaceSample:
    """An aligned crop, by default of one grey."""
    return FaceSample(
        participant_id="ana",
        at_us=at_us,
        crop=np.full((FACE_CROP_PX, FACE_CROP_PX, 3), grey, dtype=np.uint8) if crop is None else crop,
        landmarks=FACE_TEMPLATE if landmarks is None else landmarks,
        box=Box(0, 0, FACE_CROP_PX, FACE_CROP_PX),
        quality=quality or Quality(0.9),
    )


class Said:
    """Stands in for a network: gives `output` for every face and remembers what it was shown."""

    def __init__(self, name: str, output: NDArray[np.float32]) -> None:
        self._name, self._output = name, output
        self.shown: list[NDArray[np.float32]] = []

    def run(self, inputs: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[np.float32]]:
        """One row per face."""
        self.shown.append(inputs["face"])
        return {self._name: np.stack([self._output] * len(inputs["face"]))}


def told_bundle(
    said: Said,
    *,
    outputs: Mapping[str, tuple[str, ...]],
    temperature: float = 1.0,
    extra: Mapping[str, object] | None = None,
) -> Bundle:
    """A bundle around `said`."""
    card = Card(
        id="told", version="v1", modality="face", task="test", summary="", outputs=outputs,
        licence=Licence(code="", weights="", data="", commercial=True, notice=""),
        input={}, calibration={}, data={}, limits=(), figures=(), files={"model.onnx": "0" * 64},
    )  # fmt: skip
    one, none = np.ones(1, dtype=np.float32), np.zeros(1, dtype=np.float32)
    calibration = Calibration("told", "temperature", temperature, one, none, {}, extra or {})
    return Bundle(Path("told.v1"), card, cast(OnnxModel, said), calibration)
