"""Queries that are built once, as SQLite's own driver takes them: compiling one anew costs more than running it."""

import sqlite3
from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

from sqlalchemy import Row, Select
from sqlalchemy.dialects import sqlite


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


@lru_cache(maxsize=256)
def prepared(query: Select[Any]) -> Prepared:
    """A query as SQLite takes it, without lists of any length; kept by the query itself, so build that once."""
    compiled = query.compile(dialect=sqlite.dialect())
    fixed = {name: value for name, value in compiled.params.items() if value is not None}
    names = query.selected_columns.keys()
    row: Any = namedtuple("row", names)  # type: ignore[misc]  # known at run time alone
    return Prepared(str(compiled), tuple(compiled.positiontup or ()), fixed, cast("Any", row._make))
