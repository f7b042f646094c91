"""A fusion by its class, or a trained one from the folder of its bundle, which need not be installed."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from countenance.contracts.card import Card
from countenance.contracts.errors import BundleError
from countenance.contracts.stages import Fusion
from countenance.fusion.crossmodal import CrossmodalFusion
from countenance.fusion.late import LateFusion
from countenance.fusion.trained import REMEDY, TrainedFusion
from countenance.inference.bundle import Bundle
from countenance.inference.shelf import Shelf

KINDS: Mapping[str, type[TrainedFusion]] = {kind.task: kind for kind in (LateFusion, CrossmodalFusion)}


def load_fusion(folder: Path, shelf: Shelf) -> tuple[Fusion, Mapping[str, Card]]:
    """The fusion and its card; a bundle that the shelf's profile does not allow says which licence row forbids it."""
    bundle = Bundle.load(folder, profile=shelf.profile)
    if bundle.card.task not in KINDS:
        raise BundleError(f"{folder}: its card says task = {bundle.card.task}, which is no fusion", REMEDY)
    return KINDS[bundle.card.task](bundle), {bundle.card.name: bundle.card}


def build_fusion(kind: Any, shelf: Shelf) -> tuple[Fusion, Mapping[str, Card]]:  # noqa: ANN401 - somebody's class
    """A fusion of a class: with the installed bundles that it needs, or bare when it needs none."""
    if not hasattr(kind, "from_shelf"):
        return kind(), {}
    return kind.from_shelf(shelf), {name: shelf.cards[name] for name in kind.needs}
