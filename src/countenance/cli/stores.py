"""The options with which a command names a store, and opening what they name."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from countenance.contracts.errors import UsageError

if TYPE_CHECKING:
    from countenance.control.opening import Tenant

Place = Annotated[str, typer.Option("--store", help="The data folder of a store, or a postgresql:// URL.")]
Keys = Annotated[Path | None, typer.Option("--keys", help="The folder of the keys; inside the data folder by default.")]
Log = Annotated[Path | None, typer.Option("--log", help="Where to export the log; inside the data folder by default.")]

KEYS = "keys"
LOG = "log"
"""The folder of the exported log inside a data folder."""


def place_of(store: str) -> Path | str:
    """A folder, or the URL of a database."""
    return store if "://" in store else Path(store)


def keys_of(store: str, keys: Path | None) -> Path:
    """The folder of the keys; raises UsageError where a database has none named."""
    if keys is not None:
        return keys
    if "://" in store:
        raise UsageError("a database needs a folder of keys", "Name it with --keys.")
    return Path(store) / KEYS


@contextmanager
def opened(store: str, keys: Path | None, *, begin: bool = False) -> Iterator["Tenant"]:
    """The tenant of a store, written by this command alone; a new store only where that is meant."""
    from countenance.control.opening import open_tenant
    from countenance.storage.engine import FILE

    place = place_of(store)
    if isinstance(place, Path) and not begin and not (place / FILE).exists():
        raise UsageError(f"there is no store in {store}", "Name the data folder of a tenant.")
    with open_tenant(place, keys=keys_of(store, keys)) as tenant:
        yield tenant


def exported(tenant: "Tenant", store: str, log: Path | None) -> None:
    """Export the log beside the store, or where it was asked for."""
    from countenance.audit.export import export

    if log is not None or "://" not in store:
        export(tenant.log, log or Path(store) / LOG)
