"""The evidence pack: whole, true to the configuration, open where only an operator can speak."""

import json
from dataclasses import replace
from datetime import date
from hashlib import sha256
from pathlib import Path

import pytest
from typer.testing import CliRunner

from countenance.cli import app
from countenance.contracts.errors import EvidenceError, UsageError
from countenance.deployment import Deployment, build_deployment
from countenance.evaluation.cards.document import TO_BE_FILLED
from countenance.evidence.compose import BLOCKS, FOR_PEOPLE
from countenance.evidence.kept import Answers, Decided, Kept, Shown
from countenance.evidence.pack import MANIFEST, write_pack
from countenance.evidence.plan import PAPERS, duties, fields, own_fields, paper
from countenance.evidence.standing import Standing, standing
from countenance.policy.gate import LEGAL_REVIEW, Gate
from countenance.policy.vocabulary import IN_WRITING

TODAY = date(2026, 11, 22)
KEPT = Kept(
    tenant="local",
    origin="countenance/local/5a",
    size=1234,
    root="ab" * 32,
    checkpoint="countenance/local/5a\n1234\n",
    first="2026-11-01T00:00:00Z",
    last="2026-11-22T00:00:00Z",
    kinds={"CONSENT": 4, "LEASE": 600, "ERASURE": 1},
    findings=(),
    answers=(Answers("face", "support_qa", "given", 3),),
    shown=(Shown("call.v1", "de", 3),),
    decided=(Decided("support_qa", "customer", "face", "allow", ("A11",), 7),),
)


def deployed(**more: object) -> Deployment:
    people = [{"name": "Ana <b>", "role": "customer"}, {"name": "Ben", "role": "agent"}]
    return build_deployment(
        {"purpose": "support_qa", "jurisdictions": ["US-CA"], "participant": people, **more}, "made"
    )


@pytest.fixture(name="stood", scope="module")
def what_stands() -> Standing:
    return standing(deployed(), TODAY)


