"""What SQLite is told of its tables: that they are large, and that a tenant selects all of each.

Without statistics SQLite takes any equality for selective, `tenant = ?` above all, and walks through whole tables where
it could look into an index. Measured statistics would change with the store, and what a statement costs with them;
these stand for every store, empty or full. A server measures its own.
"""

from collections.abc import Iterator

from sqlalchemy import Connection, Index, Table, text

from countenance.storage.tables import metadata, version

ROWS = 1_000_000
"""In a table; all of them are the tenant's."""
PART = ROWS // 10
"""With the same beginning of a key."""
FOUND = 10
"""With the same values in all columns of an index, or in some of them beside the tenant."""


def state(connection: Connection) -> None:
    """Tell SQLite, and every connection that opens the store after this."""
    # Nothing else makes the table of statistics; of the one row of this table it can learn nothing.
    connection.execute(text(f"ANALYZE {version.name}"))
    connection.execute(text("DELETE FROM sqlite_stat1"))
    for table in metadata.sorted_tables:
        if table is not version:
            for name, numbers in _of(table):
                row = {"tbl": table.name, "idx": name, "stat": " ".join(map(str, numbers))}
                connection.execute(text("INSERT INTO sqlite_stat1 VALUES (:tbl, :idx, :stat)"), row)
    connection.execute(text("ANALYZE sqlite_master"))


def _of(table: Table) -> Iterator[tuple[str, tuple[int, ...]]]:
    """For each index how many rows it has, then how many share its first column, its first two, ..."""
    parts = len(table.primary_key.columns) - 2
    # A table without row numbers is the index of its own key; of others this only says how many rows there are.
    yield table.name, (ROWS, ROWS, *[PART] * parts, 1)
    for index in sorted(table.indexes, key=_name):
        yield _name(index), (ROWS, ROWS, *[FOUND] * (len(index.columns) - 1))


def _name(index: Index) -> str:
    return str(index.name)
