"""The store, on SQLite and on a real PostgreSQL."""

import sqlite3
import sys
import threading
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import select, text
from tests.conftest import Place
from tests.postgres_server import OWNER, Server

from countenance.contracts.errors import StorageError
from countenance.storage import engine, migrations
from countenance.storage.engine import FILE
from countenance.storage.store import Store, Transaction
from countenance.storage.tables import calls, marks, version

MARK = {"name": "a", "value": "1"}


def values(tx: Transaction) -> list[str]:
    return [row.value for row in tx.rows(tx.select(marks, marks.c.value).order_by(marks.c.name))]


def test_what_a_transaction_wrote_is_there_after_opening_again(place: Place) -> None:
    with place.open() as store, store.transaction() as tx:
        tx.insert(marks, MARK, {"name": "b", "value": "2"})
        tx.insert(marks)
    with place.open() as store, store.reading() as tx:
        assert values(tx) == ["1", "2"]
        assert tx.first(tx.select(marks).where(marks.c.name == "c")) is None


def test_many_rows_go_in_at_once(place: Place) -> None:
    with place.open() as store:
        with store.transaction() as tx:
            tx.insert(marks, *({"name": f"{n:04}", "value": str(n)} for n in range(1203)))
        with store.reading() as tx:
            assert values(tx) == [str(n) for n in range(1203)]


def test_rows_are_changed_and_deleted(place: Place) -> None:
    with place.open() as store:
        with store.transaction() as tx:
            tx.insert(marks, MARK, {"name": "b", "value": "2"})
            tx.execute(tx.update(marks).where(marks.c.name == "a").values(value="3"))
            tx.execute(tx.delete(marks).where(marks.c.name == "b"))
        with store.reading() as tx:
            assert values(tx) == ["3"]


def test_nothing_counts_when_the_block_fails(place: Place) -> None:
    with place.open() as store:
        with pytest.raises(KeyError), store.transaction() as tx:
            tx.insert(marks, MARK, {"name": "a row without its value"})
        with store.transaction() as tx:
            assert values(tx) == []


def test_what_goes_past_the_compiler_and_what_goes_through_it_is_one_transaction(place: Place) -> None:
    def write(tx: Transaction) -> None:
        tx.insert(marks, MARK)
        tx.execute(tx.update(marks).values(value="2"))
        tx.insert(marks, {"name": "b", "value": "3"})

    with place.open() as store:
        with suppress(KeyError), store.transaction() as tx:
            write(tx)
            raise KeyError
        with store.transaction() as tx:
            assert values(tx) == []
            write(tx)
        with store.reading() as tx:
            assert values(tx) == ["2", "3"]


def test_a_fault_of_the_database_is_a_storage_error_and_the_next_transaction_works(place: Place) -> None:
    with place.open() as store:
        with pytest.raises(StorageError, match="the store cannot be written"), store.transaction() as tx:
            tx.insert(marks, {"name": "b", "value": "2"}, MARK, MARK)
        with store.transaction() as tx:
            assert values(tx) == []
            tx.insert(marks, MARK)
        with store.reading() as tx:
            assert values(tx) == ["1"]


def test_nothing_is_written_while_reading(place: Place) -> None:
    with place.open() as store:
        with pytest.raises(StorageError, match="the store cannot be read"), store.reading() as tx:
            tx.insert(marks, MARK)
        with store.reading() as tx:
            assert values(tx) == []


def test_a_reader_sees_one_moment_of_the_store(place: Place) -> None:
    with place.open() as store, store.reading() as before:
        assert values(before) == []
        with store.transaction() as tx:
            tx.insert(marks, MARK)
        assert values(before) == []


def test_a_second_transaction_within_the_first_is_refused(place: Place) -> None:
    with place.open() as store, store.transaction() as tx:
        tx.insert(marks, MARK)
        with pytest.raises(StorageError, match="a transaction is open already"), store.transaction():
            pass


