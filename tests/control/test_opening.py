"""A tenant opens as one, keeps its origin, and lets go of everything when it cannot."""

from pathlib import Path

import pytest

from countenance.audit.quorum import Policy
from countenance.audit.verify import verify
from countenance.contracts.errors import StorageError, TakenError, VaultError
from countenance.control.opening import KEYS, open_beside, open_tenant
from countenance.storage.engine import FILE
from countenance.storage.store import Store


def test_a_log_keeps_its_origin_and_two_logs_never_share_one(tmp_path: Path) -> None:
    with open_tenant(tmp_path / "a") as first:
        origin = first.log.key.name
        first.log.append("CONFIG", {"software": "0"})
    with open_tenant(tmp_path / "a") as again, open_tenant(tmp_path / "b") as other:
        assert again.log.key.name == origin != other.log.key.name
        assert again.log.size == 1
        assert origin.startswith("countenance/local/")


def test_a_second_process_is_refused_and_an_opening_that_fails_holds_nothing(tmp_path: Path) -> None:
    with open_tenant(tmp_path), pytest.raises(TakenError):
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


def test_a_folder_is_opened_as_the_tenant_whose_store_it_is(tmp_path: Path) -> None:
    with open_tenant(tmp_path / "kept", "acme") as first:
        first.log.append("CONFIG", {"software": "0"})
    with open_tenant(tmp_path / "kept") as again:
        assert (again.store.tenant, again.log.size) == ("acme", 1)


def test_of_several_tenants_in_one_folder_one_is_named_or_that_of_the_folder_is_meant(tmp_path: Path) -> None:
    for name in ("acme", "beta"):
        open_tenant(tmp_path / "acme", name, keys=tmp_path / "keys" / name).store.close()
    with open_tenant(tmp_path / "acme", keys=tmp_path / "keys" / "acme") as found:
        assert found.store.tenant == "acme"
    (tmp_path / "acme").rename(tmp_path / "gamma")
    with pytest.raises(StorageError, match="several tenants: acme, beta"):
        open_tenant(tmp_path / "gamma", keys=tmp_path / "keys" / "acme")
    with open_tenant(tmp_path / "gamma", "beta", tmp_path / "keys" / "beta") as found:
        assert found.store.tenant == "beta"


def test_a_log_is_read_beside_the_process_that_writes_it(tmp_path: Path) -> None:
    with open_tenant(tmp_path, "acme") as tenant:
        tenant.log.append("CONFIG", {"software": "0"})
        tenant.log.checkpoint(at_once=True)
        with open_beside(tmp_path) as log:
            assert verify(log, Policy.trusting(tenant.log.key.verifier)).point.size == 1


def test_a_store_without_a_log_and_a_file_that_is_no_store_cannot_be_read_beside_anyone(tmp_path: Path) -> None:
    Store.open(tmp_path / "new").close()
    with pytest.raises(StorageError, match="local has no log here yet"), open_beside(tmp_path / "new"):
        pass
    (tmp_path / FILE).write_bytes(b"not a database, but long enough to be looked at" * 100)
    with pytest.raises(StorageError, match="not a database"), open_beside(tmp_path):
        pass
