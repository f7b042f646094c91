"""Which bundles are installed, and which of them the chosen profile may load."""

from collections.abc import Iterable
from enum import StrEnum
from importlib import import_module
from importlib.metadata import entry_points
from importlib.resources import files
from pathlib import Path

from countenance.contracts.card import Card
from countenance.contracts.errors import BundleError, UsageError
from countenance.inference.bundle import Bundle, read_card


class Profile(StrEnum):
    """`open` loads every installed bundle; `commercial` only those with a clean licence row."""

    OPEN = "open"
    COMMERCIAL = "commercial"


class Shelf:
    """The installed bundles of one profile, by name."""

    def __init__(self, folders: Iterable[Path], profile: Profile) -> None:
        self.profile = profile
        self._folders: dict[str, Path] = {}
        self.cards: dict[str, Card] = {}
        for folder in folders:
            card = read_card(folder)
            if profile is Profile.OPEN or card.licence.commercial:
                self._folders[card.name] = folder
                self.cards[card.name] = card

    @classmethod
    def installed(cls, profile: Profile) -> "Shelf":
        """The bundles of this package and of every distribution with a `countenance.models` entry point."""
        packages = ["countenance", *(point.value for point in entry_points(group="countenance.models"))]
        roots = [Path(str(files(import_module(package)))) / "models" for package in packages]
        return cls((f for root in roots for f in sorted(root.glob("*.v*")) if f.is_dir()), profile)

    def has(self, name: str) -> bool:
        """Whether the profile may load a bundle of this name."""
        return name in self._folders

    def load(self, name: str) -> Bundle:
        """Open a bundle by name, such as `face-finder.v1`."""
        if name not in self._folders:
            raise UsageError(
                f"the bundle {name!r} is not installed for the profile {self.profile.value!r}",
                f"Installed here: {', '.join(sorted(self._folders)) or 'none'}.",
            )
        bundle = Bundle.load(self._folders[name])
        if bundle.card.name != self._folders[name].name:
            raise BundleError(f"{self._folders[name]}: the folder is not named {bundle.card.name}", "Rename it.")
        return bundle
