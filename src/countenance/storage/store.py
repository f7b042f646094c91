"""What one tenant keeps: transactions that are on the disk when they end, or did not happen."""

import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sqlalchemy import (
    ColumnElement,
    Connection,
    CursorResult,
    Delete,
    Executable,
    Row,
    Select,
    Table,
    Update,
    bindparam,
    delete,
    select,
)
from sqlalchemy import update as update_of
from sqlalchemy.exc import SQLAlchemyError

from countenance.contracts.errors import StorageError
from countenance.storage.copying import copy_database
from countenance.storage.engine import BEGIN, FILE, Database, check_durable, driver_of, open_database
from countenance.storage.migrations import check_form, check_secured, migrate, secure
from countenance.storage.points import Points, nowhere
from countenance.storage.prepared import prepared
from countenance.storage.scrubbing import scrub

FAULTS = (SQLAlchemyError, sqlite3.Error, OSError)


ROWS_AT_ONCE = 500
"""In one statement: PostgreSQL takes at most 65,535 values."""


class Transaction:
    """One transaction of one tenant; `select`, `update` and `delete` see that tenant's rows alone."""

    __slots__ = ("_driver", "connection", "tenant")

    def __init__(self, connection: Connection, tenant: str) -> None:
        self.connection = connection
        self.tenant = tenant
        self._driver = driver_of(connection) if connection.dialect.name == "sqlite" else None

    def __enter__(self) -> Self:
        """Begin to write."""
        # SQLite's own driver here and below: what lies over it costs more than it does.
        if self._driver is None:
            self.connection.begin()
        else:
            self._driver.execute(BEGIN)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """All that was written is durable, or nothing of it counts."""
        # SQLAlchemy too has begun a transaction where a statement went through it.
        whole = self._driver if self._driver and not self.connection.in_transaction() else self.connection
        if kind is None:
            whole.commit()
        else:
            whole.rollback()

    def execute(self, statement: Executable, rows: Sequence[Mapping[str, Any]] | None = None) -> CursorResult[Any]:
        """Run any statement; where it names tables, it must name the tenant itself."""
        return self.connection.execute(statement, rows)

    def insert(self, table: Table, *rows: Mapping[str, Any]) -> None:
        """Add rows that name the same columns, the tenant aside."""
        if not rows:
            return
        columns = tuple(rows[0])
        self.add(table, columns, [[row[column] for column in columns] for row in rows])

    def add(self, table: Table, columns: tuple[str, ...], rows: Iterable[Iterable[Any]]) -> None:
        """Add rows of the values of these columns, in their order."""
        values = [(self.tenant, *row) for row in rows]
        # The driver's own statements: compiling one costs more than writing the row.
        if self._driver is not None:
            self._driver.executemany(_insertion(table.name, columns, 1, "?"), values)
            return
        for start in range(0, len(values), ROWS_AT_ONCE):
            some = values[start : start + ROWS_AT_ONCE]
            flat = tuple(value for row in some for value in row)
            self.connection.exec_driver_sql(_insertion(table.name, columns, len(some), "%s"), flat)

    def select(self, table: Table, *columns: ColumnElement[Any]) -> Select[Any]:
        """A query over this tenant's rows of a table."""
        return select(*(columns or (table,))).where(table.c.tenant == self.tenant)

    def update(self, table: Table) -> Update:
        """A change of this tenant's rows of a table."""
        return update_of(table).where(table.c.tenant == self.tenant)

    def delete(self, table: Table) -> Delete:
        """A deletion from this tenant's rows of a table."""
        return delete(table).where(table.c.tenant == self.tenant)

    def find(self, table: Table, **key: object) -> Row[Any] | None:
        """The row whose columns have these values, or None."""
        return self.one(of_tenant(table, *key), **key)

    def one(self, query: Select[Any], **values: object) -> Row[Any] | None:
        """The first row of a query that was built once with `of_tenant`, or None."""
        mine = {"tenant": self.tenant, **values}
        if self._driver is None:
            return self.connection.execute(query, mine).first()
        known = prepared(query)
        found = known.run(self._driver, mine).fetchone()
        return None if found is None else known.named(found)

    def every(self, query: Select[Any], **values: object) -> Sequence[Row[Any]]:
        """All rows of a query that was built once with `of_tenant`."""
        mine = {"tenant": self.tenant, **values}
        if self._driver is None:
            return self.connection.execute(query, mine).all()
        known = prepared(query)
        return list(map(known.named, known.run(self._driver, mine)))

    def rows(self, query: Select[Any]) -> Sequence[Row[Any]]:
        """All rows of a query."""
        return self.connection.execute(query).all()

    def first(self, query: Select[Any]) -> Row[Any] | None:
        """The first row of a query, or None."""
        return self.connection.execute(query).first()


