"""Faces read by somebody else's net: ViT, EfficientNet, MobileViT, EfficientFormer and their like."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from countenance.contracts.call import FACE
from countenance.contracts.errors import BundleError
from countenance.contracts.media import FaceSample, Sample, SampleSpec
from countenance.contracts.readings import Observation
from countenance.encoders.adapters.saying import said
from countenance.encoders.usable import read_usable
from countenance.inference.adapter import Adapter
from countenance.inference.feeding import face_feed


class AdaptedFaceEncoder:
    """Reads aligned faces one by one: not every export takes a batch."""

    takes = SampleSpec(FACE, FaceSample)

    def __init__(self, adapter: Adapter) -> None:
        if adapter.spec.face is None or adapter.spec.output is None:
            raise BundleError(f"{adapter.folder}: no adapter for faces", "Give a card with [face] and [output].")
        self._asked, self._output, self._ref = adapter.spec.face, adapter.spec.output, adapter.ref
        self._adapter, self._model = adapter, adapter.opened()

    def encode(self, samples: Sequence[Sample]) -> Sequence[Observation]:
        """One observation per face, in order."""
        return read_usable(samples, self._ref, self._rows, self._observe)

    def _rows(self, faces: Sequence[FaceSample]) -> NDArray[np.float32]:
        """The net's own columns, n x labels."""
        return np.stack([self._adapter.answer(self._model, face_feed(face.crop, self._asked)) for face in faces])

    def _observe(self, face: FaceSample, row: NDArray[np.float32]) -> Observation:
        scores, dimensions = said(row, self._output)
        return Observation(
            participant_id=face.participant_id,
            modality=FACE,
            start_us=face.at_us,
            end_us=face.at_us,
            quality=face.quality.value,
            scores=scores,
            dimensions=dimensions,
            model=self._ref,
        )
