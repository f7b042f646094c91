"""Agreement with the teacher on real photos and clips (local tests only; nothing of them is kept)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from countenance.training.face_finder.scoring import HIT, Finder
from countenance.training.face_finder.teacher import Found, Teacher, overlap

GRID_US = 200_000
TEACHER_SIDE = 448
SURE = 0.75


@dataclass(slots=True)
class Agreement:
    """Counts over the pictures of one source."""

    pictures: int = 0
    faces: int = 0
    """Faces that the teacher is sure of and that are at least `smallest` px wide in the 160 x 96 input."""
    found: int = 0
    false: int = 0
    """Detections that overlap none of the teacher's faces, the unsure ones included."""
    empty: int = 0
    """Pictures in which the teacher sees nothing."""
    empty_firing: int = 0

    def row(self, source: str) -> dict[str, Any]:
        """The counts as JSON values."""
        return {"source": source, **{name: getattr(self, name) for name in self.__slots__}}


def compare(frames: Iterator[NDArray[np.uint8]], teacher: Teacher, find: Finder, smallest: float) -> Agreement:
    """Count agreement between the teacher on a large view and a finder on the same frames."""
    counts = Agreement()
    for frame in frames:
        scale = min(160 / frame.shape[1], 96 / frame.shape[0])
        truth = at_teacher_size(teacher, frame)
        mine = find(frame)
        counts.pictures += 1
        sure = truth.scores >= SURE
        large = (truth.boxes[:, 2] - truth.boxes[:, 0]) * scale >= smallest
        wanted = truth.boxes[sure & large]
        counts.faces += len(wanted)
        counts.found += sum(bool(len(mine.boxes) and overlap(box, mine.boxes).max() >= HIT) for box in wanted)
        stray = sum(not len(truth.boxes) or overlap(box, truth.boxes).max() < 0.3 for box in mine.boxes)
        counts.false += int(stray)
        if not len(truth.boxes):
            counts.empty += 1
            counts.empty_firing += bool(len(mine.boxes))
    return counts


def cutouts(frames: Iterator[NDArray[np.uint8]], teacher: Teacher, find: Finder, each: int) -> dict[str, Any]:
    """Fire on pieces of real pictures that hold no face: `each` windows per picture, clear of the teacher's faces."""
    rng = np.random.default_rng(15)
    fired: list[bool] = []
    for frame in frames:
        boxes = at_teacher_size(teacher, frame).boxes
        grown = boxes + np.array([-0.2, -0.2, 0.2, 0.2], np.float32) * (boxes[:, 2:3] - boxes[:, :1])
        for _ in range(each):
            wide = rng.uniform(0.2, 0.7) * min(frame.shape[1], frame.shape[0] * 16 / 9)
            size = np.array([wide, wide * 9 / 16])
            corner = rng.uniform(0, 1, 2) * (np.array([frame.shape[1], frame.shape[0]]) - size)
            window = np.concatenate([corner, corner + size]).astype(np.float32)
            if not len(boxes) or overlap(window, grown.astype(np.float32)).max() == 0:
                x0, y0, x1, y1 = window.astype(int)
                fired.append(bool(len(find(np.ascontiguousarray(frame[y0:y1, x0:x1])).scores)))
    return {"source": "face-free cut-outs of photos and clips", "pictures": len(fired), "firing": sum(fired)}


def at_teacher_size(teacher: Teacher, frame: NDArray[np.uint8]) -> Found:
    """The teacher's faces in frame pixels, read from a view of at most TEACHER_SIDE pixels padded to whole strides."""
    scale = TEACHER_SIDE / max(frame.shape[:2])
    size = (round(frame.shape[1] * scale), round(frame.shape[0] * scale))
    view = cv2.resize(frame, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    below, right = -size[1] % 32, -size[0] % 32
    padded = cv2.copyMakeBorder(view, 0, below, 0, right, cv2.BORDER_CONSTANT, value=(127, 127, 127))
    found = teacher.find(np.asarray(padded, np.uint8), 0.4)
    return Found(found.boxes / scale, found.landmarks / scale, found.scores)


def photos(folder: Path) -> Iterator[NDArray[np.uint8]]:
    """RGB photos of a folder, in order of name."""
    for path in sorted([*folder.glob("*.jpg"), *folder.glob("*.png")]):
        picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
        if picture is not None:
            yield np.ascontiguousarray(picture[:, :, ::-1]).astype(np.uint8)


def clip(path: Path) -> Iterator[NDArray[np.uint8]]:
    """RGB frames of a clip, one per grid step of media time."""
    with av.open(str(path)) as container:
        due = 0
        for frame in container.decode(video=0):
            at_us = int((frame.time or 0) * 1_000_000)
            if at_us >= due:
                due = (at_us // GRID_US + 1) * GRID_US
                yield np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)
