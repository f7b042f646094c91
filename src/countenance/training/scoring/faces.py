"""Pictures of faces through the expression encoder: found and aligned as in a call, or framed already."""

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from countenance.capture.alignment import align
from countenance.capture.faces import FaceFinder
from countenance.capture.quality import judge, measure
from countenance.contracts.errors import DatasetError
from countenance.contracts.media import FACE_CROP_PX, FACE_TEMPLATE, Box, FaceSample, Quality
from countenance.contracts.readings import Observation, Reason
from countenance.contracts.stages import Encoder
from countenance.inference.facecrop import MARGIN_PX, SMALL_PX
from countenance.training.datasets.store import Row
from countenance.training.scoring.pictures import pictures_of
from countenance.training.scoring.said import Said

BATCH = 64
Picture = NDArray[np.uint8]


def read_faces(
    rows: Sequence[Row], encoder: Encoder, finder: FaceFinder | None, say: Callable[[Observation], Said]
) -> Iterator[Said]:
    """One answer per row, over its pictures the mean; a row without a face is an abstention."""
    for start in range(0, len(rows), BATCH):
        faces = [_faces(row, finder) for row in rows[start : start + BATCH]]
        answers = iter(encoder.encode([face for some in faces for face in some]))
        for some in faces:
            yield _mean([next(answers) for _ in some], say)


def _faces(row: Row, finder: FaceFinder | None) -> list[FaceSample]:
    found = [face_of(picture, finder, row.source) for picture in pictures_of(row)]
    return [face for face in found if face is not None]


def _mean(answers: Sequence[Observation], say: Callable[[Observation], Said]) -> Said:
    told = [say(one) for one in answers if one.abstain is None]
    if not told:
        refused = [one.abstain.reason for one in answers if one.abstain]
        return Said(abstained=(refused[0] if refused else Reason.NO_FACE).value)
    if len(told) == 1:
        return told[0]
    inner = [one.embedding for one in told if one.embedding is not None]
    return Said(
        shares=_means([one.shares for one in told]),
        dimensions=_means([one.dimensions for one in told]),
        embedding=np.mean(inner, axis=0) if len(inner) == len(told) else None,
    )


def _means(parts: Sequence[Mapping[str, float]]) -> dict[str, float]:
    return {name: float(np.mean([part[name] for part in parts])) for name in parts[0]}


def expression(said: Observation) -> Said:
    """What the expression encoder says."""
    return Said(shares=said.scores, dimensions=said.dimensions, embedding=said.embedding)


def face_of(picture: Picture, finder: FaceFinder | None, source: str) -> FaceSample | None:
    """The face of one picture as a call would cut it; None where none is found.

    A picture of 48 x 48 is framed like FER2013 already, as is the inner square of a crop: it is taken as that square.
    """
    if picture.shape[:2] == (SMALL_PX, SMALL_PX):
        return framed(picture)
    if finder is None:
        raise DatasetError(f"{source} is no framed face of {SMALL_PX} x {SMALL_PX}", "Install a face finder.")
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
