"""A recipe: everything that decides how a training goes, in one TOML file."""

from pathlib import Path
from typing import Literal, TypeVar

from pydantic import Field

from countenance.contracts.errors import UsageError
from countenance.inference.tables import Table, near, read_table

RECIPES = Path(__file__).parent / "recipes"


class Recipe(Table):
    """What every recipe says; a trainer adds its own keys."""

    bundle: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*\.v\d+$")
    """The bundle it makes, such as `face-expression.v1`."""
    kind: Literal["face", "voice", "text", "fusion", "head"]
    seed: int = Field(ge=0)
    threads: int = Field(default=1, ge=1, le=64)
    """Threads of arithmetic on a CPU; a result may differ in the last digits with another number."""


R = TypeVar("R", bound=Recipe)


def load_recipe(kind: type[R], name_or_path: str) -> R:
    """Read a shipped recipe by name (`face-expression`), or a TOML file of your own."""
    shipped = {path.stem: path for path in RECIPES.glob("*.toml")}
    path = shipped.get(name_or_path, Path(name_or_path))
    if not path.is_file():
        raise UsageError(f"there is no recipe {name_or_path!r}", f"{near(name_or_path, shipped)} Or give a TOML file.")
    return read_table(kind, path)
