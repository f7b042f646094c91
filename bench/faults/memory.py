"""The store of simulated runs, in memory: what a lost connection leaves there is what it leaves in a file.

The product's own code runs over it, from opening to recovery. That a disk keeps what it was told to keep is what the
harnesses of kills and of power cuts are for.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast
from unittest.mock import patch

from sqlalchemy import Connection, Engine, create_engine

from countenance.storage.engine import BEGIN, PRAGMAS, Database, begin_with, driver_of, on_connect

OWN = ("journal_mode=MEMORY", "busy_timeout=0")
"""There is no second process to wait for: who finds the store locked has locked it, and is told so at once."""


class Unlocked:
    """No other process sees this memory."""

    def take(self, _: Connection) -> None:
        """It is ours."""

    def release(self) -> None:
        """It was nobody else's."""


class Reader:
    """One connection that reads, kept: taking one out of a pool each time costs more than reading does."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._kept: Connection | None = None

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """A view of one moment."""
        self._kept = kept = self._kept or self._engine.connect()
        driver = driver_of(kept)
        driver.execute("BEGIN")
        try:
            yield kept
        finally:
            # SQLAlchemy too has begun a transaction where a statement went through it.
            whole = kept if kept.in_transaction() else driver
            whole.rollback()

    def dispose(self) -> None:
        """Nothing hangs on a connection that only reads: it serves the next process as well."""

    def end(self) -> None:
        """Nobody reads any more."""
        if self._kept is not None:
            self._kept.close()
        self._engine.dispose()


class Memory:
    """One store in memory, that is there as long as this is."""

    def __init__(self, name: str) -> None:
        place = f"file:/{name}?vfs=memdb"
        self._held = sqlite3.connect(place, uri=True)
        writer, reader = (create_engine(f"sqlite:///{place}&uri=true", pool_size=1, max_overflow=0) for _ in range(2))
        on_connect(writer, *PRAGMAS, *OWN)
        on_connect(reader, *PRAGMAS[2:], *OWN[1:], "query_only=ON")
        begin_with(writer, BEGIN)
        begin_with(reader, "BEGIN")
        self._reader = Reader(reader)
        self.database = Database(writer, cast("Engine", self._reader), Unlocked())

    def kept(self) -> sqlite3.Connection:
        """A copy of all that is there."""
        copy = sqlite3.connect(":memory:")
        self._held.backup(copy)
        return copy

    def become(self, copy: sqlite3.Connection) -> None:
        """All that is there is what was there once."""
        copy.backup(self._held)

    def close(self) -> None:
        """Nothing of it is left."""
        self._reader.end()
        self.database.writer.dispose()
        self._held.close()

    @contextmanager
    def instead(self) -> Iterator[None]:
        """Within this, whatever store the product opens is this one."""

        def opened(_place: Path | str, _tenant: str) -> Database:
            return self.database

        with patch("countenance.storage.store.open_database", opened):
            yield
