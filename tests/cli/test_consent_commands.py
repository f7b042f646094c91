"""`consent`, `subject` and `retention`, as an operator meets them."""

import hashlib
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from countenance.audit.deletion import verify_deletion
from countenance.cli import app
from countenance.consent.receipt import check_receipt
from countenance.contracts.errors import ConsentError, NotFoundError, RefusedError, UsageError
from countenance.control.erasure import Eraser
from countenance.control.opening import open_tenant
from countenance.storage.calls import CallRow, SubjectRow, add_subjects, open_call
from countenance.storage.clocks import micros

CALL = """
purpose = "support_qa"
jurisdictions = ["US-CA"]

[[participant]]
name = "Ana"
id = "crm-17"
role = "customer"
facts = { minor = "adult", b2b = "no" }

[[participant]]
name = "Kim"
role = "customer"
facts = { minor = "13_to_17", b2b = "no" }

[[participant]]
name = "Ben"
role = "agent"

[terms]
controllers = ["Example Ltd"]
contact = "privacy@example.org"
storage_locations = ["Frankfurt"]
"""
SIGNED = ("--act", "typed_name", "--name", "Ana Example")


@pytest.fixture
def call(tmp_path: Path) -> Path:
    path = tmp_path / "call.toml"
    path.write_text(CALL, encoding="utf-8")
    return path


@pytest.fixture
def store(tmp_path: Path) -> str:
    return str(tmp_path / "data")


