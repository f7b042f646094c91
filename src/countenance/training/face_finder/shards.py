"""Composites on disk: shards of pictures and labels, drawn once, read by training as they appear."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from countenance.training.face_finder.composites import compose
from countenance.training.face_finder.scene import MOST_FACES, TRAIN, Labelled
from countenance.training.face_finder.scenery import HEIGHT, WIDTH
from countenance.training.face_finder.teacher import FaceSet

SHARD = 5000
ROW = 20  # box 4, landmarks 10, covered 5, hidden share 1; NaN where there is no face


def rows_of(made: Labelled) -> NDArray[np.float32]:
    """Pack the labels of one composite into MOST_FACES x ROW numbers."""
    rows = np.full((MOST_FACES, ROW), np.nan, np.float32)
    for i in range(len(made.boxes)):
        rows[i] = np.concatenate([made.boxes[i], made.landmarks[i].ravel(), made.covered[i], made.hidden[i : i + 1]])
    return rows


def draw_shard(folder: Path, number: int, faces: FaceSet) -> None:
    """Draw shard `number` unless it is there already; the seed is the number of the scene."""
    target = folder / f"pictures{number:03d}.npy"
    if target.exists():
        return
    pictures = np.empty((SHARD, HEIGHT, WIDTH, 3), np.uint8)
    rows = np.empty((SHARD, MOST_FACES, ROW), np.float32)
    for i in range(SHARD):
        made = compose(np.random.default_rng((1, number, i)), faces, TRAIN)
        pictures[i], rows[i] = made.picture, rows_of(made)
    np.save(folder / f"rows{number:03d}.npy", rows)
    part = folder / f"part{number:03d}.npy"
    np.save(part, pictures)
    part.rename(target)


def ready(folder: Path) -> tuple[list[NDArray[np.uint8]], list[NDArray[np.float32]]]:
    """Open the shards that are finished, memory-mapped."""
    names = sorted(folder.glob("pictures*.npy"))
    pictures = [np.load(name, mmap_mode="r") for name in names]
    return pictures, [np.load(name.with_name(name.name.replace("pictures", "rows"))) for name in names]
