"""Which bundles are installed, and which of them the chosen profile may load."""

from collections.abc import Iterable
from importlib import import_module
from importlib.metadata import entry_points
from importlib.resources import files
from pathlib import Path

from countenance.contracts.card import Card
from countenance.contracts.errors import BundleError, UsageError
from countenance.inference.bundle import Bundle, forbidden, read_card
from countenance.inference.ledger import Profile

__all__ = ("Profile", "Shelf")


class Shelf:
    """The installed bundles of one profile, by name."""

    def __init__(self, folders: Iterable[Path], profile: Profile) -> None:
        self.profile = profile
        self._folders: dict[str, Path] = {}
        self.cards: dict[str, Card] = {}
        """The bundles that the profile may load."""
        self.left_out: dict[str, str] = {}
        """The installed bundles that it may not load, and why, naming the licence row."""
        for folder in folders:
            card = read_card(folder)
            self._folders[card.name] = folder
            if why := forbidden(folder, card, profile):
                self.left_out[card.name] = why
            else:
                self.cards[card.name] = card

    @classmethod
    def installed(cls, profile: Profile) -> "Shelf":
        """The bundles of this package and of every distribution with a `countenance.models` entry point."""
        packages = ["countenance", *(point.value for point in entry_points(group="countenance.models"))]
        roots = [Path(str(files(import_module(package)))) / "models" for package in packages]
        return cls((f for root in roots for f in sorted(root.glob("*.v*")) if f.is_dir()), profile)

    def has(self, name: str) -> bool:
        """Whether the profile may load a bundle of this name."""
        return name in self.cards

    def load(self, name: str) -> Bundle:
        """Open a bundle by name, such as `face-finder.v1`; a bundle left out says which row forbids it."""
        if name not in self._folders:
            raise UsageError(
                f"the bundle {name!r} is not installed for the profile {self.profile.value!r}",
                f"Installed here: {', '.join(sorted(self.cards)) or 'none'}.",
            )
        bundle = Bundle.load(self._folders[name], profile=self.profile)
        if bundle.card.name != self._folders[name].name:
            raise BundleError(f"{self._folders[name]}: the folder is not named {bundle.card.name}", "Rename it.")
        return bundle
