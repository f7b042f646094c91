import sqlite3
from pathlib import Path

import pytest

from countenance.contracts.errors import StorageError
from countenance.storage.apikeys import FORM, NAME, KeyFile, KeyRow

ROW = KeyRow("a1", "acme", "0" * 64, "crm", "operator", "calls:read calls:write", 10, 20)
OTHER = KeyRow("b2", "beta", "1" * 64, "lms", "coach", "calls:read", 5)


def test_a_key_is_found_by_its_id_and_listed_by_age(tmp_path: Path) -> None:
    file = KeyFile(tmp_path)
    file.add(ROW)
    file.add(OTHER)
    assert file.find("a1") == ROW
    assert file.find("zz") is None
    assert file.all() == (OTHER, ROW)
    file.close()


def test_a_key_ends_once_and_another_process_sees_it_at_once(tmp_path: Path) -> None:
    here, there = KeyFile(tmp_path), KeyFile(tmp_path)
    here.add(ROW)
    assert there.revoke("a1", 15)
    assert not here.revoke("a1", 16)
    assert not here.revoke("zz", 16)
    found = here.find("a1")
    assert found is not None
    assert found.revoked_utc_us == 15
    here.close()
    there.close()


def test_an_ended_token_is_remembered_until_it_would_have_ended(tmp_path: Path) -> None:
    here, there = KeyFile(tmp_path), KeyFile(tmp_path)
    here.end_token("t1", 100, now_utc_us=10)
    assert there.has_ended("t1")
    assert not there.has_ended("t2")
    here.end_token("t2", 200, now_utc_us=100)
    assert not here.has_ended("t1")
    assert there.has_ended("t2")
    here.close()
    there.close()


def test_only_the_owner_may_read_the_file(tmp_path: Path) -> None:
    KeyFile(tmp_path / "new").close()
    assert (tmp_path / "new" / NAME).stat().st_mode & 0o777 == 0o600


def test_the_same_id_twice_is_an_error(tmp_path: Path) -> None:
    file = KeyFile(tmp_path)
    file.add(ROW)
    with pytest.raises(StorageError, match=r"access\.sqlite cannot be used"):
        file.add(ROW)
    file.close()


def test_a_file_of_a_newer_program_is_left_alone(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / NAME) as connection:
        connection.execute(f"PRAGMA user_version={FORM + 1}")
    connection.close()
    with pytest.raises(StorageError, match="newer program"):
        KeyFile(tmp_path)


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="cannot be made"):
        KeyFile(tmp_path / "file" / "below")


def test_a_file_that_is_no_database_is_an_error(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(b"x" * 4096)
    with pytest.raises(StorageError, match="cannot be used"):
        KeyFile(tmp_path)
