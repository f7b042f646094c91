"""Late fusion: calibrated logits of each modality, which are there and how good, through a small network."""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from countenance.fusion.features import MODALITIES, summary
from countenance.fusion.trained import TrainedFusion
from countenance.fusion.weighing import Weighed


class LateFusion(TrainedFusion):
    """An MLP over the means of each modality; absent modalities are masked."""

    task: ClassVar[str] = "late"
    needs: ClassVar[tuple[str, ...]] = ("fusion-late.v1",)

    def inputs(self, weighed: Weighed) -> Mapping[str, NDArray[Any]]:
        """`modalities`: 1 x 3 x SUMMARY."""
        return {"modalities": np.stack([summary(weighed.groups.get(m, ())) for m in MODALITIES])[None]}