@pytest.fixture(name="pack", scope="module")
def written(stood: Standing, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_pack(replace(stood, kept=KEPT), {}, tmp_path_factory.mktemp("packs") / "pack").folder


def test_every_duty_of_every_law_is_explained_with_who_meets_it() -> None:
    named = {name for law in Gate.load().laws for rule in law.rules for name in rule.duties.names}
    assert named <= set(duties())
    assert set(duties()) - named == {LEGAL_REVIEW, IN_WRITING}, "these two the gate adds"
    assert [d.name for d in duties().values() if not (d.program or d.operator)] == []


def test_every_block_and_field_of_every_plan_is_known_and_used() -> None:
    parts = [part for name in PAPERS for section in paper(name).section for part in section.part]
    assert {part.block for part in parts if part.block} == {*BLOCKS, *FOR_PEOPLE}
    asked = {key for part in parts for key in part.fields}
    assert asked <= set(fields())
    assert {field.key for field in own_fields()} <= asked


def test_the_pack_holds_every_paper_as_page_and_text_and_a_hash_of_each_file(pack: Path) -> None:
    told = json.loads((pack / MANIFEST).read_text())
    files = {str(path.relative_to(pack)) for path in pack.rglob("*") if path.is_file()}
    assert files - {MANIFEST} == set(told["sha256"])
    for name, digest in told["sha256"].items():
        assert sha256((pack / name).read_bytes()).hexdigest() == digest
    for name in PAPERS:
        assert {f"{paper(name).file}.html", f"{paper(name).file}.md"} <= files
    assert {"models/text-emotion.v1.md", "notices/p_1-customer.de.txt", "checkpoint"} <= files
    assert told["log"] == {"size": 1234, "root": "ab" * 32}


def test_names_of_people_stand_nowhere_in_it(pack: Path) -> None:
    for path in pack.rglob("*"):
        assert not path.is_file() or "Ana" not in path.read_text()


def test_refusals_and_their_citations_stand_in_the_assessment(pack: Path) -> None:
    text = (pack / "dpia.md").read_text()
    assert "| p_2 (agent) | face | refused | P07: " in text
    assert "| p_1 (customer) | face | read, with consent | A11: " in text


def test_what_only_an_operator_can_say_is_marked_and_listed(pack: Path) -> None:
    assert f"**{TO_BE_FILLED}** (`dpia.decision`" in (pack / "dpia.md").read_text()
    assert "`dpia.decision`" in (pack / "README.md").read_text()
    assert "dpia.decision" in json.loads((pack / MANIFEST).read_text())["open"]


def test_what_the_store_says_stands_in_numbers(pack: Path) -> None:
    assert "| face | support_qa | given | 3 |" in (pack / "consents.md").read_text()
    assert "| call.v1 | de | 3 |" in (pack / "consents.md").read_text().replace("\\_", "_")
    assert "| ERASURE | 1 |" in (pack / "audit.md").read_text()
    assert "every result has its lease" in (pack / "audit.md").read_text()
    assert "| A11 | 7 |" in (pack / "rulings.md").read_text()


def test_findings_of_the_verification_are_not_hidden(stood: Standing, tmp_path: Path) -> None:
    kept = replace(KEPT, findings=("entry 7: changed",), answers=(), shown=(), decided=(), kinds={})
    pack = write_pack(replace(stood, kept=kept), {}, tmp_path / "pack")
    text = (pack.folder / "audit.md").read_text()
    assert "1 findings" in text
    assert "entry 7: changed" in text
    assert "No answer was recorded yet" in (pack.folder / "consents.md").read_text()
    assert "was not asked yet" in (pack.folder / "rulings.md").read_text()


def test_without_a_store_it_says_so_and_claims_nothing(stood: Standing, tmp_path: Path) -> None:
    pack = write_pack(stood, {}, tmp_path / "pack")
    assert "No store was named" in (pack.folder / "audit.md").read_text()
    assert not (pack.folder / "checkpoint").exists()
    assert json.loads((pack.folder / MANIFEST).read_text())["log"] is None


def test_terms_of_the_deployment_answer_for_the_operator(tmp_path: Path) -> None:
    terms = {"controllers": ["Acme Ltd"], "contact": "privacy@acme.example", "storage_locations": ["Fresno"]}
    pack = write_pack(standing(deployed(terms=terms), TODAY), {}, tmp_path / "pack")
    assert "controller.name" not in pack.open
    assert "- **Controller**: Acme Ltd" in (pack.folder / "dpia.md").read_text()
    assert "Acme Ltd" in (pack.folder / "notices" / "p_1-customer.es.txt").read_text()


def test_strict_names_every_open_field_and_writes_nothing(stood: Standing, tmp_path: Path) -> None:
    with pytest.raises(EvidenceError, match=r"dpia\.decision"):
        write_pack(stood, {}, tmp_path / "pack", strict=True)
    assert not (tmp_path / "pack").exists()
    everything = dict.fromkeys(fields(), "said")
    assert write_pack(stood, everything, tmp_path / "pack", strict=True).open == ()
    assert "Nothing: every field is filled" in (tmp_path / "pack" / "index.html").read_text()


def test_a_folder_that_is_no_pack_is_left_alone_and_an_earlier_pack_is_replaced(
    stood: Standing, tmp_path: Path
) -> None:
    (tmp_path / "pack").mkdir()
    (tmp_path / "pack" / "mine.txt").write_text("mine")
    with pytest.raises(UsageError, match="no evidence pack"):
        write_pack(stood, {}, tmp_path / "pack")
    (tmp_path / "pack" / "mine.txt").rename(tmp_path / "pack" / MANIFEST)
    write_pack(stood, {}, tmp_path / "pack")
    assert json.loads((tmp_path / "pack" / MANIFEST).read_text())["schema"] == "countenance.evidence.v1"


def test_a_deployment_that_may_read_nothing_still_gets_its_papers(tmp_path: Path) -> None:
    asked = build_deployment({"purpose": "hiring", "participant": [{"name": "C", "role": "candidate"}]}, "made")
    pack = write_pack(standing(asked, TODAY), {}, tmp_path / "pack")
    text = (pack.folder / "dpia.md").read_text()
    assert "Nothing may be read in this deployment" in text
    assert "nothing may be read" in text
    assert not (pack.folder / "notices").exists()
    assert "No model is loaded" in (pack.folder / "index.html").read_text()


def test_the_command_writes_it_and_the_blank_file_serves_every_paper(tmp_path: Path) -> None:
    runner = CliRunner()
    blank = runner.invoke(app, ["evidence", "--operator-blank"]).stdout
    filled = "\n".join(
        line.removeprefix("# ").replace('""', '"said"') if line.endswith('= ""') else line
        for line in blank.splitlines()
    )
    (tmp_path / "operator.toml").write_text(filled)
    (tmp_path / "call.toml").write_text(
        'purpose = "support_qa"\njurisdictions = ["US-CA"]\n[[participant]]\nname = "Ana"\nrole = "customer"\n'
    )
    asked = ["evidence", "--deployment", str(tmp_path / "call.toml"), "--out", str(tmp_path / "pack")]
    done = runner.invoke(app, [*asked, "--operator", str(tmp_path / "operator.toml"), "--strict"])
    assert done.exit_code == 0, done.output
    assert (tmp_path / "pack" / "index.html").is_file()
    with pytest.raises(UsageError, match="no deployment"):
        runner.invoke(app, ["evidence"], catch_exceptions=False)
