"""Pictures of faces through the expression encoder: found and aligned as in a call, or framed already."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from countenance.capture.alignment import align
from countenance.capture.faces import FaceFinder
from countenance.capture.quality import judge, measure
from countenance.contracts.errors import DatasetError
from countenance.contracts.media import FACE_CROP_PX, FACE_TEMPLATE, Box, FaceSample, Quality
from countenance.contracts.readings import Observation, Reason
from countenance.contracts.stages import Encoder
from countenance.inference.facecrop import MARGIN_PX, SMALL_PX
from countenance.training.datasets.store import Row
from countenance.training.scoring.said import Said

BATCH = 64
Picture = NDArray[np.uint8]


def read_faces(
    rows: Sequence[Row], encoder: Encoder, finder: FaceFinder | None, say: Callable[[Observation], Said]
) -> Iterator[Said]:
    """One answer per row; a picture without a face is an abstention."""
    for start in range(0, len(rows), BATCH):
        faces = [face_of(_path(row), finder) for row in rows[start : start + BATCH]]
        answers = iter(encoder.encode([face for face in faces if face is not None]))
        for face in faces:
            if face is None:
                yield Said(abstained=Reason.NO_FACE.value)
                continue
            said = next(answers)
            yield Said(abstained=said.abstain.reason.value) if said.abstain else say(said)


def expression(said: Observation) -> Said:
    """What the expression encoder says, for corpora with labels and for rates without any."""
    return Said(shares=said.scores, outcomes=said.scores, dimensions=said.dimensions, embedding=said.embedding)


def face_of(path: Path, finder: FaceFinder | None) -> FaceSample | None:
    """The face of one picture as a call would cut it; None where none is found.

    A picture of 48 x 48 is framed like FER2013 already, as is the inner square of a crop: it is taken as that square.
    """
    picture = _read(path)
    if picture.shape[:2] == (SMALL_PX, SMALL_PX):
        return framed(picture)
    if finder is None:
        raise DatasetError(f"{path} is no framed face of {SMALL_PX} x {SMALL_PX}", "Install a face finder.")
    found = finder.find(picture)
    if not found:
        return None
    face, crop = found[0], align(picture, found[0])
    return FaceSample("p_1", 0, crop, face.landmarks, face.box, judge(measure(crop, face)))


def framed(small: Picture) -> FaceSample:
    """A face of 48 x 48 as the inner square of a crop; every pixel is doubled, so halving gives it back."""
    doubled = small.repeat(2, axis=0).repeat(2, axis=1)
    crop = np.pad(doubled, ((MARGIN_PX, MARGIN_PX), (MARGIN_PX, MARGIN_PX), (0, 0)), mode="edge")
    box = Box(0.0, 0.0, float(FACE_CROP_PX), float(FACE_CROP_PX))
    return FaceSample("p_1", 0, crop, FACE_TEMPLATE, box, Quality(1.0))


def _path(row: Row) -> Path:
    if row.face_path is None:
        raise DatasetError(f"{row.source} has no picture", "Choose a corpus of faces, or unpack its pictures.")
    return row.face_path


def _read(path: Path) -> Picture:
    try:
        with Image.open(path) as picture:
            return np.asarray(picture.convert("RGB"))
    except OSError as error:
        raise DatasetError(f"{path} is no picture that can be read ({error})", "Take the file again.") from error
