"""Opening a database: SQLite in a folder or PostgreSQL at a URL, so that a committed transaction is on the disk."""

import fcntl
import os
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, cast

from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from countenance.contracts.errors import StorageError, TakenError
from countenance.storage.folders import make_folder

FILE = "store.sqlite"
LOCK = "store.lock"
BUSY_MS = 1_000
ANSWER_S = 10
"""A server that says nothing for so long is a fault of the store."""
PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON", "foreign_keys=ON", f"busy_timeout={BUSY_MS}")
BEGIN = "BEGIN IMMEDIATE"
DURABLE = ("fsync", "full_page_writes", "synchronous_commit")


class Lock(Protocol):
    """What keeps a second process from writing."""

    def take(self, connection: Connection) -> None:
        """Called with each new writing connection; raises StorageError when another process is the writer."""
        ...

    def release(self) -> None:
        """Let another process write."""
        ...


@dataclass(frozen=True, slots=True)
class Database:
    """Two ways into one database, and the lock that lets one process write."""

    writer: Engine
    reader: Engine
    lock: "Lock"

    @property
    def is_sqlite(self) -> bool:
        """Whether the database is a file here."""
        return self.writer.dialect.name == "sqlite"


class FileLock:
    """A locked file beside a SQLite database; the system unlocks it when the process ends, however it ends."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle: int | None = None

    def take(self, _: Connection) -> None:
        """Lock the file, unless it is locked by us already."""
        if self._handle is not None:
            return
        handle = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as fault:
            os.close(handle)
            raise _taken(str(self._path.parent)) from fault
        self._handle = handle

    def release(self) -> None:
        """Unlock the file."""
        handle, self._handle = self._handle, None
        if handle is not None:
            os.close(handle)


class SessionLock:
    """An advisory lock of PostgreSQL; it lives and dies with the writing session."""

    def __init__(self, tenant: str) -> None:
        self._tenant = tenant

    def take(self, connection: Connection) -> None:
        """Lock this tenant for this session."""
        wanted = text("SELECT pg_try_advisory_lock(hashtextextended('countenance ' || :tenant, 0))")
        if not connection.execute(wanted, {"tenant": self._tenant}).scalar_one():
            raise _taken(f"tenant {self._tenant}")

    def release(self) -> None:
        """The end of the session has unlocked it."""


def open_database(place: Path | str, tenant: str) -> Database:
    """A folder is SQLite, a URL is PostgreSQL; raises StorageError."""
    return open_sqlite(place) if isinstance(place, Path) else open_postgres(place, tenant)


def open_sqlite(folder: Path) -> Database:
    """The database file in a folder that is made when missing, for its owner alone."""
    try:
        make_folder(folder)
    except OSError as fault:
        raise StorageError(
            f"the store {folder} cannot be opened: {fault.strerror}", "Check folder and rights."
        ) from fault
    url = f"sqlite:///{folder / FILE}"
    writer = create_engine(url, pool_size=1, max_overflow=0)
    reader = create_engine(url, pool_size=4, max_overflow=4)
    on_connect(writer, *PRAGMAS)
    on_connect(reader, *PRAGMAS[2:], "query_only=ON")
    begin_with(writer, BEGIN)
    begin_with(reader, "BEGIN")
    return Database(writer, reader, FileLock(folder / LOCK))


def open_postgres(url: str, tenant: str) -> Database:
    """A PostgreSQL database, each connection bound to one tenant by row-level security."""
    settings = {
        "countenance.tenant": tenant,
        "synchronous_commit": "on",
        "timezone": "UTC",
        # A session whose client has gone ends, and with it its lock.
        "client_connection_check_interval": "1s",
    }
    answers = {"timeout": ANSWER_S}
    try:
        parsed = make_url(url)
        if parsed.drivername in ("postgresql", "postgres"):
            parsed = parsed.set(drivername="postgresql+pg8000")
        if parsed.drivername != "postgresql+pg8000":
            raise StorageError(f"`{parsed.drivername}` is no store", "Give a folder or a postgresql:// URL.")
        writer = create_engine(parsed, pool_size=1, max_overflow=0, connect_args=answers)
        reader = create_engine(
            parsed, pool_size=4, max_overflow=4, isolation_level="REPEATABLE READ", connect_args=answers
        )
    except (ArgumentError, NoSuchModuleError) as fault:
        raise StorageError("the address of the store is no URL", "Give a folder or a postgresql:// URL.") from fault
    except ModuleNotFoundError as fault:
        raise StorageError(
            "the driver of PostgreSQL is missing", "Install it: `pip install countenance[postgres]`."
        ) from fault
    _set_on_connect(writer, settings)
    _set_on_connect(reader, settings | {"default_transaction_read_only": "on"})
    return Database(writer, reader, SessionLock(tenant))


def check_durable(connection: Connection) -> None:
    """Raise StorageError when PostgreSQL is set so that an acknowledged transaction can be lost."""
    for name in DURABLE:
        if connection.execute(text(f"SHOW {name}")).scalar_one() == "off":
            raise StorageError(f"PostgreSQL runs with {name}=off", "Set it to on: what is acknowledged must last.")


def driver_of(connection: Connection) -> sqlite3.Connection:
    """The driver's own connection under one to SQLite: its statements cost a fifth of compiled ones."""
    return cast("sqlite3.Connection", connection.connection.driver_connection)


def on_connect(engine: Engine, *pragmas: str) -> None:
    """Set up each connection to SQLite that an engine makes."""

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _: object) -> None:
        # Transactions begin where we say so, not where the driver guesses.
        connection.isolation_level = None
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")


def begin_with(engine: Engine, statement: str) -> None:
    """Let each transaction of an engine on SQLite begin so, unless the driver is in one."""

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        driver = driver_of(connection)
        if not driver.in_transaction:
            driver.execute(statement)


def _set_on_connect(engine: Engine, settings: dict[str, str]) -> None:
    @event.listens_for(engine, "connect")
    def prepare(connection: DBAPIConnection, _: object) -> None:
        cursor = connection.cursor()
        for name, value in settings.items():
            cursor.execute("SELECT set_config(%s, %s, false)", (name, value))
        connection.commit()


def _taken(where: str) -> TakenError:
    remedy = "Stop it first; where it is `countenance serve`, its API and its pages do the same while it runs."
    return TakenError(f"another process writes this store: {where}", remedy)
