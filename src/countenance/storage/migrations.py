"""The numbered forms of the tables: forward only, each step with its number in one transaction."""

from collections.abc import Callable, Sequence

from sqlalchemy import Connection, insert, inspect, select, text, update

from countenance.contracts.errors import StorageError
from countenance.storage import statistics, tables

Step = Callable[[Connection], None]


def webhooks(connection: Connection) -> None:
    """The outbox hands events on; each endpoint has a queue, a log and dead letters of its own."""
    for table in (tables.endpoints, tables.dispatches):
        table.create(connection)
    for change in (
        "RENAME COLUMN next_utc_us TO at_utc_us",
        "RENAME COLUMN delivered_utc_us TO handed_utc_us",
        *(f"DROP COLUMN {name}" for name in ("attempts", "problem", "given_up_utc_us")),
    ):
        connection.execute(text(f"ALTER TABLE outbox {change}"))
    connection.execute(text("CREATE INDEX outbox_by_event ON outbox (tenant, event_id)"))


def kept_replies(connection: Connection) -> None:
    """Answers to requests that may come again are kept for a day."""
    tables.replies.create(connection)


def straight_ways(connection: Connection) -> None:
    """What is asked while a call runs is found without looking at all that the person ever did."""
    columns = "tenant, person_tag, modality, purpose, version"
    connection.execute(text(f"CREATE INDEX consents_newest ON consents ({columns}) WHERE carries IS NULL"))
    for table, last in (("asks", "at_utc_us"), ("subjects", "call_ref")):
        connection.execute(text(f"DROP INDEX {table}_by_person"))
        connection.execute(text(f"CREATE INDEX {table}_by_person ON {table} (tenant, person_tag, {last})"))


def coaching(connection: Connection) -> None:
    """What became of prompts is counted, apart from the people and the calls."""
    for table in (tables.prompt_facts, tables.coached_calls):
        table.create(connection)


def entries_by_row(connection: Connection) -> None:
    """SQLite keeps the entries of the log as its own rows."""
    if connection.dialect.name == "sqlite":
        connection.execute(text("ALTER TABLE entries RENAME TO entries_by_key"))
        connection.execute(text("DROP INDEX entries_of_call"))
        tables.entries.create(connection)
        connection.execute(text("CREATE INDEX entries_of_call ON entries (tenant, call_ref, seq)"))
        columns = ", ".join(tables.entries.c.keys())
        moved = f"INSERT INTO entries ({columns}) SELECT {columns} FROM entries_by_key ORDER BY seq"
        connection.execute(text(moved))
        connection.execute(text("DROP TABLE entries_by_key"))


def filed_entries(connection: Connection) -> None:
    """Entries are filed under their calls tile by tile, no longer one by one."""
    tables.call_entries.create(connection)
    if connection.dialect.name == "postgresql":
        # The owner files what is every tenant's, and sees nothing while row-level security binds it; `secure` is next.
        for table in (tables.entries.name, tables.tiles.name):
            connection.execute(text(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY"))
    full = "SELECT MAX(place) + 1 FROM tiles WHERE tiles.tenant = entries.tenant AND level = 0"
    filed = f"SELECT tenant, call_ref, seq FROM entries WHERE call_ref IS NOT NULL AND seq < 256 * ({full})"
    connection.execute(text(f"INSERT INTO call_entries (tenant, call_ref, seq) {filed}"))
    connection.execute(text("DROP INDEX entries_of_call"))


STEPS: tuple[Step, ...] = (webhooks, kept_replies, straight_ways, coaching, entries_by_row, filed_entries)
"""Step n brings a store from form n to form n + 1. A new store is made in the newest form at once."""


def newest(steps: Sequence[Step] = STEPS) -> int:
    """The form this program writes."""
    return len(steps) + 1


def form_of(connection: Connection) -> int:
    """The form of the tables, 0 when there are none."""
    if not inspect(connection).has_table(tables.version.name):
        return 0
    return int(connection.execute(select(tables.version.c.version)).scalar_one())


def migrate(connection: Connection, steps: Sequence[Step] = STEPS) -> None:
    """Bring the tables to the newest form, within the caller's transaction; refuses a newer store."""
    form = check_not_newer(connection, steps)
    if form == newest(steps):
        return
    if form == 0:
        tables.metadata.create_all(connection)
        connection.execute(insert(tables.version).values(version=newest(steps)))
    else:
        for step in steps[form - 1 :]:
            step(connection)
        connection.execute(update(tables.version).values(version=newest(steps)))
    if connection.dialect.name == "sqlite":
        statistics.state(connection)


def check_not_newer(connection: Connection, steps: Sequence[Step] = STEPS) -> int:
    """The form of the store; raises StorageError when a newer program made it."""
    form = form_of(connection)
    if form > newest(steps):
        raise StorageError(
            f"the store has form {form}, this program knows forms up to {newest(steps)}", "Install the newer program."
        )
    return form


def check_form(connection: Connection) -> None:
    """Raise StorageError unless the tables have the form that this program writes."""
    if (form := form_of(connection)) != newest():
        remedy = "Run `countenance store prepare`, or the newer program."
        raise StorageError(f"the store has form {form}, this program needs form {newest()}", remedy)


def secure(connection: Connection, role: str) -> None:
    """PostgreSQL: row-level security for every table, also for its owner, and the rights of the application role."""
    name = connection.dialect.identifier_preparer.quote_identifier(role)
    connection.execute(text(f"GRANT SELECT ON {tables.version.name} TO {name}"))
    mine = "tenant = current_setting('countenance.tenant', true)"
    for table in tables.metadata.sorted_tables:
        if table is tables.version:
            continue
        connection.execute(text(f"ALTER TABLE {table.name} ENABLE ROW LEVEL SECURITY"))
        connection.execute(text(f"ALTER TABLE {table.name} FORCE ROW LEVEL SECURITY"))
        connection.execute(text(f"DROP POLICY IF EXISTS own_tenant ON {table.name}"))
        connection.execute(text(f"CREATE POLICY own_tenant ON {table.name} USING ({mine}) WITH CHECK ({mine})"))
        connection.execute(text(f"GRANT {_rights(table.name)} ON {table.name} TO {name}"))


def check_secured(connection: Connection) -> None:
    """Raise StorageError when this PostgreSQL role could see other tenants."""
    strong = "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user"
    if connection.execute(text(strong)).scalar_one():
        raise StorageError("the role of the store passes by row-level security", "Use the application role.")
    names = [table.name for table in tables.metadata.sorted_tables if table is not tables.version]
    rows = connection.execute(
        text("SELECT relname FROM pg_class WHERE relname = ANY(:names) AND relforcerowsecurity"), {"names": names}
    )
    if open_ones := sorted(set(names) - {row.relname for row in rows}):
        raise StorageError(f"the table {open_ones[0]} has no row-level security", "Run `countenance store prepare`.")


def _rights(table: str) -> str:
    # What was logged or answered is never changed, only added to, and deleted when its retention ends.
    fixed = table in (tables.entries.name, tables.call_entries.name, tables.checkpoints.name)
    return "SELECT, INSERT, DELETE" if fixed else "SELECT, INSERT, UPDATE, DELETE"
