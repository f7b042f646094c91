"""A store of the first form, brought to the newest on both engines: the same tables, and nothing lost."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection, create_engine, inspect, text
from tests.postgres_server import Server

from countenance.storage import migrations
from countenance.storage.tables import metadata, version

FIRST_OUTBOX = """CREATE TABLE outbox (tenant TEXT NOT NULL, seq BIGINT NOT NULL, turn BIGINT NOT NULL,
    event_id TEXT NOT NULL, topic TEXT NOT NULL, call_ref TEXT, payload_id TEXT, body TEXT, attempts BIGINT NOT NULL,
    next_utc_us BIGINT NOT NULL, problem TEXT, delivered_utc_us BIGINT, given_up_utc_us BIGINT,
    PRIMARY KEY (tenant, seq, turn))"""
FIRST_ENTRIES = (
    """CREATE TABLE entries (tenant TEXT NOT NULL, seq BIGINT NOT NULL, kind TEXT NOT NULL, call_ref TEXT,
    leaf BLOB NOT NULL, PRIMARY KEY (tenant, seq)) WITHOUT ROWID""",
    "CREATE INDEX entries_of_call ON entries (tenant, call_ref, seq)",
    "INSERT INTO entries VALUES ('local', 0, 'CONFIG', NULL, x'30'), ('local', 1, 'GATE', 'c', x'31')",
)
FIRST_INDEX = "CREATE INDEX outbox_waiting ON outbox (tenant, delivered_utc_us, seq)"


@contextmanager
def database(kind: str, request: pytest.FixtureRequest, folder: Path) -> Iterator[Connection]:
    url = f"sqlite:///{folder / 'store.sqlite'}"
    if kind == "postgres":
        server: Server = request.getfixturevalue("postgres")
        server.admin("DROP DATABASE IF EXISTS first_form")
        server.admin("CREATE DATABASE first_form")
        url = server.url("postgres", "first_form")
    engine = create_engine(url)
    with engine.begin() as connection:
        yield connection
    engine.dispose()


def shape(connection: Connection) -> dict[str, object]:
    looked = inspect(connection)
    return {
        table: (
            sorted((c["name"], str(c["type"]), c["nullable"]) for c in looked.get_columns(table)),
            sorted((str(i["name"]), tuple(map(str, i["column_names"]))) for i in looked.get_indexes(table)),
            looked.get_pk_constraint(table)["constrained_columns"],
        )
        for table in metadata.tables
    }


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_a_store_of_the_first_form_becomes_what_a_new_one_is(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    with database(kind, request, tmp_path) as connection:
        metadata.create_all(connection)
        fresh = shape(connection)
        for table in ("outbox", "endpoints", "dispatches", "replies", "prompt_facts", "coached_calls"):
            connection.execute(text(f"DROP TABLE {table}"))
        connection.execute(text("DROP INDEX consents_newest"))
        if kind == "sqlite":
            connection.execute(text("DROP TABLE entries"))
            for statement in FIRST_ENTRIES:
                connection.execute(text(statement))
        for statement in (FIRST_OUTBOX, FIRST_INDEX):
            connection.execute(text(statement))
        connection.execute(version.insert().values(version=1))
        row = "('local', 7, 0, 'e', 't', 'c', NULL, '{}', 2, 40, '500', NULL, NULL)"
        connection.execute(text(f"INSERT INTO outbox VALUES {row}"))
        migrations.migrate(connection)
        assert shape(connection) == fresh
        assert migrations.form_of(connection) == migrations.newest()
        assert [tuple(found) for found in connection.execute(text("SELECT event_id, at_utc_us FROM outbox"))] == [
            ("e", 40)
        ]
        if kind == "sqlite":
            kept = connection.execute(text("SELECT tenant, seq, kind, call_ref, leaf FROM entries ORDER BY seq")).all()
            assert kept == [("local", 0, "CONFIG", None, b"0"), ("local", 1, "GATE", "c", b"1")]
