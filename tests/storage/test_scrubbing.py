"""What deleting leaves in the files, and copies of them."""

import sqlite3
from pathlib import Path

import pytest
from tests.conftest import Place

from countenance.contracts.errors import StorageError
from countenance.storage.store import Store
from countenance.storage.tables import marks

WORD = "a-word-that-is-deleted"


def write_and_delete(store: Store, rows: int = 200) -> None:
    with store.transaction() as tx:
        tx.insert(marks, *({"name": f"n{n}", "value": WORD * 20} for n in range(rows)))
    with store.transaction() as tx:
        tx.execute(tx.delete(marks).where(marks.c.name != "n0"))


def holds(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.read_bytes().count(WORD.encode()) > 20]


def free_pages(store: Store) -> int:
    with store.reading() as tx:
        return int(tx.connection.exec_driver_sql("PRAGMA freelist_count").scalar_one())


def test_scrubbing_leaves_nothing_of_what_was_deleted(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        write_and_delete(store)
        assert holds(tmp_path)
        assert store.scrub()
        assert holds(tmp_path) == []
        assert (tmp_path / "store.sqlite-wal").stat().st_size == 0
        assert free_pages(store) == 0
        with store.transaction() as tx:
            assert len(tx.rows(tx.select(marks))) == 1


def test_a_file_larger_than_allowed_keeps_its_size_and_loses_what_was_deleted(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        write_and_delete(store)
        assert store.scrub(largest_bytes=0)
        assert holds(tmp_path) == []
        assert free_pages(store) > 0


def test_a_reader_of_the_old_state_holds_it_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "countenance.storage.engine.PRAGMAS", ("journal_mode=WAL", "secure_delete=ON", "busy_timeout=1")
    )
    with Store.open(tmp_path) as store:
        write_and_delete(store)
        with store.reading() as tx:
            tx.rows(tx.select(marks))
            assert not store.scrub(largest_bytes=0)
        assert store.scrub(largest_bytes=0)


def test_within_a_transaction_there_is_no_scrubbing(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store, store.transaction():
        assert not store.scrub()


def test_a_copy_is_whole_and_for_its_owner_alone(tmp_path: Path) -> None:
    with Store.open(tmp_path / "store") as store:
        with store.transaction() as tx:
            tx.insert(marks, {"name": "n", "value": "v"})
        store.copy(tmp_path / "copy")
        with pytest.raises(StorageError, match="cannot be copied"):
            store.copy(tmp_path / "copy")
    assert (tmp_path / "copy").stat().st_mode & 0o777 == 0o600
    connection = sqlite3.connect(tmp_path / "copy")
    assert connection.execute("SELECT value FROM marks").fetchall() == [("v",)]
    connection.close()


def test_a_server_keeps_and_copies_its_files_itself(place: Place, tmp_path: Path) -> None:
    with place.open() as store:
        assert store.scrub()
        if isinstance(place.where, str):
            with pytest.raises(StorageError, match="pg_dump"):
                store.copy(tmp_path / "copy")