def run(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


def says(call: Path, store: str, modality: str, answer: str = "given", *more: str, person: str = "Ana") -> Result:
    asked = ("--deployment", str(call), "--store", store, "--person", person, "--modality", modality)
    return run("consent", "record", *asked, "--answer", answer, *(more or SIGNED))


def reading(store: str) -> str:
    """Something read of Ana in a call."""
    with open_tenant(Path(store)) as tenant, tenant.store.transaction() as tx:
        open_call(tx, CallRow("c" * 32, "support_qa", micros(tenant.clock.utc())))
        tenant.vault.enrol(tx, "5" * 32)
        tags = tenant.vault.name(tx, "seat", "call", "p_1"), tenant.vault.name(tx, "person", "crm-17")
        add_subjects(tx, [SubjectRow("5" * 32, "c" * 32, *tags)])
        return tenant.vault.seal(tx, "5" * 32, b'{"label":"engaged"}', "result", "c" * 32, 0, 1)


def test_a_notice_is_printed_exactly_as_it_is_hashed(call: Path) -> None:
    plain = run("consent", "notice", "--deployment", str(call), "--person", "Ana", "--language", "fr")
    told = json.loads(
        run("consent", "notice", "--deployment", str(call), "--person", "Ana", "--language", "fr", "--json").stdout
    )
    assert hashlib.sha256(plain.stdout.encode()).hexdigest() == told["sha256"]
    assert told["blocks"][0]["title"] == "Avant l'appel : à vous de choisir"
    spoken = run("consent", "notice", "--deployment", str(call), "--person", "Ana", "--spoken", "--modality", "text")
    assert spoken.stdout.count("\n") == 1
    assert "from words," in spoken.stdout


def test_an_answer_is_recorded_shown_and_receipted(call: Path, store: str, tmp_path: Path) -> None:
    done = says(call, store, "face")
    assert done.exit_code == 0, done.exception
    receipt_id = done.stdout.split()[-1]
    assert receipt_id in run("consent", "show", "--store", store, "--person", "crm-17").stdout
    assert json.loads(run("consent", "show", "--store", store, "--json").stdout) == [
        {"modality": "face", "purpose": "support_qa", "status": "given", "answers": 1}
    ]
    out = tmp_path / "receipt.json"
    by_person = ("--person", "crm-17", "--modality", "face")
    assert run("consent", "receipt", "--store", store, *by_person, "--out", str(out)).exit_code == 0
    receipt = json.loads(out.read_text(encoding="utf-8"))
    check_receipt(receipt)
    assert receipt["receipt_id"] == receipt_id
    assert receipt["evidence"]["name"] == "Ana Example"
    checked = run("audit", "verify", str(out))
    assert checked.exit_code == 0
    for form, word in (("dpv", "@context"), ("kantara", "piiPrincipalId")):
        shaped = run("consent", "receipt", "--store", store, "--id", receipt_id, "--form", form)
        assert word in json.loads(shaped.stdout)


def test_a_weaker_form_than_the_law_asks_for_is_refused(call: Path, store: str) -> None:
    assert isinstance(says(call, store, "face", "given", "--act", "toggle").exception, ConsentError)
    assert "refused" in says(call, store, "face", "refused").stdout
    assert isinstance(says(call, store, "face").exception, ConsentError)
    assert says(call, store, "face", "given", *SIGNED, "--own-wish").exit_code == 0


def test_it_is_said_beforehand_whether_a_person_may_be_asked(call: Path, store: str) -> None:
    says(call, store, "face")
    says(call, store, "voice", "refused")
    asking = ("consent", "asking", "--deployment", str(call), "--store", store, "--person", "Ana")
    told = json.loads(run(*asking, "--json").stdout)
    assert {m: one["ask"] for m, one in told.items()} == {
        "face": "answered",
        "voice": "leave",
        "text": "ask",
        "telemetry": "never",
    }
    lines = run(*asking).stdout.splitlines()
    assert lines[2] == "text: ask"
    assert lines[1].startswith("voice: leave until 20")


def test_a_guardian_agrees_for_a_young_person(call: Path, store: str) -> None:
    assert isinstance(says(call, store, "text", person="Kim").exception, ConsentError)
    spec = "G. Doe:mother:video_call:agent-7"
    assert says(call, store, "text", "given", "--guardian", spec, person="Kim").exit_code == 0
    assert isinstance(says(call, store, "text", "given", "--guardian", "G. Doe", person="Kim").exception, UsageError)


def test_nobody_is_asked_what_the_law_refuses(call: Path, store: str) -> None:
    refused = run("consent", "notice", "--deployment", str(call), "--person", "Ben", "--modality", "face")
    assert isinstance(refused.exception, RefusedError)
    assert refused.exception.exit_code == 3


def test_a_person_sees_takes_disputes_stops_and_goes(call: Path, store: str, tmp_path: Path) -> None:
    says(call, store, "face")
    says(call, store, "voice")
    kept = reading(store)
    subject = ("--store", store, "--person", "crm-17")
    seen = json.loads(run("subject", "see", *subject).stdout)
    assert [one["modality"] for one in seen["answers"]] == ["face", "voice"]
    assert {one["payload_id"] for one in seen["readings"] if one["context"] == "result"} == {kept}
    assert run("subject", "dispute", *subject, "--reading", kept, "--words", "I coughed.").exit_code == 0
    assert run("subject", "export", *subject, "--out", str(tmp_path / "ana")).exit_code == 0
    exported = json.loads((tmp_path / "ana/export.json").read_text(encoding="utf-8"))
    assert [one["data"]["words"] for one in exported["other"]] == ["I coughed."]
    assert "I coughed." in (tmp_path / "ana/index.html").read_text(encoding="utf-8")
    assert run("subject", "stop", *subject, "--modality", "voice").stdout.startswith("voice for support_qa: withdrawn")
    receipt = tmp_path / "deletion.json"
    assert run("subject", "delete", *subject, "--out", str(receipt), "--at-once").exit_code == 0
    assert verify_deletion(receipt.read_bytes()).statement["reason"] == "art17"
    assert (Path(store) / "log/checkpoint").exists()
    assert json.loads(run("subject", "see", *subject).stdout)["readings"] == []


def test_a_deletion_receipt_is_printed_again_with_what_has_happened_since(
    call: Path, store: str, tmp_path: Path
) -> None:
    says(call, store, "face")
    first = tmp_path / "first.json"
    assert run("subject", "delete", "--store", store, "--person", "crm-17", "--out", str(first)).exit_code == 0
    erasure = verify_deletion(first.read_bytes()).statement["erasure_id"]
    with open_tenant(Path(store)) as tenant:
        Eraser(tenant.log, tenant.vault, tenant.clock).finish(at_once=True)
    again = tmp_path / "new/again.json"
    words = ("subject", "receipt", "--store", store, "--erasure", str(erasure))
    assert run(*words, "--out", str(again)).exit_code == 0
    assert verify_deletion(again.read_bytes()).statement["keys"]["destroyed_at"] is not None
    assert verify_deletion(run(*words).stdout.encode()).statement["erasure_id"] == erasure


def test_an_id_that_nobody_has_is_said_and_never_passes_for_a_stop(call: Path, store: str, tmp_path: Path) -> None:
    says(call, store, "face")
    wrong = ("--store", store, "--person", "Ana")
    for words in (("consent", "show"), ("subject", "see"), ("subject", "export", "--out", str(tmp_path / "ana"))):
        told = run(*words, *wrong)
        assert told.exit_code == 0
        assert "nothing is kept here about 'Ana'. Check the id" in told.stderr
    assert isinstance(run("subject", "stop", *wrong).exception, NotFoundError)
    right = ("--store", store, "--person", "crm-17")
    assert run("consent", "show", *right).stderr == ""
    assert "withdrawn" in run("subject", "stop", *right).stdout
    assert "no yes stood" in run("subject", "stop", *right).stderr


def test_a_folder_is_not_opened_as_somebody_elses(call: Path, store: str) -> None:
    says(call, store, "face")
    for _ in range(2):  # the first attempt leaves nothing behind
        done = run("consent", "show", "--store", store, "--tenant", "acme")
        assert isinstance(done.exception, UsageError)
        assert "is the store of 'local', not of 'acme'" in str(done.exception)
    assert run("consent", "show", "--store", store, "--tenant", "local").exit_code == 0
    assert run("consent", "show", "--store", store).exit_code == 0


def test_where_everything_is_refused_the_rule_is_named(call: Path, store: str) -> None:
    call.write_text(CALL.replace("US-CA", "EU").replace("support_qa", "hiring"), encoding="utf-8")
    done = run("consent", "notice", "--deployment", str(call), "--person", "Ana")
    assert isinstance(done.exception, RefusedError)
    assert "refused by P01" in done.exception.problem


def test_nobody_is_erased_where_the_receipt_cannot_be_written(call: Path, store: str, tmp_path: Path) -> None:
    says(call, store, "face")
    (tmp_path / "file").write_text("", encoding="utf-8")
    out = str(tmp_path / "file" / "receipt.json")
    subject = ("--store", store, "--person", "crm-17")
    for words in (("erase", "--yes"), ("subject", "delete"), ("subject", "export")):
        done = run(*words, *subject, "--out", out)
        assert isinstance(done.exception, UsageError)
        assert "cannot be written" in done.exception.problem
    assert run("consent", "show", *subject).stdout


def test_what_is_due_goes_and_a_dry_run_only_says_so(call: Path, store: str) -> None:
    says(call, store, "face")
    reading(store)
    with open_tenant(Path(store)) as tenant, tenant.store.transaction() as tx:
        tenant.vault.seal(tx, "5" * 32, b"1", "odd", "c" * 32, 0)
    dry = run("retention", "run", "--store", store, "--dry-run")
    assert dry.stdout.startswith("would go: 1 readings")
    assert "1 payloads of kind odd have no day" in dry.stderr
    assert json.loads(run("retention", "run", "--store", store, "--json").stdout)["payloads"] == {"result": 1}
    assert run("retention", "run", "--store", store).stdout.startswith("deleted: 0 readings")
    assert run("retention", "end", "--store", store, "--purpose", "support_qa").exit_code == 0
    assert run("consent", "expire", "--store", store).stdout == "0 ended\n"


@pytest.mark.parametrize(
    "words",
    [
        ("consent", "show", "--store", "nowhere"),
        ("consent", "show", "--store", "postgresql://localhost/none"),
        ("consent", "receipt", "--store", "STORE", "--form", "jwt"),
        ("consent", "receipt", "--store", "STORE", "--person", "nobody", "--modality", "face"),
        ("consent", "receipt", "--store", "STORE"),
        ("retention", "end", "--store", "STORE", "--purpose", "fun"),
        ("consent", "notice", "--deployment", "CALL", "--person", "Eve"),
        ("consent", "notice", "--deployment", "CALL", "--person", "Ana", "--modality", "gait"),
        ("consent", "record", "--deployment", "CALL", "--store", "STORE", "--person", "Ana", "--modality", "face",
         "--answer", "maybe"),
    ],
)  # fmt: skip
def test_a_wrong_word_is_one_clear_line(words: tuple[str, ...], call: Path, store: str) -> None:
    says(call, store, "face")
    done = run(*(word.replace("CALL", str(call)).replace("STORE", store) for word in words))
    assert isinstance(done.exception, UsageError)
    assert done.exception.remedy


def test_a_deployment_without_terms_cannot_ask(call: Path) -> None:
    call.write_text(CALL.partition("[terms]")[0], encoding="utf-8")
    done = run("consent", "notice", "--deployment", str(call), "--person", "Ana")
    assert isinstance(done.exception, UsageError)
    assert "[terms]" in done.exception.problem
