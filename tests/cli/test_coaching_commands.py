"""`countenance coaching`: a playbook and its examples, and the figures of a running service."""

import json
from pathlib import Path

import pytest
from tests.server.api.scene import Scene
from tests.server.api.served import serving
from typer.testing import CliRunner

from countenance.cli import app
from countenance.coaching.playbook import shipped
from countenance.contracts.errors import UsageError
from countenance.control.plane import Control
from countenance.storage import coached
from countenance.storage.coached import PromptFact

RUNNER = CliRunner()


def test_a_playbook_is_shown_and_its_examples_run() -> None:
    done = RUNNER.invoke(app, ["coaching", "check", "sales", "--language", "fr"])
    assert done.exit_code == 0
    assert "essayez une question ouverte" in done.stdout
    assert done.stdout.splitlines()[-1].endswith("examples hold")


def test_a_playbook_that_does_not_hold_ends_with_1(tmp_path: Path) -> None:
    whole = shipped()["sales.v1"].read_text(encoding="utf-8")
    (tmp_path / "own.toml").write_text(whole.replace("at_most = 0.45", "at_most = 0.2", 1), encoding="utf-8")
    done = RUNNER.invoke(app, ["coaching", "check", str(tmp_path / "own.toml")])
    assert done.exit_code == 1
    assert "engagement_fell: expected to speak" in done.stderr
    assert isinstance(RUNNER.invoke(app, ["coaching", "check", "sales", "--language", "it"]).exception, UsageError)


def counted(control: Control, prompts: int) -> None:
    with control.tenant.store.transaction() as tx:
        for n in range(prompts):
            outcome = "accepted" if n % 2 else "expired"
            day = control.suggestions.day()
            fact = PromptFact(day, "sales.v1", "long_turn", "shown", outcome, 1, n % 2, 5_000_000, 1, 90_000)
            coached.put_prompt(tx, fact, "2020-01-01")


@pytest.mark.parametrize(("prompts", "said"), [(3, "not enough data (n = 3)"), (20, "0.50 (0.30 to 0.70), n = 20")])
def test_figures_have_their_interval_or_the_words_that_there_is_too_little(
    tmp_path: Path, prompts: int, said: str
) -> None:
    scene = Scene(tmp_path)
    counted(scene.one.control, prompts)
    key = scene.key()["Authorization"].removeprefix("Bearer ")
    with serving(scene.app) as url:
        env = {"COUNTENANCE_KEY": key, "COUNTENANCE_URL": url}
        done = RUNNER.invoke(app, ["coaching", "kpis", "--days", "2"], env=env)
        plain = RUNNER.invoke(app, ["coaching", "kpis", "--playbook", "sales.v1", "--json"], env=env)
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith(f"since 2026-11-22: {prompts} prompts shown, 0 held back\n")
    assert said in next(line for line in done.stdout.splitlines() if line.startswith("acceptance"))
    assert "shown less held back" in done.stdout
    assert json.loads(plain.stdout)["prompts"]["shown"] == prompts
