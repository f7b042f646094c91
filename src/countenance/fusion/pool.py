"""Calibrated pooling: a quality-weighted opinion pool over whichever modalities are there. The shipped default.

Each modality's frames are averaged first. Across modalities the emotion distributions meet in a logarithmic opinion
pool whose weights sum to one: one modality alone passes through unchanged, so it keeps its calibration, and agreement
is not counted twice. Scores outside the distribution (`confusion`, `frustration`) are pooled in log-odds over the
modalities that state them.
"""

from collections.abc import Mapping, Sequence

from countenance.contracts.call import Modality
from countenance.contracts.readings import Prediction, Window
from countenance.fusion.evidence import RELIABILITY, Evidence


class PoolFusion:
    """One prediction per window from any subset of modalities; no state, no weights of its own."""

    def __init__(self, reliability: Mapping[Modality, float] = RELIABILITY) -> None:
        self._reliability = dict(reliability)

    def fuse(self, windows: Sequence[Window]) -> Sequence[Prediction]:
        """One prediction per window, in order."""
        gathered = [Evidence.of(window, self._reliability) for window in windows]
        return [evidence.prediction(evidence.pooled(), evidence.alone()) for evidence in gathered]
