"""Facial expression: the shares in which ten people would name what a face shows (FER+, eight classes)."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from countenance.contracts.call import FACE
from countenance.contracts.errors import BundleError
from countenance.contracts.media import FaceSample, Sample, SampleSpec
from countenance.contracts.readings import Observation
from countenance.encoders.usable import read_usable
from countenance.inference.bundle import Bundle
from countenance.inference.facecrop import halved, inner_grey
from countenance.inference.mirroring import read_faces
from countenance.inference.shelf import Shelf

BUNDLE = "face-expression.v1"

AFFECT = {
    "neutral": (0.0, 0.0),
    "happiness": (0.8, 0.5),
    "surprise": (0.4, 0.7),
    "sadness": (-0.6, -0.3),
    "anger": (-0.5, 0.6),
    "disgust": (-0.6, 0.3),
    "fear": (-0.6, 0.6),
    "contempt": (-0.5, 0.2),
}
"""Where each expression is placed as (valence, arousal), -1..1.

The table follows the layout of Russell's circumplex (J. Pers. Soc. Psychol. 39, 1980), rounded. It is a convention
of this project and not a measurement: no faces labelled with valence and arousal are available to it.
"""

FOLDED = {"contempt": "disgust"}
"""FER+ has a class that EMOTIONS has not: its probability joins its neighbour, and is also said on its own."""


class FaceExpressionEncoder:
    """Reads aligned faces; no clock, no memory between calls."""

    takes = SampleSpec(FACE, FaceSample)
    needs = (BUNDLE,)

    def __init__(self, bundle: Bundle) -> None:
        labels = bundle.card.outputs.get("scores", ())
        if wrong := sorted(set(labels) ^ set(AFFECT)):
            raise BundleError(
                f"{bundle.folder}: its expressions differ from the eight of FER+ in {', '.join(wrong)}",
                "Install a face-expression bundle made for this version.",
            )
        self._bundle = bundle
        self._labels = labels
        self._below = _mirror_below(bundle)

    @classmethod
    def from_shelf(cls, shelf: Shelf) -> "FaceExpressionEncoder":
        """The encoder with the bundle of a profile."""
        return cls(shelf.load(BUNDLE))

    def encode(self, samples: Sequence[Sample]) -> Sequence[Observation]:
        """One observation per face, in order."""
        return read_usable(samples, self._bundle.ref, self._rows, self._observe)

    def _rows(self, faces: Sequence[FaceSample]) -> NDArray[np.float32]:
        """Calibrated probabilities, n x 8, and beside them the embedding where the net gives one, n x (8 + d)."""
        grey = halved(inner_grey([face.crop for face in faces]))
        out = read_faces(self._bundle.model, grey, self._below)
        shares = self._bundle.calibration.distribution(out["scores"])
        return np.hstack([shares, out["embedding"]]) if "embedding" in out else shares

    def _observe(self, face: FaceSample, row: NDArray[np.float32]) -> Observation:
        shares, embedding = np.split(row, [len(self._labels)])
        named = {label: float(share) for label, share in zip(self._labels, shares, strict=True)}
        return Observation(
            participant_id=face.participant_id,
            modality=FACE,
            start_us=face.at_us,
            end_us=face.at_us,
            quality=face.quality.value,
            scores=folded(named),
            dimensions=affect(named),
            model=self._bundle.ref,
            embedding=embedding.copy() if len(embedding) else None,
        )


def folded(shares: Mapping[str, float]) -> dict[str, float]:
    """One distribution over EMOTIONS, with each folded class beside it."""
    scores = dict(shares)
    for extra, neighbour in FOLDED.items():
        scores[neighbour] += shares[extra]
    return scores


def affect(shares: Mapping[str, float]) -> dict[str, float]:
    """Valence and arousal: the mean of AFFECT, weighed by the shares."""
    return {
        name: sum(share * AFFECT[label][axis] for label, share in shares.items())
        for axis, name in enumerate(("valence", "arousal"))
    }


def _mirror_below(bundle: Bundle) -> float:
    """Under which share a face is looked at once more, mirrored; a bundle that says nothing of it looks once."""
    below = bundle.calibration.extra.get("mirror_below", 0.0)
    if not isinstance(below, int | float) or not 0.0 <= below <= 1.0:
        raise BundleError(
            f"{bundle.folder / 'calibration.json'}: mirror_below is {below!r}, not a share", "Install the bundle again."
        )
    return float(below)
