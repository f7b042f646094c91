"""The folder of keys."""

import os
from pathlib import Path

import pytest

from countenance.contracts.errors import VaultError
from countenance.storage.keys import KeyFolder


@pytest.fixture
def keys(tmp_path: Path) -> KeyFolder:
    return KeyFolder(tmp_path / "keys")


def test_keys_are_for_their_owner_alone(keys: KeyFolder) -> None:
    keys.make_kek(1)
    keys.log_seed()
    assert keys.folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in keys.folder.iterdir()} == {0o600}


def test_a_key_is_made_once_and_stays(keys: KeyFolder) -> None:
    assert keys.log_seed() == keys.log_seed() == KeyFolder(keys.folder).log_seed()
    assert keys.make_kek(3) == keys.make_kek(3) == keys.kek(3)
    assert keys.token_secret() == KeyFolder(keys.folder).token_secret()
    assert len({keys.log_seed(), keys.token_secret(), keys.make_kek(1), keys.make_kek(2), keys.kek(3)}) == 5
    assert keys.epochs() == (1, 2, 3)


def test_no_half_written_file_is_left(keys: KeyFolder) -> None:
    keys.make_kek(1)
    keys.put_mark(b"one\n")
    keys.put_mark(b"two\n")
    assert sorted(path.name for path in keys.folder.iterdir()) == ["kek-1.key", "mark.note"]
    assert keys.mark() == b"two\n"


def test_there_is_no_mark_before_the_first(keys: KeyFolder) -> None:
    assert keys.mark() is None


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o700])
def test_a_key_that_others_may_read_is_refused(keys: KeyFolder, mode: int) -> None:
    keys.make_kek(1)
    (keys.folder / "kek-1.key").chmod(mode)
    with pytest.raises(VaultError, match=r"open to others.*chmod 600"):
        keys.kek(1)


@pytest.mark.parametrize("mode", [0o750, 0o701, 0o777])
def test_a_folder_that_others_may_enter_is_refused(tmp_path: Path, mode: int) -> None:
    folder = tmp_path / "keys"
    folder.mkdir()
    folder.chmod(mode)
    with pytest.raises(VaultError, match=r"open to others.*chmod 700"):
        KeyFolder(folder)


def test_keys_of_somebody_else_are_refused(keys: KeyFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    keys.make_kek(1)
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    with pytest.raises(VaultError, match="open to others"):
        keys.kek(1)


def test_a_link_in_place_of_a_key_is_refused(keys: KeyFolder, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_bytes(bytes(32))
    (keys.folder / "kek-1.key").symlink_to(elsewhere)
    with pytest.raises(VaultError, match="symbolic link"):
        keys.kek(1)


@pytest.mark.parametrize("size", [0, 31, 33])
def test_a_key_of_another_length_is_refused(keys: KeyFolder, size: int) -> None:
    keys.make_kek(1)
    (keys.folder / "kek-1.key").write_bytes(bytes(size))
    with pytest.raises(VaultError, match=f"has {size} bytes"):
        keys.kek(1)


def test_a_missing_key_is_named_with_what_to_do(keys: KeyFolder) -> None:
    with pytest.raises(VaultError, match=r"kek-7\.key does not exist\. What it wrapped cannot be opened"):
        keys.kek(7)


def test_a_destroyed_key_is_overwritten_before_its_name_goes(keys: KeyFolder) -> None:
    old = keys.make_kek(1)
    with (keys.folder / "kek-1.key").open("rb") as held:  # an open handle still reads the bytes of a removed file
        keys.destroy_kek(1)
        assert held.read() != old
    assert keys.epochs() == ()
    keys.destroy_kek(1)


def test_what_a_crash_left_half_written_is_destroyed_at_the_next_opening(keys: KeyFolder) -> None:
    draft = keys.folder / "kek-2.key.draft"
    draft.write_bytes(b"half a key")
    KeyFolder(keys.folder)
    assert not draft.exists()


def test_a_full_disk_leaves_no_key_and_says_so(keys: KeyFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(VaultError, match=r"kek-1\.key cannot be written: No space left"):
        keys.make_kek(1)
    assert list(keys.folder.iterdir()) == []


def test_a_key_that_cannot_be_destroyed_is_an_error(keys: KeyFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    keys.make_kek(1)

    def broken(handle: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", broken)
    with pytest.raises(VaultError, match="cannot be destroyed: Input/output error"):
        keys.destroy_kek(1)


def test_a_key_that_cannot_be_read_is_an_error(keys: KeyFolder) -> None:
    (keys.folder / "kek-1.key").mkdir(mode=0o600)
    with pytest.raises(VaultError, match="cannot be read"):
        keys.kek(1)


def test_a_file_in_place_of_the_folder_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "keys").write_bytes(b"")
    with pytest.raises(VaultError, match="cannot be used"):
        KeyFolder(tmp_path / "keys")
