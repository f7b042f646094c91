"""Which bundles are installed, and which of them the chosen profile may load."""

from collections.abc import Iterable
from importlib import import_module
from importlib.metadata import entry_points
from importlib.resources import files
from pathlib import Path

from countenance.contracts.card import Card
from countenance.contracts.errors import BundleError, UsageError
from countenance.inference.adapter import Adapter, is_adapter, read_adapter
from countenance.inference.bundle import Bundle, read_card
from countenance.inference.capped import tried
from countenance.inference.ledger import Ledger, Profile, Row
from countenance.inference.tables import near

__all__ = ("Profile", "Shelf", "weights_in")

CARD = "card.toml"


class Shelf:
    """The bundles of one profile by name, and the adapters around other people's weights."""

    def __init__(self, folders: Iterable[Path], profile: Profile) -> None:
        self.profile = profile
        self._folders: dict[str, Path] = {}
        self.cards: dict[str, Card] = {}
        """The bundles that the profile may load."""
        self.left_out: dict[str, str] = {}
        """The bundles that are not used, and why, naming the licence row where one forbids it."""
        self.adapters: dict[str, Adapter] = {}
        """Those of the cards that are other people's weights."""
        self.known: dict[str, Card] = {}
        """All of them, used or not."""
        self.rows: dict[str, tuple[Row, ...]] = {}
        """The licence rows that each of them stands on."""
        for folder in folders:
            self._put(folder)
        for adapter in self.adapters.values():
            self._make_way(adapter)

    def _put(self, folder: Path) -> None:
        """A later folder takes the place of an earlier one of the same name: the operator's own come last."""
        adapter = read_adapter(folder) if is_adapter(folder) else None
        card = adapter.card if adapter else read_card(folder)
        ledger = adapter.ledger if adapter else Ledger.around(folder)
        ledger.check(card)
        name = card.name
        for shown in (self.cards, self.left_out, self.adapters):
            shown.pop(name, None)
        self._folders[name], self.known[name], self.rows[name] = folder, card, ledger.of(card)
        if why := ledger.forbids(card, self.profile):
            self.left_out[name] = why
            return
        self.cards[name] = card
        if adapter:
            self.adapters[name] = adapter

    def _make_way(self, adapter: Adapter) -> None:
        for name in adapter.spec.replaces:
            if name not in self._folders:
                raise UsageError(
                    f"{adapter.folder}: it replaces {name!r}, which is not installed", near(name, self._folders)
                )
            if self.cards.pop(name, None):
                self.left_out[name] = f"{adapter.card.name} takes its place"

    @classmethod
    def installed(cls, profile: Profile, paths: Iterable[Path] = ()) -> "Shelf":
        """The bundles of this package, of every distribution with a `countenance.models` entry point, and of `paths`.

        What an operator's path holds is tried in a capped process first, unless the profile leaves it out anyway.
        """
        packages = ["countenance", *(point.value for point in entry_points(group="countenance.models"))]
        roots = [Path(str(files(import_module(package)))) / "models" for package in packages]
        own = [folder for path in paths for folder in weights_in(path)]
        shelf = cls([*(f for root in roots for f in sorted(root.glob("*.v*")) if f.is_dir()), *own], profile)
        for name in shelf.cards:
            if shelf._folders[name] in own:
                tried(shelf._folders[name])
        return shelf

    def has(self, name: str) -> bool:
        """Whether the profile may load a bundle of this name."""
        return name in self.cards

    def places(self, task: str) -> dict[str, Path]:
        """Where the bundles for a task lie, by name."""
        return {name: self._folders[name] for name, card in self.cards.items() if card.task == task}

    def load(self, name: str) -> Bundle:
        """Open a bundle by name, such as `face-finder.v1`; a bundle left out says which row forbids it."""
        if name not in self._folders:
            raise UsageError(
                f"the bundle {name!r} is not installed for the profile {self.profile.value!r}",
                f"Installed here: {', '.join(sorted(self.cards)) or 'none'}.",
            )
        if name in self.adapters:
            raise UsageError(f"{name} is an adapter, no bundle", "It reads on its own; nothing else is built on it.")
        bundle = Bundle.load(self._folders[name], profile=self.profile)
        if bundle.card.name != self._folders[name].name:
            raise BundleError(f"{self._folders[name]}: the folder is not named {bundle.card.name}", "Rename it.")
        return bundle


def weights_in(path: Path) -> list[Path]:
    """The folders with a card at or directly below a path that an operator gives."""
    if not path.is_dir():
        raise UsageError(f"{path}: no such folder", "Give a folder with card.toml or adapter.toml, or one of such.")
    here = [folder for folder in (path, *sorted(path.iterdir())) if has_card(folder)]
    if not here:
        raise UsageError(f"{path}: no card.toml or adapter.toml in it", "Weights without a card do not load.")
    return here


def has_card(folder: Path) -> bool:
    """Whether a folder holds a bundle or an adapter."""
    return (folder / CARD).is_file() or is_adapter(folder)
