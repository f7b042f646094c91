"""The YuNet teacher: reads boxes and landmarks off FairFace crops and photos (weights stay outside the package)."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import onnxruntime
from numpy.typing import NDArray

STRIDES = (8, 16, 32)
CROP = 112
PAD = 40
DEV_EVERY = 12


@dataclass(frozen=True, slots=True)
class Found:
    """Faces in one picture, best first: boxes n x 4 (x0, y0, x1, y1), landmarks n x 5 x 2, scores n; pixels."""

    boxes: NDArray[np.float32]
    landmarks: NDArray[np.float32]
    scores: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class FaceSet:
    """Crops with the teacher's box and landmarks (crop pixels) and the corpus's demographic columns."""

    crops: NDArray[np.uint8]
    boxes: NDArray[np.float32]
    landmarks: NDArray[np.float32]
    several: NDArray[np.bool_]
    race: NDArray[np.str_]
    gender: NDArray[np.str_]
    age: NDArray[np.str_]

    def __len__(self) -> int:
        """Count the faces."""
        return len(self.crops)

    def take(self, index: NDArray[np.intp] | NDArray[np.bool_]) -> FaceSet:
        """Keep the faces that an index or a mask names."""
        return FaceSet(*(getattr(self, name)[index] for name in self.__slots__))


class Teacher:
    """YuNet on onnxruntime, any input size that is a multiple of 32."""

    def __init__(self, weights: Path) -> None:
        """Load `yunet_n_dynamic.onnx` for one thread."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(str(weights), options, providers=["CPUExecutionProvider"])

    def find(self, picture: NDArray[np.uint8], threshold: float = 0.6) -> Found:
        """Find faces in an RGB picture (h x w x 3, sides multiples of 32)."""
        width = picture.shape[1]
        blob = np.ascontiguousarray(picture[:, :, ::-1].transpose(2, 0, 1)[None], dtype=np.float32)
        out = self._session.run(None, {"input": blob})
        parts = [
            _decode(out[i][0], out[3 + i][0], out[6 + i][0], out[9 + i][0], stride, width // stride)
            for i, stride in enumerate(STRIDES)
        ]
        boxes, landmarks, scores = (np.concatenate([part[k] for part in parts]) for k in range(3))
        keep = np.flatnonzero(scores >= threshold)
        keep = keep[np.argsort(-scores[keep], kind="stable")]
        keep = keep[suppress(boxes[keep], 0.3)]
        return Found(boxes[keep], landmarks[keep], scores[keep])


def _decode(
    cls: NDArray[np.float32],
    obj: NDArray[np.float32],
    box: NDArray[np.float32],
    points: NDArray[np.float32],
    stride: int,
    columns: int,
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    cells = np.arange(len(cls))
    corner = np.stack([cells % columns, cells // columns], 1).astype(np.float32)
    scores = np.sqrt(np.clip(cls[:, 0], 0, 1) * np.clip(obj[:, 0], 0, 1))
    centre = (corner + box[:, :2]) * stride
    half = np.exp(box[:, 2:]) * stride / 2
    landmarks = (corner[:, None] + points.reshape(-1, 5, 2)) * stride
    return np.concatenate([centre - half, centre + half], 1), landmarks, scores


def overlap(box: NDArray[np.float32], others: NDArray[np.float32]) -> NDArray[np.float32]:
    """Intersection over union of one box with many."""
    low = np.maximum(box[:2], others[:, :2])
    high = np.minimum(box[2:], others[:, 2:])
    shared = np.prod(np.clip(high - low, 0, None), 1)
    area = np.prod(box[2:] - box[:2])
    union: NDArray[np.float32] = area + np.prod(others[:, 2:] - others[:, :2], 1) - shared
    return shared / np.maximum(union, 1e-6)


def suppress(boxes: NDArray[np.float32], limit: float) -> list[int]:
    """Drop boxes that overlap an earlier (better) one by more than `limit`."""
    kept: list[int] = []
    for i in range(len(boxes)):
        if not kept or overlap(boxes[i], boxes[kept]).max() <= limit:
            kept.append(i)
    return kept


def label_crop(teacher: Teacher, crop: NDArray[np.uint8]) -> tuple[Found, bool]:
    """Find the main face of one 112 px crop; the flag says that a second face is in it."""
    padded = cv2.copyMakeBorder(crop, PAD, PAD, PAD, PAD, cv2.BORDER_CONSTANT, value=(127, 127, 127))
    found = teacher.find(np.asarray(padded, dtype=np.uint8))
    if not len(found.scores):
        return found, False
    boxes, landmarks = found.boxes - PAD, found.landmarks - PAD
    area = np.prod(boxes[:, 2:] - boxes[:, :2], 1)
    main = int(np.argmax(area))
    one = slice(main, main + 1)
    return Found(boxes[one], landmarks[one], found.scores[one]), bool(len(area) > 1)


def labelled(data: Path, teachers: Path, corpus: str) -> FaceSet:
    """Label `fairface_train` or `fairface_val` with the teacher; kept as one file in the data folder."""
    store = data / f"face_finder_{corpus}.npz"
    if not store.exists():
        _label_all(data, teachers, corpus, store)
    with np.load(store) as kept:
        return FaceSet(*(kept[name] for name in FaceSet.__slots__))


def _label_all(data: Path, teachers: Path, corpus: str, store: Path) -> None:
    teacher = Teacher(teachers / "yunet" / "yunet_n_dynamic.onnx")
    rows: list[tuple[object, ...]] = []
    for path, row in _listing(data, corpus):
        picture = cv2.imread(str(path))
        if picture is None:
            raise FileNotFoundError(f"{path} cannot be read; unpack the corpus again")
        crop = np.ascontiguousarray(picture[:, :, ::-1])
        found, several = label_crop(teacher, crop)
        if len(found.scores):
            rows.append((crop, found.boxes[0], found.landmarks[0], several, row["race"], row["gender"], row["age"]))
    columns = dict(zip(FaceSet.__slots__, (np.array(c) for c in zip(*rows, strict=True)), strict=True))
    np.savez(store, **columns)  # type: ignore[arg-type]


def _listing(data: Path, corpus: str) -> list[tuple[Path, dict[str, str]]]:
    if corpus == "fairface_train":
        folder, table, images = data / "face_fairface_train", "labels.csv", "images"
    else:
        folder, table, images = data / "face_fairface_val", "fairface_label_val.csv", "fair_face"
    with (folder / table).open(newline="", encoding="utf-8") as lines:
        return [(folder / images / row["file"], row) for row in csv.DictReader(lines)]


def split_dev(faces: FaceSet) -> tuple[FaceSet, FaceSet]:
    """Carve the dev part (every twelfth face) out of the training faces."""
    dev = np.arange(len(faces)) % DEV_EVERY == 0
    return faces.take(~dev & ~faces.several), faces.take(dev)
