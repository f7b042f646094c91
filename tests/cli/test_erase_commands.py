"""`erase`, `backup` and `restore`, as an operator meets them."""

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from countenance.audit.folder import LogFolder
from countenance.audit.quorum import Policy
from countenance.audit.verify import verify
from countenance.cli import app
from countenance.contracts.errors import AuditError, CountenanceError, StorageError, UsageError, VaultError
from countenance.control.opening import open_tenant
from countenance.storage.calls import CallRow, SubjectRow, add_subjects, open_call
from countenance.storage.clocks import micros
from countenance.storage.tables import payloads

ERASE = ("erase", "--person", "p-17", "--yes")


def run(*words: str, typed: str | None = None) -> Result:
    return CliRunner().invoke(app, list(words), input=typed)


def enter(store: Path, call_id: str, call_ref: str) -> None:
    """Two people in a call, each with one reading."""
    with open_tenant(store) as tenant, tenant.store.transaction() as tx:
        vault = tenant.vault
        now = micros(tenant.clock.utc())
        open_call(tx, CallRow(call_ref, "support_qa", now, vault.name(tx, "call", call_id)))
        for person in ("p-17", "p-18"):
            ref = call_ref[:16] + person.encode().hex().ljust(16, "0")
            vault.enrol(tx, ref)
            tags = vault.name(tx, "seat", call_id, person), vault.name(tx, "person", person)
            add_subjects(tx, [SubjectRow(ref, call_ref, *tags)])
            vault.seal(tx, ref, f"reading of {person}".encode(), "result", call_ref)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    enter(tmp_path / "data", "monday", "a" * 32)
    return tmp_path / "data"


def readings(store: Path) -> list[bytes]:
    with open_tenant(store) as tenant, tenant.store.reading() as tx:
        rows = tx.rows(tx.select(payloads).order_by(payloads.c.subject_ref))
        return [tenant.vault.open_sealed(tx, row.payload_id).payload for row in rows]


def test_a_person_is_erased_and_gets_a_receipt_that_holds(store: Path, tmp_path: Path) -> None:
    out = tmp_path / "receipt.json"
    done = run(*ERASE, "--store", str(store), "--now", "--out", str(out))
    assert done.exit_code == 0, done.stderr
    assert "take a new one" in done.stderr
    assert readings(store) == [b"reading of p-18"]
    checked = run("audit", "verify", str(out))
    assert checked.exit_code == 0
    assert ": holds. Entry" in checked.stdout
    assert "was destroyed 20" in checked.stdout
    assert "--key" in checked.stdout
    vkey = json.loads(out.read_text())["log"]["vkey"]
    assert "the key given" in run("audit", "verify", str(out), "--key", vkey).stdout
    out.write_text(out.read_text().replace("art17", "art18", 1))
    assert isinstance(run("audit", "verify", str(out)).exception, AuditError)


def test_the_receipt_goes_to_the_terminal_when_no_file_is_named(store: Path) -> None:
    done = run(*ERASE, "--store", str(store))
    assert json.loads(done.stdout)["statement"]["keys"]["destroyed_at"] is None
    (store / "receipt.json").write_text(done.stdout)
    assert "is to be destroyed by 20" in run("audit", "verify", str(store / "receipt.json")).stdout


def test_the_log_is_exported_with_the_erasure_in_it(store: Path) -> None:
    run(*ERASE, "--store", str(store))
    folder = LogFolder(store / "log")
    report = verify(folder, Policy.trusting(folder.key()))
    assert (report.findings, report.erased) == ((), 1)


def test_nothing_is_erased_without_a_yes(store: Path) -> None:
    words = ("erase", "--person", "p-17", "--store", str(store))
    assert run(*words, typed="n\n").exit_code == 1
    assert len(readings(store)) == 2
    assert "take a new one" in run(*words, "--now", typed="n\n").stderr
    assert run(*words, typed="y\n").exit_code == 0
    assert len(readings(store)) == 1


@pytest.mark.parametrize("call", ["monday", "a" * 32])
def test_a_person_is_erased_from_one_call_named_either_way(store: Path, call: str) -> None:
    enter(store, "tuesday", "b" * 32)
    assert run(*ERASE, "--store", str(store), "--call", call).exit_code == 0
    assert readings(store).count(b"reading of p-17") == 1


