"""`audit verify`, `prove`, `export`, `fsck` and `witness`, as an operator or a participant meets them."""

import base64
import json
import subprocess
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from bench.audit.synthetic import KEY, Export, drafts, entries
from typer.testing import CliRunner, Result

from countenance.audit.checkpoint import Checkpoint, sign_checkpoint
from countenance.audit.cosignature import cosignatures
from countenance.audit.folder import LogFolder
from countenance.audit.merkle import inclusion
from countenance.audit.note import COSIGNATURE, SigningKey, parse_note
from countenance.audit.proof import Proof
from countenance.audit.quorum import parse_policy
from countenance.audit.tiles import TileHashes
from countenance.audit.witness_http import cosigned
from countenance.cli import app
from countenance.contracts.errors import AuditError, UsageError
from countenance.control.opening import open_tenant

LEAVES = entries(600)


def run(*words: object) -> Result:
    return CliRunner().invoke(app, ["audit", *map(str, words)])


def refused(result: Result) -> str:
    assert isinstance(result.exception, AuditError | UsageError), result.output
    return str(result.exception)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    Export(LEAVES).write(tmp_path / "log")
    return tmp_path / "log"


def test_a_whole_log_verifies_and_says_whom_it_trusts(log: Path) -> None:
    done = run("verify", log, "--completeness")
    assert done.exit_code == 0, done.output
    assert "600 entries of log.example/local, signed, whole and in order, every result has its lease" in done.output
    assert "the key that came with it" in done.output
    assert "Trusted: the key given" in run("verify", log, "--key", KEY.verifier).output
    assert "Trusted: the key given" in run("verify", log.parent, "--key", log / "log.vkey").output


def test_a_changed_entry_is_named(log: Path) -> None:
    path = log / "tile/entries/001"
    path.write_bytes(path.read_bytes().replace(b'"face":7', b'"face":8', 1))
    done = run("verify", log)
    assert "entry 256: the entry is not the one that was signed" in done.stderr
    assert "1 findings, the first at entry 256" in refused(done)
    told = json.loads(run("verify", log, "--json").stdout)
    assert (told["first_bad"], told["size"]) == (256, 600)


def test_a_left_over_tile_that_disagrees_is_named(log: Path) -> None:
    (log / "tile/0/002.p").mkdir(exist_ok=True)
    (log / "tile/0/002.p/7").write_bytes(b"x" * 7 * 32)
    done = run("verify", log)
    assert "tile/0/002.p/7 is left over" in done.stderr
    assert "1 findings" in refused(done)


def test_what_was_kept_from_before_is_compared(log: Path, tmp_path: Path) -> None:
    old = Export(LEAVES[:300])
    old.write(tmp_path / "old")
    proof = Proof(9, inclusion(TileHashes(old.fetch, 300), 9, 300), old.files["checkpoint"])
    (tmp_path / "entry.tlog-proof").write_bytes(proof.data)
    (tmp_path / "receipt.json").write_text(json.dumps({"proof": proof.data.decode()}))
    kept = [tmp_path / "old/checkpoint", tmp_path / "entry.tlog-proof", tmp_path / "receipt.json", tmp_path / "old"]
    flags = [word for path in kept for word in ("--checkpoint", path)]
    assert run("verify", log, *flags).exit_code == 0
    Export(entries(600, "b")).write(log)
    for path in kept:
        assert "first at entry 0" in refused(run("verify", log, "--checkpoint", path))
    assert "two folders" in refused(run("verify", log, *flags, "--checkpoint", log))
    assert "cannot be read" in refused(run("verify", log, "--checkpoint", tmp_path / "gone"))


def test_a_policy_decides_what_counts(log: Path, tmp_path: Path) -> None:
    policy = tmp_path / "policy"
    policy.write_text(f"log {KEY.verifier}\nquorum none\n")
    assert f"Trusted: the policy {policy}" in run("verify", log, "--policy", policy).output
    assert "both --policy and --key" in refused(run("verify", log, "--policy", policy, "--key", "x"))
    stranger = SigningKey("log.example/other", b"x" * 32).verifier
    assert "trusted is log.example/other" in refused(run("verify", log, "--key", stranger))