@lru_cache(maxsize=256)
def of_tenant(table: Table, *columns: str) -> Select[Any]:
    """A query over a tenant's rows by these columns, for `Transaction.one` and `every`: building it costs more."""
    return select(table).where(*(table.c[name] == bindparam(name) for name in ("tenant", *columns)))


class Store:
    """The database of one tenant, written by one process."""

    def __init__(self, database: Database, tenant: str, points: Points = nowhere) -> None:
        self.tenant = tenant
        self._database = database
        self._at = points
        self._one = threading.RLock()
        self._busy = False
        self._writing: Transaction | None = None

    @classmethod
    def open(cls, place: Path | str, tenant: str = "local", points: Points = nowhere) -> "Store":
        """Open or begin a store in a folder, or open one at a PostgreSQL URL; raises StorageError."""
        with ExitStack() as undo:
            store = undo.enter_context(cls(open_database(place, tenant), tenant, points))
            with store.transaction() as tx:
                _make_ready(tx.connection)
            undo.pop_all()
            return store

    @classmethod
    def open_reading(cls, place: Path | str, tenant: str = "local") -> "Store":
        """Open a store beside its writer, to read alone; raises StorageError."""
        if isinstance(place, Path) and not (place / FILE).exists():
            raise StorageError(f"there is no store in {place}", "Name the data folder of a tenant.")
        with ExitStack() as undo:
            store = undo.enter_context(cls(open_database(place, tenant), tenant))
            with store.reading() as tx:
                check_form(tx.connection)
            undo.pop_all()
            return store

    @staticmethod
    def prepare(url: str, role: str) -> None:
        """Make or renew the tables of a PostgreSQL store as their owner, for the application role."""
        database = open_database(url, "")
        try:
            with _faults("prepared"), database.writer.begin() as connection:
                migrate(connection)
                secure(connection, role)
        finally:
            database.writer.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """The one writing transaction: durable when the block ends; after StorageError nothing of it counts."""
        with self._one:
            if self._busy:
                raise StorageError("a transaction is open already", "Pass the open one on instead of a second.")
            self._busy = True
            try:
                with self._writing or self._connected() as tx:
                    yield tx
                    self._at("store.before_commit")
                self._at("store.after_commit")
            except (StorageError, *FAULTS) as fault:
                # Whatever state the connection is in, the next transaction begins on a fresh one.
                self._let_go()
                if isinstance(fault, StorageError):
                    raise
                raise _refused("written", fault) from fault
            finally:
                self._busy = False

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        """A view of one moment of the store; writing through it fails."""
        with _faults("read"), self._database.reader.begin() as connection:
            yield Transaction(connection, self.tenant)

    def close(self) -> None:
        """Let go of the database and of the lock; everything is on the disk already."""
        with self._one:
            self._let_go()
            self._database.reader.dispose()
            self._database.lock.release()

    def scrub(self, largest_bytes: int | None = None) -> bool:
        """Leave nothing of what was deleted in the files of SQLite; False where a reader held that up.

        A file that is larger than `largest_bytes` is not built anew: that takes longer than somebody waits.

        A server keeps its files itself: docs/erasure.md says what its operator does.
        """
        with self._one, _faults("scrubbed"):
            if not self._database.is_sqlite:
                return True
            if self._busy:
                return False
            self._let_go()
            return scrub(self._database.writer, largest_bytes)

    def copy(self, to: Path) -> None:
        """Copy the database file as it stands; a server is copied with its own tools."""
        if not self._database.is_sqlite:
            raise StorageError("this store is on a server", "Copy it with `pg_dump`, without the keys folder.")
        with _faults("copied"):
            copy_database(self._database.reader, to)

    def _connected(self) -> Transaction:
        connection = self._database.writer.connect()
        self._writing = Transaction(connection, self.tenant)
        self._database.lock.take(connection)
        connection.commit()
        return self._writing

    def _let_go(self) -> None:
        tx, self._writing = self._writing, None
        if tx is not None:
            tx.connection.invalidate()
            tx.connection.close()
        self._database.writer.dispose()


def _make_ready(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        migrate(connection)
        return
    check_durable(connection)
    check_form(connection)
    check_secured(connection)


@contextmanager
def _faults(what: str) -> Iterator[None]:
    try:
        yield
    except FAULTS as fault:
        raise _refused(what, fault) from fault


def _refused(what: str, fault: Exception) -> StorageError:
    cause = getattr(fault, "orig", None) or fault
    return StorageError(f"the store cannot be {what}: {cause}", "Nothing of it counts; check disk, rights and server.")


@lru_cache(maxsize=256)
def _insertion(table: str, columns: tuple[str, ...], rows: int, mark: str) -> str:
    one = f"({', '.join([mark] * (len(columns) + 1))})"
    return f"INSERT INTO {table} ({', '.join(('tenant', *columns))}) VALUES {', '.join([one] * rows)}"
