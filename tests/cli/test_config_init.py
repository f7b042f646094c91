"""`countenance config init`: what it writes is accepted, says what follows, and never says more than was said."""

import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from countenance.cli import app
from countenance.cli.config_init import ABOUT
from countenance.contracts.errors import ConsentError, RefusedError, UsageError
from countenance.policy.vocabulary import FACTS
from countenance.server.configfile import load

WHO = ("--controller", "Example Ltd", "--contact", "privacy@example.org", "--storage", "Germany")
SUPPORT = ("--purpose", "support_qa", "--jurisdiction", "US-CA", *WHO)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*words: str, said: str | None = None) -> Result:
    return CliRunner().invoke(app, ["config", "init", *words], input=said)


def test_what_it_writes_is_a_configuration_that_policy_check_accepts(here: Path) -> None:
    done = run(*SUPPORT, "--recordings", "recordings")
    assert done.exit_code == 0, done.output
    assert "customer, prospect, panel member:\n  face, voice: after an express yes in writing" in done.output
    assert "people at work are not read" in done.output
    found = load(None, {}).config
    assert found.deployment.terms is not None
    assert found.deployment.terms.controllers == ("Example Ltd",)
    assert found.media.recordings == (Path("recordings"),)
    checked = CliRunner().invoke(app, ["policy", "check", "countenance.toml"])
    assert checked.exit_code == 0, checked.output
    assert checked.output.splitlines()[0] == "customer, prospect, panel member:"
    assert "# What stays with you:" in (here / "countenance.toml").read_text()


def test_only_what_was_said_is_written(here: Path) -> None:
    assert run(*SUPPORT).exit_code == 0
    written = tomllib.loads((here / "countenance.toml").read_text())
    assert written.keys() == {"deployment"}
    assert written["deployment"].keys() == {"purpose", "jurisdictions", "terms"}
    assert written["deployment"]["terms"].keys() == {"controllers", "contact", "storage_locations"}
    other = run("b.toml", *SUPPORT, "--fact", "minor=adult")
    assert other.exit_code == 0
    assert "countenance serve --config b.toml" in other.output
    assert tomllib.loads((here / "b.toml").read_text())["deployment"]["facts"] == {"minor": "adult"}


def test_nothing_that_is_there_is_replaced(here: Path) -> None:
    (here / "countenance.toml").write_text("# mine\n")
    assert isinstance(run(*SUPPORT).exception, UsageError)
    assert (here / "countenance.toml").read_text() == "# mine\n"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--purpose", "hiring", "--jurisdiction", "EU"), "refused by P01"),
        (("--purpose", "self_training", "--jurisdiction", "EU"), "--fact exception_approved=no|yes"),
        (("--purpose", "safety", "--jurisdiction", "US-CA"), "nothing may be read of anybody for safety"),
    ],
)
def test_where_nothing_may_be_read_nothing_is_written(here: Path, words: tuple[str, ...], says: str) -> None:
    done = run(*words, *WHO)
    assert isinstance(done.exception, RefusedError)
    assert says in str(done.exception)
    assert not (here / "countenance.toml").exists()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--purpose", "suport_qa"), "Did you mean support_qa?"),
        (("--purpose", "support_qa", "--jurisdiction", "US-AC"), "unknown jurisdiction 'US-AC'"),
        (("--purpose", "support_qa", "--fact", "minr=adult"), "Did you mean minor?"),
        (("--purpose", "support_qa", "--fact", "minor=adlt"), "Did you mean adult?"),
    ],
)
def test_an_unknown_word_names_the_nearest(words: tuple[str, ...], says: str) -> None:
    done = run(*words, *WHO, *(() if "--jurisdiction" in words else ("--jurisdiction", "EU")))
    assert isinstance(done.exception, UsageError)
    assert says in str(done.exception)


def test_illinois_is_asked_for_its_public_policy(here: Path) -> None:
    place = ("--purpose", "support_qa", "--jurisdiction", "US-IL", *WHO)
    lacking = run(*place)
    assert isinstance(lacking.exception, ConsentError)
    assert "retention_url" in str(lacking.exception)
    assert not (here / "countenance.toml").exists()
    assert run(*place, "--retention-url", "https://example.org/privacy/retention").exit_code == 0


def test_without_options_it_asks_and_unsaid_facts_stay_unsaid(here: Path) -> None:
    facts = "\n" * 4
    done = run(said=f"sales_coach\nsales_coaching\nEU, UX\nEU, UK\n{facts}Example Ltd\nprivacy@example.org\nGermany\n")
    assert done.exit_code == 0, done.output
    assert "hiring" not in done.output.splitlines()[0]
    assert "Did you mean sales_coaching?" in done.output
    assert "'UX' is not known here" in done.output
    assert "How old are the people who are read (minor)?" in done.output
    written = tomllib.loads((here / "countenance.toml").read_text())["deployment"]
    assert written["jurisdictions"] == ["EU", "UK"]
    assert "facts" not in written


def test_what_is_said_of_everybody_opens_what_it_opens_and_is_written(here: Path) -> None:
    shut = run(*("a.toml", "--purpose", "sales_coaching", "--jurisdiction", "EU", *WHO))
    facts = ("--fact", "b2b=no", "--fact", "minor=adult", "--fact", "relation=other_organisation")
    opened = run("b.toml", "--purpose", "sales_coaching", "--jurisdiction", "EU", *facts, *WHO)
    assert "customer, prospect, guest:\n  face, voice: after" in opened.output
    assert "customer, prospect, guest:\n  face, voice: after" not in shut.output


def test_every_fact_is_asked_about_in_words() -> None:
    assert ABOUT.keys() == FACTS.keys()


def test_what_is_typed_cannot_break_out_of_its_text(here: Path) -> None:
    name = 'A "quoted" \\ name\x7f\n[server]\nport = 1'
    assert run("--purpose", "support_qa", "--jurisdiction", "US-CA", "--controller", name, *WHO[2:]).exit_code == 0
    written = tomllib.loads((here / "countenance.toml").read_text())
    assert written["deployment"]["terms"]["controllers"] == [name]
    assert "server" not in written


def test_the_papers_can_be_had_of_what_it_wrote(here: Path) -> None:
    assert "countenance evidence --deployment countenance.toml" in run(*SUPPORT).output
    done = CliRunner().invoke(app, ["evidence", "--deployment", "countenance.toml"])
    assert done.exit_code == 0, done.output
    ruled = (here / "pack" / "rulings.jsonl").read_text(encoding="utf-8")
    assert '"role": "customer"' in ruled
    (here / "two.toml").write_text("[tenant.one]\n[tenant.two]\n")
    unsaid = CliRunner().invoke(app, ["evidence", "--deployment", "two.toml"])
    assert isinstance(unsaid.exception, UsageError)
    assert "Give --tenant" in str(unsaid.exception)
