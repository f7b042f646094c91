"""`policy explain` and `policy check`, as an operator meets them."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from countenance.cli import app
from countenance.contracts.errors import UsageError

ASK = ("policy", "explain", "--purpose", "sales_coaching", "--role", "customer", "--jurisdiction", "EU")


def run(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


def test_a_refusal_exits_3_and_says_what_may_be_read_instead() -> None:
    done = run(*ASK, "--modality", "face", "--on", "2027-12-03")
    assert done.exit_code == 3
    assert done.stdout.splitlines()[0].startswith(
        "refused: face of the customer for sales_coaching in EU on 2027-12-03"
    )
    assert done.stdout.splitlines()[-1] == "what may be read instead: text, telemetry"


def test_what_is_refused_of_one_person_may_be_left_for_a_group_and_is_named() -> None:
    agent = ("policy", "explain", "--purpose", "support_qa", "--role", "agent", "--jurisdiction", "EU")
    done = run(*agent, "--modality", "face")
    assert done.exit_code == 3
    assert done.stdout.splitlines()[-2:] == [
        "what may be read instead: nothing",
        "only in groups of at least 10: text, telemetry",
    ]
    told = json.loads(run(*agent, "--modality", "face", "--json").stdout)
    assert {m: one["duties"]["aggregate_k"] for m, one in told["in_groups"].items()} == {"text": 10, "telemetry": 10}
    grouped = run(*agent, "--modality", "text", "--consequence", "aggregate_only")
    assert grouped.exit_code == 0
    barred = run(*agent, "--modality", "face", "--consequence", "aggregate_only", "--json")
    assert barred.exit_code == 3
    assert json.loads(barred.stdout)["in_groups"] == {}, "what is asked of a group is not told of one again"


def test_stating_the_facts_can_turn_it_into_a_permission() -> None:
    facts = ("--fact", "b2b=no", "--fact", "minor=adult", "--fact", "relation=other_organisation")
    done = run(*ASK, "--modality", "face", *facts, "--json")
    assert done.exit_code == 0
    told = json.loads(done.stdout)
    assert told["allowed"]
    assert told["case"]["facts"] == {"b2b": "no", "minor": "adult", "relation": "other_organisation"}
    assert next(v["rule"] for v in told["verdicts"] if v["layer"] == "law") == "A01"
    assert told["duties"]["human_role"] == "coach"
    assert set(told["remains"]) == {"voice", "text", "telemetry"}


def test_a_refusal_as_json_has_no_duties_and_exits_3() -> None:
    done = run("policy", "explain", "--purpose", "hiring", "--role", "candidate", "--modality", "voice", "--json")
    assert done.exit_code == 3
    told = json.loads(done.stdout)
    assert told["duties"] is None
    assert told["remains"] == {}


@pytest.mark.parametrize(
    ("wrong", "nearest"),
    [(("--modality", "fase"), "face"), (("--modality", "face", "--role", "custmer"), "customer")],
)
def test_a_word_that_does_not_exist_is_never_an_answer(wrong: tuple[str, ...], nearest: str) -> None:
    done = run(*ASK, *wrong)
    assert isinstance(done.exception, UsageError)
    assert f"Did you mean {nearest}?" in str(done.exception)


def test_a_fact_that_is_no_pair_is_a_usage_error() -> None:
    done = run(*ASK, "--modality", "face", "--fact", "adult")
    assert isinstance(done.exception, UsageError)
    assert "--fact minor=adult" in str(done.exception)


DEPLOYMENT = """
purpose = "support_qa"
jurisdictions = ["US-IL"]
facts = {{ minor = "adult" }}

[[participant]]
name = "Ana"
role = "customer"
consent = {consent}
consent_kind = "{kind}"