def test_a_folder_without_a_log_is_said_to_be_one(tmp_path: Path) -> None:
    assert "no exported log" in refused(run("verify", tmp_path))


def test_a_proof_is_made_and_holds(log: Path, tmp_path: Path) -> None:
    out = tmp_path / "entry.tlog-proof"
    assert "600 entries" in run("prove", log, 17, "--out", out).stderr
    assert run("prove", log, 17).stdout == out.read_text()
    done = run("verify", out, "--key", KEY.verifier)
    assert "holds. Entry 17" in done.output
    assert "brings no key" in refused(run("verify", out))
    assert "not in a tree of 600" in refused(run("prove", log, 600))
    out.write_bytes(out.read_bytes().replace(b"index 17", b"index 18"))
    assert "entry 18" in refused(run("verify", out, "--key", KEY.verifier))


def test_a_receipt_holds_with_its_own_key(log: Path, tmp_path: Path) -> None:
    seq = next(seq for seq, (kind, _) in enumerate(drafts("a")) if kind == "LEASE")
    proof = Proof(seq, inclusion(TileHashes(LogFolder(log).fetch, 600), seq, 600), (log / "checkpoint").read_bytes())
    receipt = {"leaf": base64.b64encode(LEAVES[seq]).decode(), "proof": proof.data.decode()}
    path = tmp_path / "receipt.json"
    path.write_text(json.dumps(receipt | {"log": {"vkey": str(KEY.verifier)}}))
    assert f"holds. Entry {seq} (LEASE" in run("verify", path).output
    path.write_text(json.dumps(receipt | {"log": {"vkey": str(KEY.verifier)}, "schema": "countenance.deletion.v1"}))
    assert "deletion receipt" in refused(run("verify", path))
    path.write_text(json.dumps([receipt]))
    assert "lacks its leaf" in refused(run("verify", path))
    for text, problem in (("{", "not JSON"), (" {}x", "not JSON")):
        path.write_text(text)
        assert problem in refused(run("verify", log, "--checkpoint", path))


def test_a_receipt_of_an_answer_must_say_what_the_log_says(log: Path, tmp_path: Path) -> None:
    seq = next(seq for seq, (kind, _) in enumerate(drafts("a")) if kind == "CONSENT")
    proof = Proof(seq, inclusion(TileHashes(LogFolder(log).fetch, 600), seq, 600), (log / "checkpoint").read_bytes())
    path = tmp_path / "receipt.json"
    leaf = base64.b64encode(LEAVES[seq]).decode()
    path.write_text(json.dumps({"leaf": leaf, "proof": proof.data.decode(), "log": {"vkey": str(KEY.verifier)}}))
    result = run("verify", path)
    assert "the receipt has no `" in str(result.exception)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    with open_tenant(tmp_path / "data") as tenant:
        tenant.log.append_all([draft for draft, _ in zip(drafts("a"), range(300), strict=False)])
    return tmp_path / "data"


def test_a_store_is_exported_and_checked(store: Path) -> None:
    assert "300 entries, tiles and root agree." in run("fsck", "--store", store, "--completeness").output
    assert "300 entries of countenance/local/" in run("export", "--store", store).output
    assert run("verify", store, "--completeness").exit_code == 0
    assert "it continues the export in" in run("fsck", "--store", store).output
    assert "no folder for its log" in refused(run("export", "--store", "postgresql://x/y"))


def test_an_export_that_too_few_witnesses_saw_is_written_and_fails(store: Path, tmp_path: Path) -> None:
    witness = SigningKey("witness.example/w1", b"w" * 32, COSIGNATURE).verifier
    policy = tmp_path / "trust.policy"
    words = ("export", "--store", store, "--policy", policy)
    policy.write_text(f"log {KEY.verifier}\nwitness w1 {witness} http://127.0.0.1:1\nquorum w1\n")
    done = run(*words)
    assert "the quorum 'w1' is not met: cosigned by nobody" in refused(done)
    assert "the witness w1 cannot be reached" in done.stderr
    assert run("verify", store).exit_code == 0
    policy.write_text(policy.read_text().replace("quorum w1", "quorum none"))
    assert run(*words).exit_code == 0


