"""The options with which a command names a store, and opening what they name."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from countenance.contracts.errors import StorageError, UsageError

if TYPE_CHECKING:
    from countenance.audit.export import SignedLog
    from countenance.control.opening import Tenant

Place = Annotated[str, typer.Option("--store", help="The data folder of a store, or a postgresql:// URL.")]
Keys = Annotated[Path | None, typer.Option("--keys", help="The folder of the keys; inside the data folder by default.")]
Log = Annotated[Path | None, typer.Option("--log", help="Where to export the log; inside the data folder by default.")]
Of = Annotated[str | None, typer.Option("--tenant", help="Whose store: of a database; a folder holds one.")]

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
def opened(store: str, keys: Path | None, tenant: str | None = None, *, begin: bool = False) -> Iterator["Tenant"]:
    """The tenant of a store, written by this command alone; a new store only where that is meant."""
    from countenance.control.opening import open_tenant

    place = place_of(store)
    if not begin:
        check_there(store)
    check_whose(store, tenant)
    with open_tenant(place, tenant, keys_of(store, keys)) as found:
        yield found


@contextmanager
def opened_beside(store: str, keys: Path | None, tenant: str | None = None) -> Iterator["SignedLog"]:
    """The signed log of a store that a running service writes, and its store, to be read."""
    from countenance.control.opening import open_beside

    check_whose(store, tenant)
    with open_beside(place_of(store), tenant, keys_of(store, keys)) as found:
        yield found


def check_there(store: str) -> None:
    """Raise UsageError where a folder holds no store: none is begun by looking for one."""
    from countenance.storage.engine import FILE

    place = place_of(store)
    if not isinstance(place, Path) or (place / FILE).exists():
        return
    inside = sorted(one.parent.name for one in place.glob(f"*/{FILE}"))
    remedy = f"Name that of a tenant: {', '.join(str(place / name) for name in inside[:5])}."
    raise UsageError(f"there is no store in {store}", remedy if inside else "Name the data folder of a tenant.")


def check_whose(store: str, tenant: str | None) -> None:
    """Raise UsageError where a folder is another tenant's: opening it under a wrong name would begin a second one."""
    from countenance.control.opening import tenant_in
    from countenance.storage.engine import FILE

    place = place_of(store)
    if tenant is None or not isinstance(place, Path) or not (place / FILE).exists():
        return
    try:
        whose = tenant_in(place)
    except StorageError:
        return  # several: the name says which
    if whose != tenant:
        raise UsageError(f"{store} is the store of {whose!r}, not of {tenant!r}", "Leave --tenant out for a folder.")


def exported(tenant: "Tenant", store: str, log: Path | None) -> None:
    """Export the log beside the store, or where it was asked for."""
    from countenance.audit.export import export

    if (folder := log_of(store, log)) is not None:
        export(tenant.log, folder)


def log_of(store: str, log: Path | None) -> Path | None:
    """Where the log is exported to: beside a store in a folder, unless another place is named."""
    return log or (None if "://" in store else Path(store) / LOG)
