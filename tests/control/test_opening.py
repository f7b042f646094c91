"""A tenant opens as one, keeps its origin, and lets go of everything when it cannot."""

from pathlib import Path

import pytest

from countenance.contracts.errors import StorageError, VaultError
from countenance.control.opening import KEYS, open_tenant


def test_a_log_keeps_its_origin_and_two_logs_never_share_one(tmp_path: Path) -> None:
    with open_tenant(tmp_path / "a") as first:
        origin = first.log.key.name
        first.log.append("CONFIG", {"software": "0"})
    with open_tenant(tmp_path / "a") as again, open_tenant(tmp_path / "b") as other:
        assert again.log.key.name == origin != other.log.key.name
        assert again.log.size == 1
        assert origin.startswith("countenance/local/")


def test_a_second_process_is_refused_and_an_opening_that_fails_holds_nothing(tmp_path: Path) -> None:
    with open_tenant(tmp_path), pytest.raises(StorageError):
        open_tenant(tmp_path)
    for key in (tmp_path / KEYS).glob("kek-*"):
        key.unlink()
    with pytest.raises(VaultError):
        open_tenant(tmp_path)
    with pytest.raises(VaultError):
        open_tenant(tmp_path)


def test_a_store_on_a_server_needs_a_folder_of_keys() -> None:
    with pytest.raises(StorageError, match="no folder for its keys"):
        open_tenant("postgresql://nobody@/nowhere")
