"""Cross-modal fusion: the observations of each modality attend to those of the others.

After M2FNet (Chudasama et al. 2022, arXiv:2206.02187), whose fusion layers let one modality's sequence query another's.
The sequence is what the window holds: face frames and voice of its second, and the utterances that still speak for it
(six seconds of words). There is no memory between calls.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from countenance.fusion.features import MODALITIES, tokens
from countenance.fusion.trained import TrainedFusion
from countenance.fusion.weighing import Weighed


class CrossmodalFusion(TrainedFusion):
    """A small transformer over the observations of a window."""

    task: ClassVar[str] = "crossmodal"
    needs: ClassVar[tuple[str, ...]] = ("fusion-crossmodal.v1",)

    def inputs(self, weighed: Weighed) -> Mapping[str, NDArray[Any]]:
        """`tokens`: 1 x 3 x TOKENS x TOKEN; `present`: 1 x 3 x TOKENS."""
        made = [tokens(weighed.groups.get(m, ()), weighed.window.end_us) for m in MODALITIES]
        rows, present = zip(*made, strict=True)
        return {"tokens": np.stack(rows)[None], "present": np.stack(present)[None]}
