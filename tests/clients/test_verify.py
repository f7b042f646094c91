"""The second verifier passes its own tests, reads what the product writes, and agrees with the first."""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from bench.audit.agreement import compare, meddle
from bench.faults.people import House
from tests.clients.second_verifier import CLIENT, ROOT, node, verified
from tests.control.desks import Desk

from countenance.audit.entries import FIELDS, KINDS
from countenance.audit.export import export
from countenance.contracts.trust import ConsentStatus
from countenance.control.retention import Retention


@pytest.mark.slow
def test_its_own_tests_pass() -> None:
    files = sorted((CLIENT / "test").glob("*.test.mjs"))
    done = subprocess.run([node(), "--test", *files], cwd=CLIENT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert int(re.findall(r"^# pass (\d+)$", done.stdout, flags=re.MULTILINE)[0]) >= 45


def test_its_types_hold() -> None:
    run_tool("typescript/bin/tsc", "--project", "jsconfig.json")


def test_its_source_is_formatted() -> None:
    run_tool("prettier/bin/prettier.cjs", "--check", *(f"{folder}/*.mjs" for folder in ("bin", "page", "src", "test")))


def run_tool(tool: str, *args: str) -> None:
    path = CLIENT / "node_modules" / tool
    if not path.is_file():
        pytest.skip(f"{tool.split('/')[0]} is not installed: run `npm ci` in clients/verify")
    done = subprocess.run([node(), str(path), *args], cwd=CLIENT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_it_shares_the_contract_and_no_code() -> None:
    text = (CLIENT / "src/vocabulary.mjs").read_text(encoding="utf-8")
    for name, known in (("KINDS", KINDS), ("FIELDS", FIELDS)):
        (listed,) = re.findall(rf"export const {name} = words\(`(.*?)`\)", text, flags=re.DOTALL)
        assert set(listed.split()) == set(known)
    assert json.loads((CLIENT / "package.json").read_text(encoding="utf-8")).get("dependencies") is None


def test_its_files_and_functions_stay_small() -> None:
    for path in [*CLIENT.glob("src/*.mjs"), *CLIENT.glob("page/*.mjs"), *CLIENT.glob("bin/*.mjs")]:
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 230, path


def test_both_agree_on_random_trees_and_on_what_is_made_of_their_proofs() -> None:
    node()
    seen = compare(40, 600, seed=11)
    assert (seen["roots"], seen["proofs"], seen["refused"]) == (40, 160, 0)
    assert (seen["both"], seen["apart"], seen["neither"]) == (600, 0, 0)
    assert seen["same"] == seen["harmless"]


@pytest.fixture(name="desk")
def opened(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path / "desk")
    yield desk
    desk.store.close()


def test_it_reads_the_receipts_that_the_product_gives(desk: Desk, tmp_path: Path) -> None:
    given = desk.says("Ana M\u00fcller \u2013 \u8a9e", "face", place="US-IL")
    refused = desk.says("Ben", "voice", ConsentStatus.REFUSED)
    kept = tmp_path / "receipt.json"
    for name in (given, refused):
        receipt = desk.receipts.receipt(name)
        kept.write_text(json.dumps(receipt), encoding="utf-8")
        answer = verified(kept, "--key", str(desk.log.key.verifier))
        assert (answer["type"], answer["entries"]) == ("consent", [receipt["audit"]["seq"]])
        kept.write_text(json.dumps({**receipt, "participant_id": "Someone Else"}), encoding="utf-8")
        assert "altered" in verified(kept)["reason"]
    export(desk.log, tmp_path / "log")
    receipt = desk.receipts.receipt(given)
    kept.write_text(json.dumps(receipt), encoding="utf-8")
    desk.says("Cem", "text")
    export(desk.log, tmp_path / "log")
    whole = verified(tmp_path / "log", "--remember", kept)
    assert (whole["ok"], whole["size"] > whole["continues"][0]) == (True, True)


def test_it_reads_a_deletion_and_the_log_after_it(tmp_path: Path) -> None:
    with House(tmp_path) as house:
        ann, bob = house.call("call-1", {"p-ann": "ann", "p-bob": "bob"})
        for n in range(200):
            house.read(ann if n % 2 else bob, b"reading %d" % n)
        receipt = house.eraser.erase("ann", "request", "subject", at_once=True)
        export(house.log, tmp_path / "log")
    kept = tmp_path / "deletion-receipt.json"
    kept.write_bytes(receipt)
    answer = verified(kept)
    assert answer["type"] == "deletion"
    assert answer["entries"] == answer["statement"]["entries"]
    whole = verified(tmp_path / "log", "--remember", kept, "--no-completeness")
    assert (whole["ok"], sorted(whole["erased"].values())) == (True, answer["entries"])
    changed = receipt.replace(b'"reason": "request"', b'"reason": "retract"')
    assert changed != receipt
    kept.write_bytes(changed)
    assert verified(kept)["ok"] is False


def test_a_log_whose_oldest_entries_are_past_their_time_still_holds(desk: Desk, tmp_path: Path) -> None:
    for n in range(300):
        desk.says(f"person {n}", "text", ConsentStatus.REFUSED)
    export(desk.log, tmp_path / "log")
    before = tmp_path / "kept.checkpoint"
    before.write_bytes((tmp_path / "log/checkpoint").read_bytes())
    desk.pass_(days=400)
    Retention(desk.log, desk.vault, desk.clock).run()
    export(desk.log, tmp_path / "log")
    assert not (tmp_path / "log/tile/entries/000").exists()
    answer = verified(tmp_path / "log", "--remember", before)
    assert (answer["ok"], answer["kept"], answer["continues"]) == (True, 256, [300])


def test_both_name_the_same_first_bad_entry_of_a_log_that_says_something_wrong() -> None:
    node()
    seen = meddle(120, seed=9)
    assert seen["bad"] > 60
    assert (seen["agreed"], seen["honest"]) == (120, 1)


def test_a_command_shows_how_it_is_used() -> None:
    done = subprocess.run([node(), CLIENT / "bin/countenance-verify.mjs"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "--serve-stdin" in done.stderr
    assert (ROOT / "docs/verify.md").is_file()
