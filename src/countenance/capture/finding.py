"""Which face finder a profile uses."""

from countenance.capture.faces import FaceFinder, Finder
from countenance.capture.yunet import YunetFinder
from countenance.inference.shelf import Shelf

FINDER = "face-finder.v1"


def finder_of(shelf: Shelf) -> Finder:
    """The operator's own finder where there is one, else the shipped bundle."""
    own = [adapter for adapter in shelf.adapters.values() if adapter.spec.finder]
    return YunetFinder(own[-1]) if own else FaceFinder(shelf.load(FINDER))
