"""Other people's weights by name: where they lie, on which terms, and the adapter card that fits them."""

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from countenance.contracts.errors import UsageError
from countenance.inference.adaptercard import AdapterCard, Digest, FileName
from countenance.inference.tables import Table, near, read_table
from countenance.inference.tomltext import to_toml

ROOM = Path(str(files("countenance"))) / "inference" / "catalogue"


class RemoteFile(Table):
    """One file of an entry."""

    name: FileName = Field(alias="as")
    """What it is called here."""
    url: str = Field(pattern=r"^https?://")
    size: int | None = Field(default=None, gt=0)
    """Bytes, where they are known without asking."""
    sha256: Digest | None = None
    """Known only where the project has seen the file; otherwise the hub is asked."""


class Entry(Table):
    """One name of the catalogue."""

    name: str
    title: str
    form: Literal["onnx", "safetensors"]
    """`safetensors` weights are no network yet: `countenance models convert` makes one of them."""
    note: str
    file: tuple[RemoteFile, ...] = Field(min_length=1)
    card: Mapping[str, Any]
    """The adapter card without [files]."""

    def adapter_card(self, digests: Mapping[str, str]) -> AdapterCard:
        """The checked card around files with these hashes."""
        return AdapterCard.model_validate({**self.card, "files": digests})

    def card_text(self, digests: Mapping[str, str]) -> str:
        """The same as `adapter.toml`."""
        self.adapter_card(digests)
        return to_toml({**self.card, "files": digests})


def names() -> tuple[str, ...]:
    """Every name of the catalogue."""
    return tuple(sorted(path.stem for path in ROOM.glob("*.toml")))


def find(name: str) -> Entry:
    """The entry of a name."""
    if name not in names():
        raise UsageError(f"the catalogue has no {name!r}", near(name, names()))
    return read_table(Entry, ROOM / f"{name}.toml")


def read_entry(path: Path) -> Entry:
    """An entry of the operator's own, such as a mirror inside a closed network."""
    return read_table(Entry, path)


def read_card(path: Path) -> Mapping[str, Any]:
    """The adapter card of an entry or of a plain file, without [files]; unchecked."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror})", "Give a card as TOML.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(f"{path}: not valid TOML ({error})", "Mend the line it names.") from error
    card: Mapping[str, Any] = data.get("card", data)
    return {key: value for key, value in card.items() if key != "files"}