def test_a_call_id_that_two_calls_have_is_refused_with_their_references(store: Path) -> None:
    enter(store, "monday", "b" * 32)
    done = run(*ERASE, "--store", str(store), "--call", "monday")
    assert isinstance(done.exception, UsageError)
    assert "a" * 32 in str(done.exception)


@pytest.mark.parametrize("option", ["--reason", "--actor"])
def test_what_the_log_keeps_for_ever_is_one_word_that_names_nobody(store: Path, option: str) -> None:
    done = run(*ERASE, "--store", str(store), option, "Ana Example asked for it")
    assert isinstance(done.exception, UsageError)
    assert len(readings(store)) == 2


def test_who_is_not_there_is_an_error(store: Path) -> None:
    done = run("erase", "--person", "nobody", "--yes", "--store", str(store))
    assert isinstance(done.exception, VaultError)


def test_a_store_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    done = run(*ERASE, "--store", str(tmp_path / "none"))
    assert isinstance(done.exception, UsageError)
    assert not (tmp_path / "none").exists()


def test_a_store_on_a_server_asks_for_its_keys() -> None:
    done = run(*ERASE, "--store", "postgresql://nowhere.example/none")
    assert isinstance(done.exception, UsageError)
    assert "--keys" in str(done.exception)


def test_a_store_that_a_service_writes_is_copied_and_its_log_exported(store: Path, tmp_path: Path) -> None:
    copy = tmp_path / "monday.sqlite"
    with open_tenant(store) as service:
        service.log.append("CONFIG", {"software": "1"})
        service.log.checkpoint(at_once=True)
        done = run("backup", "--store", str(store), "--out", str(copy))
        assert done.exit_code == 0, done.exception
        exported = run("audit", "export", "--store", str(store), "--out", str(tmp_path / "log"))
        assert exported.exit_code == 0, exported.exception
        assert f"{service.log.size} entries of {service.log.key.name}" in exported.stdout
        refused = run(*ERASE, "--store", str(store))
        assert "another process writes this store" in str(refused.exception)
        size, trust = service.log.size, Policy.trusting(service.log.key.verifier)
    for folder in (store / "log", tmp_path / "log"):
        report = verify(LogFolder(folder), trust)
        assert (report.findings, report.point.size) == ((), size)
    (tmp_path / "again").mkdir()
    shutil.copy(copy, tmp_path / "again" / "store.sqlite")
    shutil.copytree(store / "keys", tmp_path / "again" / "keys")
    assert readings(tmp_path / "again") == [b"reading of p-17", b"reading of p-18"]


def test_a_folder_above_the_stores_names_them(store: Path) -> None:
    done = run("backup", "--store", str(store.parent), "--out", str(store / "copy"))
    assert f"Name that of a tenant: {store}." in str(done.exception)


def test_restoring_nothing_or_without_a_log_leaves_nothing_behind(store: Path, tmp_path: Path) -> None:
    done = run("restore", "--store", str(tmp_path / "none"), "--log", str(store / "log"))
    assert isinstance(done.exception, UsageError)
    assert not (tmp_path / "none").exists()
    done = run("restore", "--store", str(store), "--log", str(tmp_path / "none"))
    assert "no exported log" in str(done.exception) or "is missing" in str(done.exception)


def test_a_backup_is_refused_until_it_is_restored(store: Path, tmp_path: Path) -> None:
    copy = tmp_path / "monday.sqlite"
    assert run("backup", "--store", str(store), "--out", str(copy)).exit_code == 0
    again = run("backup", "--store", str(store), "--out", str(copy))
    assert isinstance(again.exception, StorageError)
    run(*ERASE, "--store", str(store))
    for path in store.glob("store.sqlite*"):
        path.unlink()
    shutil.copy(copy, store / "store.sqlite")
    refused = run(*ERASE, "--store", str(store))
    assert isinstance(refused.exception, CountenanceError)
    assert "countenance restore" in str(refused.exception)
    done = run("restore", "--store", str(store), "--log", str(store / "log"))
    assert done.exit_code == 0, done.exception
    assert "1 subjects erased again" in done.stdout
    with open_tenant(store) as tenant:
        said = [entry.body for entry in tenant.log.entries() if entry.body.get("reason") == "restored"]
    assert ["'erased': 1" in str(body["counts"]) for body in said] == [True]
    assert readings(store) == [b"reading of p-18"]