def test_a_served_log_is_checked_with_a_key_from_elsewhere(log: Path) -> None:
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(log))) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        done = run("verify", "--url", url, "--key", log / "log.vkey", "--completeness")
        assert f"{url}: " in done.output
        assert "Trusted: the key given." in done.output
        assert "needs a key from elsewhere" in refused(run("verify", "--url", url))
        assert "not both" in refused(run("verify", log, "--url", url))
        assert "not both" in refused(run("verify"))
        (log / "tile/entries/000").unlink()
        assert "entry 0" in run("verify", "--url", url, "--key", log / "log.vkey").stderr
        server.shutdown()


def test_a_store_that_was_edited_fails_the_check(store: Path) -> None:
    import sqlite3

    with sqlite3.connect(store / "store.sqlite") as database:
        database.execute(
            "UPDATE entries SET leaf = CAST(replace(leaf, 'eu.explicit', 'us.explicit') AS BLOB) WHERE seq = 3"
        )
    database.close()
    done = run("fsck", "--store", store)
    assert "entry 3: the entry is not the one that was signed" in done.stderr
    assert "never delete what is wrong" in refused(done)


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        ("UPDATE entries SET kind = 'CONFIG' WHERE seq = 3", "entry 3: its row names another kind or call"),
        ("UPDATE entries SET call_ref = NULL WHERE seq = 299", "entry 299: its row names another kind or call"),
        (
            "UPDATE call_entries SET call_ref = 'b' WHERE seq = 4",
            "entry 4: it is filed under a call that is not its own",
        ),
        ("DELETE FROM call_entries WHERE seq = 5", "entry 5: it is not filed under its call"),
        ("UPDATE entries SET leaf = x'5b5d' WHERE seq = 6", "entry 6: the entry is not the one that was signed"),
    ],
)
def test_entries_that_would_not_be_found_any_more_fail_the_check(store: Path, edit: str, said: str) -> None:
    import sqlite3

    with sqlite3.connect(store / "store.sqlite") as database:
        assert database.execute(edit).rowcount == 1
    database.close()
    done = run("fsck", "--store", store)
    assert said in done.stderr
    assert "findings, the first at entry" in refused(done)


def test_a_witness_is_another_process_that_cosigns(log: Path, tmp_path: Path) -> None:
    serve = ["audit", "witness", "--folder", str(tmp_path / "w"), "--log", str(log / "log.vkey"), "--port", "0"]
    code = "import sys; from countenance.cli import main; main()"
    shown = run(*serve[1:], "--show-key").stdout.strip()
    with subprocess.Popen([sys.executable, "-c", code, *serve], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        policy = parse_policy(f"log {KEY.verifier}\n{line.replace('witness.local/w1 ', 'w1 ', 1)}quorum w1\n".encode())
        export = Export(LEAVES)
        note = cosigned(parse_note(export.files["checkpoint"]), policy.witnesses[0], lambda _: ())
        old = Export(LEAVES[:300])
        old.write(tmp_path / "old")
        words = ("--policy", tmp_path / "asked", "--ask")
        (tmp_path / "asked").write_text(
            f"log {KEY.verifier}\n{line.replace('witness.local/w1 ', 'w1 ', 1)}quorum none\n"
        )
        newest = run("verify", log, *words)
        stale = refused(run("verify", tmp_path / "old", *words))
        process.terminate()  # a test run in the background inherits a deaf ear for Ctrl-C
    assert newest.exit_code == 0
    assert "holds another history of 600 entries, this log has 300" in stale
    assert str(policy.witnesses[0].key) == shown
    assert list(cosignatures(note, [policy.witnesses[0].key]))
    (log / "checkpoint").write_bytes(note.data)
    (tmp_path / "policy").write_text(f"log {KEY.verifier}\n{line.replace('witness.local/w1 ', 'w1 ', 1)}quorum w1\n")
    assert run("verify", log, "--policy", tmp_path / "policy").exit_code == 0
    bare = sign_checkpoint(Checkpoint(KEY.name, 600, export.point.root), KEY)
    (log / "checkpoint").write_bytes(bare.data)
    assert "quorum 'w1' is not met" in refused(run("verify", log, "--policy", tmp_path / "policy"))
