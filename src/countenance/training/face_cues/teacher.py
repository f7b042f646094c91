"""The mesh teacher: MediaPipe face landmarks on FairFace crops (weights stay outside the package; Apache-2.0)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

from countenance.capture.alignment import similarity
from countenance.contracts.media import FACE_CROP_PX, FACE_TEMPLATE
from countenance.encoders.geometry import NAMES
from countenance.training.face_finder.teacher import FaceSet, labelled

SIDE = 192
MESH_POINTS = 468
SPAN = 1.5
"""The teacher looks at a square this much larger than the face, as its own tracker does."""
MARGIN = 12
"""Pixels kept around an aligned crop, so that training can move it."""
CANVAS = FACE_CROP_PX + 2 * MARGIN
EDGES = (cv2.BORDER_REFLECT, cv2.BORDER_CONSTANT, cv2.BORDER_REPLICATE, cv2.BORDER_WRAP)
SURE = 0.0
"""Least presence logit of a face that is kept."""

Floats = NDArray[np.float32]


class MeshTeacher:
    """The 468 point mesh, one face at a time."""

    def __init__(self, weights: Path) -> None:
        """Load `face_landmark.tflite` for one thread."""
        self._net: Any = Interpreter(model_path=str(weights), num_threads=1)
        self._net.allocate_tensors()
        self._input = self._net.get_input_details()[0]["index"]
        self._mesh, self._presence = (detail["index"] for detail in self._net.get_output_details())

    def find(self, rgb: NDArray[np.uint8], landmarks: Floats) -> tuple[Floats, float]:
        """Mesh points 468 x 3 in pixels of the picture and the presence logit, from five landmarks.

        It looks twice: first at a square set by the five landmarks, then at one set by the mesh it saw.
        """
        linear, shift = similarity(_seen_template(), landmarks)
        points, _ = self._look(rgb, linear, shift)
        return self._look(rgb, *_around(points))

    def _look(
        self, rgb: NDArray[np.uint8], linear: NDArray[np.float64], shift: NDArray[np.float64]
    ) -> tuple[Floats, float]:
        """Run on the square whose pixel p shows the picture at linear @ p + shift."""
        matrix = np.hstack([linear, shift[:, None]])
        square = cv2.warpAffine(
            rgb, matrix, (SIDE, SIDE), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE
        )
        self._net.set_tensor(self._input, square[None].astype(np.float32) / 255.0)
        self._net.invoke()
        seen = self._net.get_tensor(self._mesh).reshape(MESH_POINTS, 3).astype(np.float64)
        scale = float(np.hypot(linear[0, 0], linear[1, 0]))
        points = np.column_stack([seen[:, :2] @ linear.T + shift, seen[:, 2] * scale])
        return points.astype(np.float32), float(self._net.get_tensor(self._presence).reshape(-1)[0])


def _seen_template() -> Floats:
    """Where the five landmarks lie in the teacher's square at the first look: the face fills two thirds of it."""
    face = FACE_TEMPLATE - FACE_TEMPLATE.mean(axis=0)
    return np.asarray(face * (SIDE / SPAN / 96) + SIDE / 2 + [0, 0.04 * SIDE], dtype=np.float32)


def _around(points: Floats) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The square of the second look: level with the eyes, SPAN times the larger side of the mesh."""
    across = (points[263] - points[33])[:2].astype(np.float64)
    across /= max(float(np.linalg.norm(across)), 1e-6)
    axes = np.array([[across[0], -across[1]], [across[1], across[0]]])
    level = points[:, :2] @ axes
    low, high = level.min(axis=0), level.max(axis=0)
    scale = float((high - low).max()) * SPAN / SIDE
    centre = axes @ ((low + high) / 2)
    linear = axes * scale
    return linear, centre - linear @ np.array([SIDE / 2, SIDE / 2])


@dataclass(frozen=True, slots=True)
class CueFaces:
    """Aligned faces with the teacher's points."""

    canvases: NDArray[np.uint8]
    """Luma, n x CANVAS x CANVAS: an aligned crop with MARGIN pixels around it."""
    points: Floats
    """n x points x 3 in pixels of the canvas, order of `geometry.NAMES`."""
    rows: NDArray[np.int64]
    """Which face of `face_finder.teacher.labelled` each one is, n."""

    def __len__(self) -> int:
        """Count the faces."""
        return len(self.canvases)

    def take(self, index: NDArray[np.intp] | NDArray[np.bool_]) -> CueFaces:
        """Keep the faces that an index or a mask names."""
        return CueFaces(self.canvases[index], self.points[index], self.rows[index])


def cue_faces(data: Path, teachers: Path, corpus: str) -> CueFaces:
    """Label `fairface_train` or `fairface_val`; kept as one file in the data folder."""
    store = data / f"face_cues_{corpus}.npz"
    if not store.exists():
        faces = labelled(data, teachers, corpus)
        made = _label(faces, MeshTeacher(teachers / "mediapipe_face" / "face_landmark.tflite"))
        np.savez(store, canvases=made.canvases, points=made.points, rows=made.rows)
    with np.load(store) as kept:
        return CueFaces(kept["canvases"], kept["points"], kept["rows"])


def _label(faces: FaceSet, teacher: MeshTeacher) -> CueFaces:
    canvases: list[NDArray[np.uint8]] = []
    points: list[NDArray[np.float64]] = []
    rows: list[int] = []
    for row, (crop, landmarks) in enumerate(zip(faces.crops, faces.landmarks, strict=True)):
        mesh, presence = teacher.find(crop, landmarks)
        if presence < SURE or faces.several[row]:
            continue
        linear, shift = similarity(np.asarray(FACE_TEMPLATE + MARGIN, dtype=np.float32), landmarks)
        canvases.append(_cut(crop, linear, shift, edge=len(canvases)))
        back = np.linalg.inv(linear)
        chosen = mesh[list(NAMES)]
        scale = float(np.hypot(linear[0, 0], linear[1, 0]))
        points.append(np.column_stack([(chosen[:, :2] - shift) @ back.T, chosen[:, 2] / scale]))
        rows.append(row)
    return CueFaces(np.stack(canvases), np.stack(points).astype(np.float32), np.array(rows))


def _cut(
    crop: NDArray[np.uint8], linear: NDArray[np.float64], shift: NDArray[np.float64], edge: int
) -> NDArray[np.uint8]:
    """Align; FairFace crops end close to the face, so what lies beyond is made up in turn by one of EDGES."""
    matrix = np.hstack([linear, shift[:, None]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    aligned = cv2.warpAffine(crop, matrix, (CANVAS, CANVAS), flags=flags, borderMode=EDGES[edge % len(EDGES)])
    return np.asarray(cv2.cvtColor(aligned, cv2.COLOR_RGB2GRAY), dtype=np.uint8)
