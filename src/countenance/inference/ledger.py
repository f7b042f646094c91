"""The licence ledger: what weights stand on, and which profile may load weights that stand on it.

The package ships one (`models/LICENCES.toml`). A bundle may bring rows of its own in a `LICENCES.toml` beside it or in
its own folder; a row that is known already must say the same there, so no bundle loosens the terms of known data.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from countenance.contracts.card import Card
from countenance.contracts.errors import BundleError
from countenance.inference.tables import Table, near, read_table

LEDGER = "LICENCES.toml"
MEND = "Mend the ledger, or install the weights again from a trusted copy."


class Profile(StrEnum):
    """`open` loads whatever may be used for research; `commercial` only what every licence row clears for it."""

    OPEN = "open"
    COMMERCIAL = "commercial"


class Use(StrEnum):
    """What the terms of a row allow."""

    COMMERCIAL = "commercial"
    RESEARCH = "research"
    EVALUATION = "evaluation"
    """Measured on; nothing that loads was trained on it."""


class Certainty(StrEnum):
    """How far the terms of a row are known."""

    SEEN = "seen"
    """Read in the publisher's own files."""
    CLAIMED = "claimed"
    """Somebody says so; not checked with the holder."""
    NONE = "none"
    """No terms are stated."""


NEEDED = {Profile.OPEN: Use.RESEARCH, Profile.COMMERCIAL: Use.COMMERCIAL}


class Row(Table):
    """The terms of one thing that weights stand on."""

    id: str = Field(min_length=1)
    what: Literal["code", "weights", "data"]
    name: str = Field(min_length=1)
    licence: str = Field(min_length=1)
    source: str = Field(min_length=1)
    holder: str = Field(min_length=1)
    certainty: Certainty
    allowed: tuple[Use, ...] = Field(min_length=1)
    note: str = ""

    @model_validator(mode="after")
    def _commerce_needs_terms(self) -> Self:
        if self.certainty is Certainty.NONE and Use.COMMERCIAL in self.allowed:
            raise ValueError(f"{self.id!r} states no terms and so cannot be allowed commercially")
        return self


class _File(Table):
    row: tuple[Row, ...] = ()

    @model_validator(mode="after")
    def _ids_are_unique(self) -> Self:
        names = [row.id for row in self.row]
        if twice := [name for name in names if names.count(name) > 1]:
            raise ValueError(f"two rows are named {twice[0]!r}")
        return self


@dataclass(frozen=True, slots=True)
class Ledger:
    """Licence rows by id."""

    rows: Mapping[str, Row]

    @classmethod
    def shipped(cls) -> "Ledger":
        """The ledger of this package."""
        return _shipped()

    @classmethod
    def around(cls, folder: Path) -> "Ledger":
        """The shipped ledger with the rows that a bundle brings beside it or in its own folder."""
        brought = (folder.parent / LEDGER, folder / LEDGER)
        return cls.shipped().joined(path for path in brought if path.is_file())

    def joined(self, paths: Iterable[Path]) -> "Ledger":
        """This ledger and the rows of more files; a known row that says something else there is an error."""
        rows = dict(self.rows)
        for path in paths:
            for row in read_table(_File, path, MEND).row:
                if rows.setdefault(row.id, row) != row:
                    raise BundleError(f"{path}: the row {row.id!r} differs from the one already known", MEND)
        return Ledger(rows)

    def of(self, card: Card) -> tuple[Row, ...]:
        """The rows a card stands on; a card without rows, or naming one that is not there, is an error."""
        if not card.licence.rows:
            raise BundleError(f"the card of {card.name} names no licence row", "Write [licence] ledger in the card.")
        for name in card.licence.rows:
            if name not in self.rows:
                raise BundleError(
                    f"the card of {card.name} names the licence row {name!r}, which no ledger has",
                    f"{near(name, self.rows)} A bundle may bring rows of its own in {LEDGER}.",
                )
        return tuple(self.rows[name] for name in card.licence.rows)

    def check(self, card: Card) -> None:
        """A card that claims commercial use against one of its rows is an error."""
        for row in self.of(card):
            if card.licence.commercial and Use.COMMERCIAL not in row.allowed:
                raise BundleError(
                    f"the card of {card.name} says commercial = true, but {_forbidding(row, Use.COMMERCIAL)}",
                    "Write commercial = false, or train without it.",
                )

    def forbids(self, card: Card, profile: Profile) -> str | None:
        """Why a profile may not load the weights of a card, naming the row; None when it may."""
        use = NEEDED[profile]
        for row in self.of(card):
            if use not in row.allowed:
                return _forbidding(row, use)
        if use is Use.COMMERCIAL and not card.licence.commercial:
            return f"its own card says commercial = false (weights: {card.licence.weights})"
        return None


@cache
def _shipped() -> Ledger:
    return Ledger({}).joined([Path(str(files("countenance"))) / "models" / LEDGER])


def _forbidding(row: Row, use: Use) -> str:
    return f"the licence row {row.id!r} ({row.name}; {row.licence}) does not allow {use} use"
