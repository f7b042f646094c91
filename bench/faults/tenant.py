"""A tenant's store, keys and log, opened as the product opens them, with faults and clocks put in where tests may."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from sqlalchemy import event

from countenance.audit.export import StoredLog
from countenance.audit.log import Log
from countenance.audit.quorum import Policy
from countenance.audit.verify import Report, verify
from countenance.contracts.clock import Clock
from countenance.control import opening as control
from countenance.storage.engine import Database, open_database
from countenance.storage.folders import make_folder
from countenance.storage.points import Points, nowhere
from countenance.storage.store import Store
from countenance.storage.vault import Vault


@dataclass(frozen=True, slots=True)
class Tenant:
    """Everything one tenant keeps."""

    opened: control.Tenant
    points: Points

    @classmethod
    def open(cls, folder: Path, clock: Clock | None = None, points: Points = nowhere) -> "Tenant":
        """Open or begin the tenant in a folder; what a crash left is put in order by the product's own code."""
        opened = control.open_tenant(folder / "data", keys=folder / "keys", clock=clock, points=points)
        return cls(opened, points)

    @property
    def store(self) -> Store:
        """The database."""
        return self.opened.store

    @property
    def vault(self) -> Vault:
        """The sealed rows."""
        return self.opened.vault

    @property
    def log(self) -> Log:
        """The log."""
        return self.opened.log

    @property
    def clock(self) -> Clock:
        """The clock it was opened with."""
        return self.opened.clock

    def close(self) -> None:
        """Let go of everything; it is on the disk already."""
        self.store.close()

    def verified(self) -> Report:
        """What the stand-alone verifier says of the log as it stands, completeness included."""
        return verify(StoredLog(self.log), Policy.trusting(self.log.key.verifier), completeness=True)


@contextmanager
def engines_kept(points: Points = nowhere) -> Iterator[None]:
    """Within this, a store opened again at the same place has the same engines: statements are compiled only once.

    `points` also hears of every statement that writes, before it runs.
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

    with patch("countenance.storage.store.open_database", opened):
        yield


def _hear_statements(database: Database, points: Points) -> None:
    """SQLite itself tells of each statement before it runs, whichever way it came: between two nothing happens."""

    def heard(statement: str) -> None:
        words = statement.split(maxsplit=3)
        verb = words[0].upper()
        if verb in ("INSERT", "UPDATE", "DELETE"):
            points(f"sql.before {verb} {words[1] if verb == 'UPDATE' else words[2]}")
        elif verb in ("BEGIN", "COMMIT"):
            points(f"sql.{verb.lower()}")

    if points is not nowhere:
        event.listen(database.writer, "connect", lambda driver, _: driver.set_trace_callback(heard))
