"""A store of the first form, brought to the newest on both engines: the same tables, and nothing lost."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex

import pytest
from sqlalchemy import Connection, create_engine, inspect, text
from tests.audit.logs import open_log
from tests.postgres_server import APPLICATION, DATABASE, OWNER, Server

from countenance.audit.tiles import WIDTH
from countenance.storage import migrations
from countenance.storage.store import Store
from countenance.storage.tables import call_entries, metadata, version

FIRST_OUTBOX = """CREATE TABLE outbox (tenant TEXT NOT NULL, seq BIGINT NOT NULL, turn BIGINT NOT NULL,
    event_id TEXT NOT NULL, topic TEXT NOT NULL, call_ref TEXT, payload_id TEXT, body TEXT, attempts BIGINT NOT NULL,
    next_utc_us BIGINT NOT NULL, problem TEXT, delivered_utc_us BIGINT, given_up_utc_us BIGINT,
    PRIMARY KEY (tenant, seq, turn))"""
FILING = "CREATE INDEX entries_of_call ON entries (tenant, call_ref, seq)"
FIRST_ENTRIES = (
    """CREATE TABLE entries (tenant TEXT NOT NULL, seq BIGINT NOT NULL, kind TEXT NOT NULL, call_ref TEXT,
    leaf BLOB NOT NULL, PRIMARY KEY (tenant, seq)) WITHOUT ROWID""",
    FILING,
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
        for table in ("outbox", "endpoints", "dispatches", "replies", "prompt_facts", "coached_calls", "call_entries"):
            connection.execute(text(f"DROP TABLE {table}"))
        connection.execute(text("DROP INDEX consents_newest"))
        if kind == "postgres":
            connection.execute(text(FILING))
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


@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
def test_entries_that_were_indexed_are_filed_under_their_calls(
    engine: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    server: Server | None = request.getfixturevalue("postgres") if engine == "postgres" else None
    place: Path | str = server.url() if server else tmp_path / "store"
    tenant = f"filing-{token_hex(4)}"
    with Store.open(place, tenant) as store:
        log = open_log(store)
        log.append_all([("GATE", {"call_ref": "ab"[n % 2] * 32}) for n in range(WIDTH + 10)])
        known, filed = log.of_call("a" * 32), places(store)
    back = ["DROP TABLE call_entries", FILING, "UPDATE store_version SET version = 6"]
    if server:
        server.admin(*back, database=DATABASE)
        Store.prepare(server.url(OWNER), APPLICATION)
    else:
        file = create_engine(f"sqlite:///{tmp_path / 'store' / 'store.sqlite'}")
        with file.begin() as connection:
            for statement in back:
                connection.execute(text(statement))
        file.dispose()
    with Store.open(place, tenant) as store:
        assert places(store) == filed == [*range(0, WIDTH, 2), *range(1, WIDTH, 2)]
        assert open_log(store).of_call("a" * 32) == known
        assert len(known) == WIDTH // 2 + 5


def places(store: Store) -> list[int]:
    with store.reading() as tx:
        query = tx.select(call_entries, call_entries.c.seq).order_by(call_entries.c.call_ref, call_entries.c.seq)
        return [row.seq for row in tx.rows(query)]
