"""Calibrated pooling: a quality-weighted opinion pool over whichever modalities are there. The shipped default.

Each modality's frames are averaged first. Across modalities the emotion distributions meet in a logarithmic opinion
pool whose weights sum to one: one modality alone passes through unchanged, so it keeps its calibration, and agreement
is not counted twice. Scores outside the distribution (`confusion`, `frustration`) are pooled in log-odds over the
modalities that state them.
"""

from collections.abc import Mapping, Sequence

from countenance.contracts.call import Modality
from countenance.contracts.readings import Prediction, Window
from countenance.fusion.weighing import RELIABILITY, SPLIT, Weighed


class PoolFusion:
    """One prediction per window from any subset of modalities; no state, no weights of its own."""

    def __init__(self, reliability: Mapping[Modality, float] = RELIABILITY, dispute_from: float = SPLIT) -> None:
        """`dispute_from`: the divergence from which no distribution is given; above 1 it always is."""
        self._reliability = dict(reliability)
        self._dispute_from = dispute_from

    def fuse(self, windows: Sequence[Window]) -> Sequence[Prediction]:
        """One prediction per window, in order."""
        gathered = [Weighed.of(window, self._reliability, self._dispute_from) for window in windows]
        return [weighed.prediction(weighed.pooled(), weighed.alone()) for weighed in gathered]
