"""Opening a tenant: store, keys, vault and log of one data folder or database, as one value."""

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from countenance.audit.export import SignedLog
from countenance.audit.log import Log
from countenance.audit.note import SigningKey
from countenance.contracts.clock import Clock
from countenance.contracts.errors import StorageError
from countenance.control import backups
from countenance.control.erasure import Eraser
from countenance.storage.clocks import SystemClock
from countenance.storage.engine import FILE
from countenance.storage.keys import KeyFolder
from countenance.storage.marks import find_mark, mark_of
from countenance.storage.outbox import random_id
from countenance.storage.points import Points, nowhere
from countenance.storage.store import Store
from countenance.storage.vault import Vault

KEYS = "keys"
USUAL = "local"
"""The tenant of a store that has no other."""
ORIGIN = "log.origin"
ORIGINS = "SELECT DISTINCT tenant FROM marks WHERE name = ?"


@dataclass(frozen=True, slots=True)
class Tenant:
    """Everything that one tenant keeps, held by one process."""

    store: Store
    keys: KeyFolder
    vault: Vault
    log: Log
    clock: Clock

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.store.close()


def open_tenant(
    place: Path | str,
    tenant: str | None = None,
    keys: Path | None = None,
    clock: Clock | None = None,
    points: Points = nowhere,
) -> Tenant:
    """Open or begin a tenant in a folder, or at a PostgreSQL URL with a folder of keys; raises StorageError.

    Without a name it is the tenant whose store a folder is, and `local` where that is new.
    """
    folder = _keys_of(place, keys)
    time = clock or SystemClock()
    with ExitStack() as undo:
        store = undo.enter_context(Store.open(place, tenant or tenant_in(place), points))
        key = log_key(store, folder)
        backups.check(store, folder, key.verifier)
        vault = Vault.open(folder, store, time)
        log = Log.open(store, key, time, points)
        Eraser(log, vault, time, points).finish()
        undo.pop_all()
        return Tenant(store, folder, vault, log, time)


@contextmanager
def open_beside(place: Path | str, tenant: str | None = None, keys: Path | None = None) -> Iterator[SignedLog]:
    """The signed log of a store that another process may be writing, and its store; raises StorageError."""
    with Store.open_reading(place, tenant or tenant_in(place)) as store:
        with store.reading() as tx:
            origin = find_mark(tx, ORIGIN)
        if origin is None:
            raise StorageError(f"{store.tenant} has no log here yet", "Ask again when the service has begun.")
        yield SignedLog(store, SigningKey(origin, _keys_of(place, keys).log_seed()).verifier)


def tenant_in(place: Path | str) -> str:
    """Whose store a folder is: `local` where it is new; raises StorageError where it holds several."""
    if isinstance(place, str) or not (place / FILE).exists():
        return USUAL
    try:
        with closing(sqlite3.connect(f"{(place / FILE).resolve().as_uri()}?mode=ro", uri=True)) as connection:
            found = [str(name) for (name,) in connection.execute(ORIGINS, (ORIGIN,))]
    except sqlite3.Error:
        return USUAL  # opening it says what is wrong with it
    # A service keeps each tenant in a folder of its name.
    named = [name for name in found if name == place.resolve().name] or found or [USUAL]
    if len(named) > 1:
        raise StorageError(f"{place} holds several tenants: {', '.join(sorted(named))}", "Name one with --tenant.")
    return named[0]


def _keys_of(place: Path | str, keys: Path | None) -> KeyFolder:
    if keys is None and isinstance(place, str):
        raise StorageError("a store on a server has no folder for its keys", "Name a folder of keys on this machine.")
    return KeyFolder(keys or Path(place) / KEYS)


def log_key(store: Store, keys: KeyFolder) -> SigningKey:
    """The signing key of a tenant's log; its name, the origin of the log, is made once and never again."""
    with store.transaction() as tx:
        origin = mark_of(tx, ORIGIN, lambda: f"countenance/{store.tenant}/{random_id()}")
    return SigningKey(origin, keys.log_seed())