def test_threads_write_one_after_the_other(place: Place) -> None:
    with place.open() as store:

        def count_up() -> None:
            for _ in range(10):
                with store.transaction() as tx:
                    rows = values(tx)
                    tx.execute(tx.delete(marks))
                    tx.insert(marks, {"name": "n", "value": str(int(rows[0]) + 1 if rows else 1)})

        threads = [threading.Thread(target=count_up) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with store.reading() as tx:
            assert values(tx) == ["40"]


def test_only_one_process_writes(place: Place) -> None:
    with place.open() as first, first.transaction() as tx:
        tx.insert(marks, MARK)
        with pytest.raises(StorageError, match="another process writes this store"):
            place.open()
    with place.open() as second, second.reading() as tx:
        assert values(tx) == ["1"]


def test_readers_open_beside_the_writer(place: Place) -> None:
    with place.open() as store, store.transaction() as tx:
        tx.insert(marks, MARK)
    with place.open(), Store.open_reading(place.where, place.tenant) as reader:
        with reader.reading() as tx:
            assert values(tx) == ["1"]
        with pytest.raises(StorageError, match="another process"), reader.transaction():
            pass


def test_tenants_of_one_store_do_not_see_each_other(place: Place) -> None:
    with place.open() as store, store.transaction() as tx:
        tx.insert(marks, MARK)
    with Store.open(place.where, f"{place.tenant}-2") as other, other.reading() as tx:
        assert values(tx) == []


def test_a_folder_without_a_store_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="there is no store"):
        Store.open_reading(tmp_path)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageError, match="file/store cannot be opened"):
        Store.open(tmp_path / "file" / "store")


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"not a database, but long enough to be looked at" * 100)
    with pytest.raises(StorageError, match="not a database"):
        Store.open(tmp_path)
    with pytest.raises(StorageError, match="not a database"):
        Store.open_reading(tmp_path)


