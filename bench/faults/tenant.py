"""A tenant's store, keys and log, opened as the product opens them, with faults and clocks put in where tests may."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import event

from countenance.audit import growth
from countenance.audit.log import Log
from countenance.audit.note import SigningKey
from countenance.audit.quorum import Policy
from countenance.audit.tiles import Tile, encode_bundle
from countenance.audit.verify import Report, verify
from countenance.contracts.clock import Clock
from countenance.storage import entries as rows
from countenance.storage import store as store_module
from countenance.storage.clocks import SystemClock
from countenance.storage.engine import Database, open_database
from countenance.storage.folders import make_folder
from countenance.storage.keys import KeyFolder
from countenance.storage.points import Points, nowhere
from countenance.storage.store import Store
from countenance.storage.vault import Vault

NAME = "faults.example/local"


@dataclass(frozen=True, slots=True)
class Tenant:
    """Everything one tenant keeps."""

    store: Store
    vault: Vault
    log: Log
    clock: Clock
    points: Points

    @classmethod
    def open(cls, folder: Path, clock: Clock | None = None, points: Points = nowhere) -> "Tenant":
        """Open or begin the tenant in a folder; what a crash left is put in order by the product's own code."""
        clock = clock or SystemClock()
        keys = KeyFolder(folder / "keys")
        store = Store.open(folder / "data", points=points)
        try:
            vault = Vault.open(keys, store, clock)
            log = Log.open(store, SigningKey(NAME, keys.log_seed()), clock, points)
        except BaseException:
            store.close()
            raise
        return cls(store, vault, log, clock, points)

    def close(self) -> None:
        """Let go of everything; it is on the disk already."""
        self.store.close()

    def verified(self) -> Report:
        """What the stand-alone verifier says of the log as it stands, completeness included."""
        self.log.checkpoint(at_once=True)
        return verify(StoreSource(self.log), Policy.trusting(self.log.key.verifier), completeness=True)


class StoreSource:
    """The log in a store, as the verifier reads an exported one."""

    def __init__(self, log: Log) -> None:
        self._log = log

    def checkpoint(self) -> bytes:
        """The signed checkpoint."""
        return self._log.checkpoint().data

    def fetch(self, tile: Tile) -> bytes:
        """The bytes of a tile or bundle."""
        with self._log.store.reading() as tx:
            if tile.level is None:
                return encode_bundle(rows.read(tx, tile.start, tile.start + tile.width))
            return growth.fetch(tx, tile)

    def minimum(self) -> int:
        """The first entry that is kept."""
        with self._log.store.reading() as tx:
            return rows.minimum(tx)


@contextmanager
def engines_kept(points: Points = nowhere) -> Iterator[None]:
    """Within this, a store opened again at the same place has the same engines: statements are compiled only once.

    `points` also hears of every statement that writes, before and after.
    """
    kept: dict[tuple[Path | str, str], Database] = {}

    def opened(place: Path | str, tenant: str) -> Database:
        key = (place, tenant)
        if key not in kept:
            kept[key] = open_database(place, tenant)
            _hear_statements(kept[key], points)
        elif isinstance(place, Path):
            make_folder(place)
        return kept[key]

    before: Callable[[Path | str, str], Database] = store_module.open_database
    store_module.open_database = opened
    try:
        yield
    finally:
        store_module.open_database = before


def _hear_statements(database: Database, points: Points) -> None:
    def hear(when: str) -> Callable[..., None]:
        def heard(_connection: object, _cursor: object, statement: str, *_: object) -> None:
            words = statement.split()
            verb = words[0].upper()
            if verb in ("INSERT", "UPDATE", "DELETE"):
                table = words[1] if verb == "UPDATE" else words[2]
                points(f"sql.{when} {verb} {table}")

        return heard

    event.listen(database.writer, "before_cursor_execute", hear("before"))
    event.listen(database.writer, "after_cursor_execute", hear("after"))
    event.listen(database.writer, "begin", lambda _: points("sql.begin"))
    event.listen(database.writer, "commit", lambda _: points("sql.commit"))
