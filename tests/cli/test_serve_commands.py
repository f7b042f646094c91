import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from countenance.cli import app
from countenance.contracts.errors import NotFoundError, UsageError
from countenance.server.keys import SHAPE

RUN = CliRunner()
PATIENCE_S = 120


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_configuration_is_shown_with_its_origins(here: Path) -> None:
    (here / "countenance.toml").write_text("[server]\nport = 9000\n[deployment]\njurisdictions = ['EU']\n")
    environ = {"COUNTENANCE__DATA__URL": "postgresql://app:hunter2@db/x"}
    shown = RUN.invoke(app, ["config", "show", "--origin"], env=environ)
    assert shown.exit_code == 0, shown.output
    assert "server.port = 9000    # countenance.toml" in shown.output
    assert 'deployment.jurisdictions = ["EU"]    # countenance.toml' in shown.output
    assert 'data.url = "***"    # COUNTENANCE__DATA__URL' in shown.output
    assert "# default" in shown.output
    assert "hunter2" not in shown.output
    plain = RUN.invoke(app, ["config", "show"], env=environ)
    assert "#" not in plain.output
    told = json.loads(RUN.invoke(app, ["config", "show", "--json", "--origin"]).output)
    assert told["server.port"] == {"value": 9000, "origin": "countenance.toml"}
    assert json.loads(RUN.invoke(app, ["config", "show", "--json"]).output)["server.port"] == 9000


def test_the_schema_of_the_configuration_is_printed() -> None:
    schema = json.loads(RUN.invoke(app, ["config", "schema"]).output)
    assert schema["properties"].keys() >= {"server", "data", "deployment", "tenant", "workers", "limits", "otel"}
    assert schema["additionalProperties"] is False


def test_a_key_is_made_listed_and_revoked() -> None:
    made = RUN.invoke(app, ["keys", "add", "--data", "d", "--label", "crm", "--position", "coach", "--days", "9"])
    text = made.stdout.strip()
    match = SHAPE.fullmatch(text)
    assert match is not None
    assert "It is not shown again" in made.stderr
    listed = RUN.invoke(app, ["keys", "list", "--data", "d"]).output
    assert match[1] in listed
    assert match[2] not in listed
    assert "  coach  valid  " in listed
    assert RUN.invoke(app, ["keys", "revoke", match[1], "--data", "d"]).output == f"{match[1]} is revoked\n"
    assert "  coach  revoked 20" in RUN.invoke(app, ["keys", "list", "--data", "d"]).output
    (row,) = json.loads(RUN.invoke(app, ["keys", "list", "--data", "d", "--json"]).output)
    assert (row["id"], row["valid"], row["scopes"][0]) == (match[1], False, "calls:read")
    again = RUN.invoke(app, ["keys", "revoke", match[1], "--data", "d"])
    assert isinstance(again.exception, NotFoundError)


def test_a_key_has_the_scopes_that_are_asked_for() -> None:
    RUN.invoke(app, ["keys", "add", "--data", "d", "--label", "a", "--scope", "calls:read", "--scope", "webhooks"])
    (row,) = json.loads(RUN.invoke(app, ["keys", "list", "--data", "d", "--json"]).output)
    assert row["scopes"] == ["calls:read", "webhooks"]


def test_with_several_tenants_a_key_names_its_own_and_metrics_are_asked_for(here: Path) -> None:
    (here / "countenance.toml").write_text("[tenant.one]\n[tenant.two]\n")
    unnamed = RUN.invoke(app, ["keys", "add", "--label", "a"])
    assert isinstance(unnamed.exception, UsageError)
    RUN.invoke(app, ["keys", "add", "--label", "a", "--tenant", "two"])
    (row,) = json.loads(RUN.invoke(app, ["keys", "list", "--json"]).output)
    assert row["tenant"] == "two"
    assert "operate" not in row["scopes"]


def test_the_doctor_finds_a_well_machine_well() -> None:
    found = RUN.invoke(app, ["doctor", "--data", "d", "--host", "::1", "--port", "0", "--json"])
    assert found.exit_code == 0, found.output
    assert "::1 port 0 is free" in found.output
    states = {one["name"]: one["state"] for one in json.loads(found.output)}
    for name in ("configuration", "python", "packages", "weights", "policy", "data", "clock", "port", "workers"):
        assert states[name] == "ok", name
    assert states["terms"] == "note"


def test_the_doctor_says_what_to_do(here: Path) -> None:
    (here / "file").write_text("")
    (here / "countenance.toml").write_text("[server]\nprot = 1\n")
    ill = RUN.invoke(app, ["doctor"])
    assert ill.exit_code == 1
    assert "fault  configuration: countenance.toml: unknown key 'prot'" in ill.output
    assert "Did you mean port?" in ill.output
    assert "ok     policy" in ill.output


@pytest.mark.slow
def test_the_whole_service_begins_on_defaults_answers_and_ends(here: Path) -> None:
    code = "from countenance.cli import main; main()"
    command = [sys.executable, "-c", code, "serve", "--data", "d", "--port", "0", "--workers", "1"]
    process = subprocess.Popen(
        command, cwd=here, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ}
    )
    try:
        assert process.stdout is not None
        url = process.stdout.readline().split()[-1]
        key = process.stdout.readline().split()[-1]
        ready = httpx.get(f"{url}/readyz")
        assert ready.json()["status"] == "ok", ready.text
        begun = httpx.post(f"{url}/v1/calls", json={}, headers={"Authorization": f"Bearer {key}"})
        assert begun.status_code == 201, begun.text
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=PATIENCE_S)
    finally:
        process.kill()
        process.communicate()
    assert process.returncode == 0, err
    assert "Traceback" not in err
    assert json.loads(err.splitlines()[0])["event"] == "serving"