def test_a_newer_store_is_left_alone(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store, store.transaction() as tx:
        tx.execute(version.update().values(version=migrations.newest() + 1))
    with pytest.raises(StorageError, match="Install the newer program"):
        Store.open(tmp_path)
    with pytest.raises(StorageError, match="the store has form"):
        Store.open_reading(tmp_path)


def test_an_older_store_is_brought_forward_step_by_step(tmp_path: Path) -> None:
    steps = [
        lambda connection: connection.execute(text("CREATE TABLE one (x INTEGER)")),
        lambda connection: connection.execute(text("ALTER TABLE one ADD COLUMN y INTEGER")),
    ]
    with Store.open(tmp_path) as store:
        with store.transaction() as tx:
            tx.execute(version.update().values(version=1))
            migrations.migrate(tx.connection, steps[:1])
        with store.transaction() as tx:
            migrations.migrate(tx.connection, steps)
            tx.execute(text("INSERT INTO one (x, y) VALUES (1, 2)"))
            assert migrations.form_of(tx.connection) == 3
            with pytest.raises(StorageError, match="this program knows forms up to 1"):
                migrations.migrate(tx.connection, ())


def test_a_step_that_fails_leaves_the_store_as_it_was(tmp_path: Path) -> None:
    def half(connection: object) -> None:
        tx.execute(text("CREATE TABLE half (x INTEGER)"))
        tx.execute(text("ALTER TABLE nowhere ADD COLUMN y INTEGER"))

    with Store.open(tmp_path) as store:
        with pytest.raises(StorageError), store.transaction() as tx:
            migrations.migrate(tx.connection, [*migrations.STEPS, half])
        with store.reading() as tx:
            assert migrations.form_of(tx.connection) == migrations.newest()
            assert tx.rows(select(text("name")).select_from(text("sqlite_master")).where(text("name = 'half'"))) == []


def test_sqlite_is_set_to_forget_and_to_last(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store, store.transaction() as tx:
        found = {
            name: tx.execute(text(f"PRAGMA {name}")).scalar_one()
            for name in ("journal_mode", "synchronous", "secure_delete", "foreign_keys")
        }
    assert found == {"journal_mode": "wal", "synchronous": 2, "secure_delete": 1, "foreign_keys": 1}
    assert tmp_path.joinpath(FILE).stat().st_size > 0


def test_the_names_of_the_people_are_columns_of_references_only(tmp_path: Path) -> None:
    with Store.open(tmp_path), sqlite3.connect(tmp_path / FILE) as plain:
        columns = {row[1] for row in plain.execute(f"PRAGMA table_info({calls.name})")}
    plain.close()
    assert columns >= {"call_ref", "call_tag"}
    assert not columns & {"name", "title", "room", "participant_id"}


@pytest.mark.parametrize("address", ["mysql://somewhere/x", "not a url", "nothing+at+all://x"])
def test_an_address_that_is_no_store_is_refused(address: str) -> None:
    with pytest.raises(StorageError, match=r"is no store|no URL"):
        Store.open(address)


def test_a_missing_driver_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pg8000", None)
    with pytest.raises(StorageError, match=r"pip install countenance\[postgres\]"):
        Store.open("postgresql://nobody@/nowhere")


def test_the_usual_address_of_a_postgres_is_enough(postgres: Server) -> None:
    plain = postgres.url().replace("postgresql+pg8000:", "postgresql:")
    with Store.open(plain, "plain") as store, store.transaction() as tx:
        tx.insert(marks, MARK)


def test_postgres_needs_prepared_tables(postgres: Server) -> None:
    postgres.admin("CREATE DATABASE bare")
    with pytest.raises(StorageError, match="Run `countenance store prepare`"):
        Store.open(postgres.url(database="bare"))
    with pytest.raises(StorageError, match="the store has form 0"):
        Store.open_reading(postgres.url(database="bare"))


def test_postgres_refuses_a_role_that_sees_all_tenants(postgres: Server) -> None:
    with pytest.raises(StorageError, match="passes by row-level security"):
        Store.open(postgres.url("postgres"))


def test_postgres_refuses_a_table_without_row_level_security(postgres: Server) -> None:
    postgres.admin(f"CREATE DATABASE loose OWNER {OWNER}")
    Store.prepare(postgres.url(OWNER, "loose"), "store_app")
    postgres.admin("ALTER TABLE consents NO FORCE ROW LEVEL SECURITY", database="loose")
    with pytest.raises(StorageError, match="the table consents has no row-level security"):
        Store.open(postgres.url(database="loose"))


def test_postgres_can_be_prepared_again(postgres: Server) -> None:
    Store.prepare(postgres.url(OWNER), "store_app")
    with pytest.raises(StorageError, match="the store cannot be prepared"):
        Store.prepare(postgres.url(OWNER), "nobody_of_this_name")


def test_postgres_refuses_to_lose_what_it_acknowledged(postgres: Server) -> None:
    postgres.admin("ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()")
    try:
        with pytest.raises(StorageError, match="fsync=off"):
            Store.open(postgres.url(), "lasting")
    finally:
        postgres.admin("ALTER SYSTEM RESET fsync", "SELECT pg_reload_conf()")


def test_row_level_security_holds_for_the_owner_and_against_forged_rows(postgres: Server) -> None:
    with Store.open(postgres.url(), "mine") as store, store.transaction() as tx:
        tx.insert(marks, MARK)
    with Store.open(postgres.url(), "theirs") as other:
        with other.transaction() as tx:
            # No filter of ours: the server alone keeps the tenants apart.
            assert tx.rows(select(marks).where(marks.c.tenant == "mine")) == []
            assert tx.execute(marks.delete()).rowcount == 0
        with pytest.raises(StorageError, match="row-level security"), other.transaction() as tx:
            tx.execute(marks.insert().values(tenant="mine", name="b", value="2"))
    owner = Store.open_reading(postgres.url(OWNER), "theirs")
    with owner, owner.reading() as tx:
        assert tx.rows(select(marks).where(marks.c.tenant == "mine")) == []


def test_the_application_role_cannot_change_what_was_logged(postgres: Server) -> None:
    with (
        Store.open(postgres.url(), "fixed") as store,
        pytest.raises(StorageError, match="permission denied"),
        store.transaction() as tx,
    ):
        tx.execute(text("UPDATE entries SET kind = 'RESULT'"))


def test_a_postgres_that_went_away_and_came_back_is_used_again(postgres: Server) -> None:
    with Store.open(postgres.url(), "patient") as store:
        with store.transaction() as tx:
            tx.insert(marks, MARK)
        postgres.control(
            "restart", "-m", "immediate", "-o", f"-c listen_addresses='' -c unix_socket_directories={postgres.folder}"
        )
        with pytest.raises(StorageError), store.transaction() as tx:
            tx.insert(marks, {"name": "b", "value": "2"})
        with store.transaction() as tx:
            assert values(tx) == ["1"]


def test_a_postgres_that_says_nothing_is_a_fault_and_its_session_ends(
    postgres: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "ANSWER_S", 1)
    with Store.open(postgres.url(), "silent") as store:
        with pytest.raises(StorageError, match="the store cannot be written"), store.transaction() as tx:
            tx.execute(text("SELECT pg_sleep(600)"))
        assert any(written(store) for _ in range(1_000))
        with store.reading() as tx:
            assert values(tx) == ["1"]


def written(store: Store) -> bool:
    """Whether a mark could be written; false while the session before still holds the lock."""
    try:
        with store.transaction() as tx:
            tx.insert(marks, MARK)
    except StorageError:
        return False
    return True
