"""A trained fusion from the folder of its bundle, which need not be installed."""

from collections.abc import Mapping
from pathlib import Path

from countenance.contracts.card import Card
from countenance.contracts.errors import BundleError
from countenance.fusion.crossmodal import CrossmodalFusion
from countenance.fusion.late import LateFusion
from countenance.fusion.trained import REMEDY, TrainedFusion
from countenance.inference.bundle import Bundle
from countenance.inference.shelf import Shelf

KINDS: Mapping[str, type[TrainedFusion]] = {kind.task: kind for kind in (LateFusion, CrossmodalFusion)}


def load_fusion(folder: Path, shelf: Shelf) -> tuple[TrainedFusion, Card]:
    """The fusion and its card; a bundle that the shelf's profile does not allow says which licence row forbids it."""
    bundle = Bundle.load(folder, profile=shelf.profile)
    if bundle.card.task not in KINDS:
        raise BundleError(f"{folder}: its card says task = {bundle.card.task}, which is no fusion", REMEDY)
    return KINDS[bundle.card.task](bundle), bundle.card
