"""Visible cues of a face: smile, brows, eyes, mouth and head pose, measured on points that a small network places.

Every scale is linear between two lengths (see `CUES`) and clipped to 0..1. The lengths come with the bundle, where the
training command wrote them; they are percentiles of the FairFace training faces, so 1 means "as much as the most
marked few in a hundred of those faces", not a share of anybody's own range.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from countenance.contracts.call import FACE
from countenance.contracts.errors import BundleError
from countenance.contracts.media import FaceSample, Sample, SampleSpec
from countenance.contracts.readings import Observation
from countenance.encoders.geometry import Points, Ratios, pose, ratios
from countenance.encoders.usable import read_usable
from countenance.inference.bundle import Bundle
from countenance.inference.facecrop import inner_grey, tilt_deg
from countenance.inference.shelf import Shelf

BUNDLE = "face-cues.v1"

CUES: Mapping[str, Callable[[Ratios], float]] = {
    "smile": lambda face: face.mouth_width / 2 + face.corner_lift,
    "brow_lower": lambda face: face.inner_brow_height,
    "brow_raise": lambda face: face.brow_height,
    "eye_openness": lambda face: face.lids,
    "mouth_opening": lambda face: face.lips,
}
"""The length behind each cue, in units of the outer eye distance (lids: of the width of the eye)."""

Scale = tuple[float, float]
"""The lengths at which a cue is 0 and 1; the first may be the larger."""


class CuesEncoder:
    """Reads aligned faces; no clock, no memory between calls."""

    takes = SampleSpec(FACE, FaceSample)
    needs = (BUNDLE,)

    def __init__(self, bundle: Bundle) -> None:
        self._bundle = bundle
        self._scales, self._level = _scales(bundle)

    @classmethod
    def from_shelf(cls, shelf: Shelf) -> "CuesEncoder":
        """The encoder with the bundle of a profile."""
        return cls(shelf.load(BUNDLE))

    def encode(self, samples: Sequence[Sample]) -> Sequence[Observation]:
        """One observation per face, in order."""
        return read_usable(samples, self._bundle.ref, self._points, self._observe)

    def _points(self, faces: Sequence[FaceSample]) -> NDArray[np.float32]:
        """Points in pixels of the inner square, n x points x 3."""
        return self._bundle.model.run({"face": inner_grey([face.crop for face in faces])})["points"]

    def _observe(self, face: FaceSample, points: Points) -> Observation:
        head = pose(points)
        return Observation(
            participant_id=face.participant_id,
            modality=FACE,
            start_us=face.at_us,
            end_us=face.at_us,
            quality=face.quality.value,
            cues={
                **cues(ratios(points), self._scales),
                "head_yaw_deg": head.yaw,
                "head_pitch_deg": head.pitch - self._level,
                "head_roll_deg": head.roll + tilt_deg(face.landmarks),
            },
            model=self._bundle.ref,
        )


def cues(face: Ratios, scales: Mapping[str, Scale]) -> dict[str, float]:
    """Every cue on its scale, 0..1."""
    return {name: on_scale(length(face), scales[name]) for name, length in CUES.items()}


def on_scale(length: float, scale: Scale) -> float:
    """Linear between the two lengths of a scale, clipped to 0..1."""
    zero, one = scale
    return float(min(1.0, max(0.0, (length - zero) / (one - zero))))


def _scales(bundle: Bundle) -> tuple[dict[str, Scale], float]:
    extra: Mapping[str, Any] = bundle.calibration.extra
    try:
        scales = {name: (float(extra["scales"][name][0]), float(extra["scales"][name][1])) for name in CUES}
        if flat := [name for name, (zero, one) in scales.items() if zero == one]:
            raise ValueError(f"{flat[0]} begins where it ends")
        return scales, float(extra["level_pitch_deg"])
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise BundleError(
            f"{bundle.folder / 'calibration.json'}: the scale of a cue is missing or no pair of two numbers ({error})",
            "Install the bundle again.",
        ) from error
