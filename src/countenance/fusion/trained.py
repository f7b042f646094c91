"""What the trained fusions share: a checked bundle whose scores take the place of the pool's.

A bundle either says the distribution over EMOTIONS, or labels of its own that stand alone (such as product labels
learnt from a customer's calls). Whatever it does not say stays as the pool has it.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

from numpy.typing import NDArray

from countenance.contracts.call import Modality
from countenance.contracts.errors import BundleError
from countenance.contracts.readings import EMOTIONS, Prediction, Window
from countenance.fusion.weighing import RELIABILITY, SPLIT, Weighed
from countenance.inference.bundle import Bundle
from countenance.inference.shelf import Shelf

REMEDY = "Train it again with `countenance train fusion`."


class TrainedFusion:
    """One prediction per window from any subset of modalities; each window runs alone, so a batch equals singles."""

    task: ClassVar[str] = ""
    """What the card of a fitting bundle says."""
    needs: ClassVar[tuple[str, ...]] = ()

    def __init__(
        self, bundle: Bundle, reliability: Mapping[Modality, float] = RELIABILITY, dispute_from: float = SPLIT
    ) -> None:
        self._bundle = bundle
        self._reliability = dict(reliability)
        self._dispute_from = dispute_from
        self._labels = _labels(bundle, self.task)
        self._whole = set(self._labels) == set(EMOTIONS)

    @classmethod
    def from_shelf(cls, shelf: Shelf) -> Self:
        """The fusion with the bundle of a profile."""
        return cls(shelf.load(cls.needs[0]))

    def fuse(self, windows: Sequence[Window]) -> Sequence[Prediction]:
        """One prediction per window, in order."""
        return [self._one(Weighed.of(window, self._reliability, self._dispute_from)) for window in windows]

    def inputs(self, weighed: Weighed) -> Mapping[str, NDArray[Any]]:
        """What the network is given of one window, with a first axis of one."""
        raise NotImplementedError

    def _one(self, weighed: Weighed) -> Prediction:
        said = self._said(weighed)
        emotions = said if self._whole and said else weighed.pooled()
        alone = weighed.alone() if self._whole else weighed.alone() | said
        return weighed.prediction(emotions, alone, *([self._bundle.ref] if said else []))

    def _said(self, weighed: Weighed) -> dict[str, float]:
        """What the network says; nothing where no modality states what it was trained on."""
        if not weighed.spread:
            return {}
        logits = self._bundle.model.run(self.inputs(weighed))["scores"]
        calibration = self._bundle.calibration
        chances = (calibration.distribution(logits) if self._whole else calibration.each(logits))[0]
        return dict(zip(self._labels, chances.astype(float).tolist(), strict=True))


def _labels(bundle: Bundle, task: str) -> tuple[str, ...]:
    if bundle.card.task != task:
        raise BundleError(f"{bundle.folder}: its card says task = {bundle.card.task}, not {task}", REMEDY)
    labels = bundle.card.outputs.get("scores", ())
    if not labels or (set(labels) & set(EMOTIONS) and set(labels) != set(EMOTIONS)):
        raise BundleError(f"{bundle.folder}: it must say all of EMOTIONS or none of them", REMEDY)
    return labels
