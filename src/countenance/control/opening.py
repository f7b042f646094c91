"""Opening a tenant: store, keys, vault and log of one data folder or database, as one value."""

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from countenance.audit.log import Log
from countenance.audit.note import SigningKey
from countenance.contracts.clock import Clock
from countenance.contracts.errors import StorageError
from countenance.control import backups
from countenance.control.erasure import Eraser
from countenance.storage.clocks import SystemClock
from countenance.storage.keys import KeyFolder
from countenance.storage.marks import mark_of
from countenance.storage.outbox import random_id
from countenance.storage.points import Points, nowhere
from countenance.storage.store import Store
from countenance.storage.vault import Vault

KEYS = "keys"
ORIGIN = "log.origin"


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
    tenant: str = "local",
    keys: Path | None = None,
    clock: Clock | None = None,
    points: Points = nowhere,
) -> Tenant:
    """Open or begin a tenant in a folder, or at a PostgreSQL URL with a folder of keys; raises StorageError."""
    if keys is None and isinstance(place, str):
        raise StorageError("a store on a server has no folder for its keys", "Name a folder of keys on this machine.")
    folder = KeyFolder(keys or Path(place) / KEYS)
    time = clock or SystemClock()
    with ExitStack() as undo:
        store = undo.enter_context(Store.open(place, tenant, points))
        key = log_key(store, folder)
        backups.check(store, folder, key.verifier)
        vault = Vault.open(folder, store, time)
        log = Log.open(store, key, time, points)
        Eraser(log, vault, time, points).finish()
        undo.pop_all()
        return Tenant(store, folder, vault, log, time)


def log_key(store: Store, keys: KeyFolder) -> SigningKey:
    """The signing key of a tenant's log; its name, the origin of the log, is made once and never again."""
    with store.transaction() as tx:
        origin = mark_of(tx, ORIGIN, lambda: f"countenance/{store.tenant}/{random_id()}")
    return SigningKey(origin, keys.log_seed())