[[participant]]
name = "Ben"
role = "agent"
"""


@pytest.mark.parametrize(
    ("consent", "kind", "code", "words"),
    [
        ('["face", "text"]', "written_release", 0, "Ana (customer): face: allowed, consent: written_release"),
        ('["face"]', "explicit", 3, "the consent you hold is explicit, which is not enough"),
        ("[]", "explicit", 0, "Ben (agent): face: refused by P07"),
    ],
)
def test_a_deployment_is_checked_person_by_person(
    tmp_path: Path, consent: str, kind: str, code: int, words: str
) -> None:
    path = tmp_path / "call.toml"
    path.write_text(DEPLOYMENT.format(consent=consent, kind=kind), encoding="utf-8")
    done = run("policy", "check", str(path))
    assert (done.exit_code, words in done.stdout) == (code, True), done.stdout


def test_a_consent_of_somebody_who_may_not_be_read_is_pointed_out(tmp_path: Path) -> None:
    path = tmp_path / "call.toml"
    text = DEPLOYMENT.format(consent="[]", kind="explicit") + 'consent = ["voice"]\n'
    path.write_text(text, encoding="utf-8")
    done = run("policy", "check", str(path), "--json", "--on", "2026-11-22")
    assert done.exit_code == 3
    assert "lets" not in done.stderr
    assert "a consent is listed" in done.stderr
    rows = {(row["who"], row["modality"]): row["allowed"] for row in json.loads(done.stdout)}
    assert rows["Ben (agent)", "voice"] is False
    assert rows["Ben (agent)", "telemetry"] is True


def test_where_nothing_may_be_read_of_anybody_the_check_fails(tmp_path: Path) -> None:
    path = tmp_path / "call.toml"
    path.write_text('purpose = "hiring"\n[[participant]]\nname = "Cy"\nrole = "candidate"\n', encoding="utf-8")
    done = run("policy", "check", str(path))
    assert done.exit_code == 3
    assert "nothing may be read of anybody" in done.stderr


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ('facts = { minr = "adult" }', "unknown fact 'minr'. Did you mean minor?"),
        ('facts = { minor = "adut" }', "unknown fact minor = 'adut'. Did you mean adult?"),
        ('consent_kind = "explict"', "consent_kind"),
    ],
)
def test_a_word_in_a_deployment_that_no_law_knows_is_named(tmp_path: Path, line: str, problem: str) -> None:
    path = tmp_path / "call.toml"
    text = 'purpose = "support_qa"\n[[participant]]\nname = "Ana"\nrole = "customer"\nconsent = ["text"]\n'
    path.write_text(f"{text}{line}\n", encoding="utf-8")
    done = run("policy", "check", str(path))
    assert isinstance(done.exception, UsageError)
    assert problem in str(done.exception)


def test_an_overlay_of_a_deployment_file_lies_beside_it(tmp_path: Path) -> None:
    (tmp_path / "house.toml").write_text(
        '[law]\nid = "h"\nname = "House"\nlayer = "deployer"\nsource = "DPO"\ncertainty = "read"\n'
        'checked_on = 2026-11-01\n[[rule]]\nid = "H-1"\neffect = "deny"\nreason = "no faces here"\n'
        'citation = "House 1"\nwhen = { modality = ["biometric"] }\nexample = [ { speaks = true, ruling = "deny", '
        'purpose = "support_qa", role = "customer", modality = "face", output = "engagement", '
        'consequence = "individual", jurisdictions = ["US-IL"], on = 2026-11-22 } ]\n',
        encoding="utf-8",
    )
    path = tmp_path / "call.toml"
    text = DEPLOYMENT.format(consent='["text"]', kind="written_release")
    path.write_text('overlays = ["house.toml"]\n' + text, encoding="utf-8")
    done = run("policy", "check", str(path))
    assert done.exit_code == 0
    assert "Ana (customer): face: refused by H-1 [House 1]" in done.stdout


def test_what_is_known_of_one_person_goes_before_what_is_known_of_all(tmp_path: Path) -> None:
    path = tmp_path / "call.toml"
    text = DEPLOYMENT.format(consent="[]", kind="explicit")
    text += '\n[[participant]]\nname = "Cy"\nrole = "customer"\nfacts = { minor = "under_13" }\n'
    path.write_text(text, encoding="utf-8")
    done = run("policy", "check", str(path))
    assert "Ana (customer): face: allowed" in done.stdout
    assert "Cy (customer): face: refused by P05K" in done.stdout


def test_a_configuration_is_checked_role_by_role(tmp_path: Path) -> None:
    path = tmp_path / "countenance.toml"
    path.write_text(
        '[tenant.one]\npurpose = "focus_group"\njurisdictions = ["US-CA"]\n[tenant.two]\n', encoding="utf-8"
    )
    done = run("policy", "check", str(path), "--on", "2026-11-23")
    assert done.exit_code == 3
    assert done.stderr == "countenance: nothing may be read of anybody by two\n"
    panel = done.stdout.partition("[tenant.one]")[2].partition("[tenant.two]")[0]
    assert "customer, prospect, panel member:\n  face, voice: after an express yes in writing" in panel
    assert "only as a group of 10 or more" in panel
    rows = json.loads(run("policy", "check", str(path), "--json").stdout)
    assert {row["tenant"] for row in rows} == {"one", "two"}
    assert all(row["verdicts"] for row in rows)
