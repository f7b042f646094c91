"""How tables and their columns are written down: every table has a tenant, and keys of its own."""

from typing import Any

from sqlalchemy import BigInteger, Column, LargeBinary, MetaData, Table, Text
from sqlalchemy.types import UserDefinedType

metadata = MetaData()


class RowNumber(UserDefinedType[int]):
    """The number by which SQLite itself knows a row."""

    cache_ok = True

    def get_col_spec(self, **_: object) -> str:
        """As SQLite writes it."""
        return "INTEGER PRIMARY KEY"


def table(name: str, key: str, *items: Column[Any]) -> Table:
    """A table whose key is the tenant and the columns named in `key`; SQLite keeps the rows in that order."""
    keys = key.split()
    tenant = Column("tenant", Text, primary_key=True)
    for item in items:
        if item.name in keys:
            item.primary_key, item.nullable, item.autoincrement = True, False, False
    return Table(name, metadata, tenant, *items, sqlite_with_rowid=False)


def text(name: str, *, optional: bool = False) -> Column[str]:
    """Words."""
    return Column(name, Text, nullable=optional)


def whole(name: str, *, optional: bool = False) -> Column[int]:
    """A whole number of 64 bits."""
    return Column(name, BigInteger, nullable=optional)


def blob(name: str, *, optional: bool = False) -> Column[bytes]:
    """Bytes."""
    return Column(name, LargeBinary, nullable=optional)
