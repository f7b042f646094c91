"""Which face samples are good enough to read, and what is said of the others."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from countenance.contracts.call import FACE
from countenance.contracts.errors import UsageError
from countenance.contracts.media import FaceSample, Sample
from countenance.contracts.readings import Abstain, ModelRef, Observation, Reason

LEAST_QUALITY = 0.3
"""Below this sample quality (0..1) a face encoder abstains."""


def read_usable(
    samples: Sequence[Sample],
    model: ModelRef,
    run: Callable[[Sequence[FaceSample]], NDArray[np.float32]],
    observe: Callable[[FaceSample, NDArray[np.float32]], Observation],
) -> list[Observation]:
    """One observation per face, in order; the network runs once, on the faces that are good enough."""
    faces = face_samples(samples)
    refusals = [refusal(face) for face in faces]
    usable = [face for face, why in zip(faces, refusals, strict=True) if why is None]
    rows = iter(run(usable) if usable else ())
    return [
        silent(face, why, model) if why else observe(face, next(rows))
        for face, why in zip(faces, refusals, strict=True)
    ]


def face_samples(samples: Sequence[Sample]) -> list[FaceSample]:
    """Give the samples as faces; any other kind is a mistake of the caller."""
    faces = [sample for sample in samples if isinstance(sample, FaceSample)]
    if len(faces) != len(samples):
        raise UsageError("a face encoder was given a sample that is not a face", "Send it face samples only.")
    return faces


def refusal(face: FaceSample) -> Abstain | None:
    """Say why a face cannot be read, or None when it can."""
    if face.quality.value >= LEAST_QUALITY:
        return None
    reason = Reason(face.quality.reason) if face.quality.reason else Reason.OUT_OF_DOMAIN
    return Abstain(reason, f"sample quality {face.quality.value:.2f} is below {LEAST_QUALITY}")


def silent(face: FaceSample, why: Abstain, model: ModelRef) -> Observation:
    """Give the observation of a face that was not read."""
    return Observation(
        participant_id=face.participant_id,
        modality=FACE,
        start_us=face.at_us,
        end_us=face.at_us,
        quality=0.0,
        abstain=why,
        model=model,
    )
