"""Queries that are built once, as SQLite's own driver takes them: compiling one anew costs more than running it."""

import sqlite3
from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

from sqlalchemy import Connection, Delete, Row, Select, Update
from sqlalchemy.dialects import sqlite
from sqlalchemy.sql.compiler import SQLCompiler

from countenance.storage.engine import driver_of


@dataclass(frozen=True, slots=True)
class Prepared:
    """A statement of SQLite, the order of its values, and how its rows are named."""

    text: str
    order: tuple[str, ...]
    fixed: Mapping[str, Any]
    """Values that the query brings itself."""
    named: Callable[[Sequence[Any]], Row[Any]]

    def run(self, driver: sqlite3.Connection, values: Mapping[str, Any]) -> sqlite3.Cursor:
        """The cursor over what is found."""
        given = {**self.fixed, **values}
        return driver.execute(self.text, [given[name] for name in self.order])


@dataclass(frozen=True, slots=True)
class PreparedChange:
    """An update or deletion of SQLite, the order of its values, and those that it brings itself."""

    text: str
    order: tuple[str, ...]
    fixed: Mapping[str, Any]


@lru_cache(maxsize=256)
def prepared(query: Select[Any]) -> Prepared:
    """A query as SQLite takes it, without lists of any length; kept by the query itself, so build that once."""
    compiled = query.compile(dialect=sqlite.dialect())
    names = query.selected_columns.keys()
    row: Any = namedtuple("row", names)  # type: ignore[misc]  # known at run time alone
    return Prepared(str(compiled), tuple(compiled.positiontup or ()), _fixed(compiled), cast("Any", row._make))


def change(connection: Connection, statement: Update | Delete, **values: object) -> None:
    """Run an update or a deletion that was built once, with the tenant among its values."""
    if connection.dialect.name != "sqlite":
        connection.execute(statement, values)
        return
    known = _prepared_change(statement)
    given = {**known.fixed, **values}
    driver_of(connection).execute(known.text, [given[name] for name in known.order])


@lru_cache(maxsize=256)
def _prepared_change(statement: Update | Delete) -> PreparedChange:
    compiled = statement.compile(dialect=sqlite.dialect())
    return PreparedChange(str(compiled), tuple(compiled.positiontup or ()), _fixed(compiled))


def _fixed(compiled: SQLCompiler) -> Mapping[str, Any]:
    """The values that a statement brings itself; NULL is one of them where it is set."""
    return {name: value for name, value in compiled.params.items() if not compiled.binds[name].required}
