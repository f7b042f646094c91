"""The pictures of a row: one still, or two a second out of a recording."""

from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from countenance.contracts.errors import DatasetError
from countenance.contracts.media import SECOND_US
from countenance.training.datasets.store import Row

STILLS = (".jpg", ".jpeg", ".png", ".bmp", ".webp")
STEP_US = SECOND_US // 2

Picture = NDArray[np.uint8]


def pictures_of(row: Row) -> Iterator[Picture]:
    """Upright RGB pictures, h x w x 3."""
    path = row.face_path
    if path is None:
        raise DatasetError(f"{row.source} has no picture", "Choose a corpus of faces, or unpack its pictures.")
    if path.is_dir():
        for still in sorted(one for one in path.iterdir() if one.suffix.lower() in STILLS):
            yield _still(still)
    elif path.suffix.lower() in STILLS:
        yield _still(path)
    else:
        yield from _frames(path, row.start_us or 0, row.end_us)


def _still(path: Path) -> Picture:
    try:
        with Image.open(path) as picture:
            return np.asarray(picture.convert("RGB"))
    except (OSError, UnidentifiedImageError) as error:
        raise DatasetError(f"{path} is no picture that can be read ({error})", "Take the file again.") from error


def _frames(path: Path, start_us: int, end_us: int | None) -> Iterator[Picture]:
    due = start_us
    try:
        with av.open(str(path)) as container:
            for frame in container.decode(video=0):
                at_us = round((frame.time or 0.0) * SECOND_US)
                if end_us is not None and at_us >= end_us:
                    return
                if at_us >= due:
                    due = at_us + STEP_US
                    yield np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)
    except (OSError, IndexError, av.error.FFmpegError) as error:
        raise DatasetError(f"{path} holds no pictures that can be read ({error})", "Take the file again.") from error
