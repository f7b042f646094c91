"""`clients/web`: its tests pass, its types hold against the schema, and a wheel carries what it builds."""

import importlib
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.clients.second_verifier import ROOT, node

from countenance.surface import words

CLIENT = ROOT / "clients/web"


def run_tool(tool: str, *args: str) -> str:
    path = CLIENT / "node_modules" / tool
    if not path.is_file():
        pytest.skip(f"{tool.split('/')[0]} is not installed: run `npm ci` in clients/web")
    done = subprocess.run([node(), str(path), *args], cwd=CLIENT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(name="generated", scope="module")
def types_of_the_schema() -> None:
    if not (CLIENT / "node_modules/openapi-typescript").is_dir():
        pytest.skip("openapi-typescript is not installed: run `npm ci` in clients/web")
    subprocess.run([node(), "scripts/generate.mjs"], cwd=CLIENT, check=True)


@pytest.mark.usefixtures("generated")
def test_its_own_tests_pass() -> None:
    told = json.loads(run_tool("vitest/vitest.mjs", "run", "--reporter=json"))
    assert told["numPassedTests"] >= 33


@pytest.mark.usefixtures("generated")
def test_its_types_hold_against_the_schema_of_today() -> None:
    run_tool("typescript/bin/tsc", "--noEmit")


def test_its_source_is_formatted() -> None:
    run_tool("prettier/bin/prettier.cjs", "--check", "scripts/*.mjs", "src/**/*.ts", "test/*.ts", "*.ts")


def test_nothing_is_needed_at_run_time_and_files_stay_small() -> None:
    assert json.loads((CLIENT / "package.json").read_text(encoding="utf-8")).get("dependencies") is None
    for path in [*CLIENT.glob("src/*/*.ts"), *CLIENT.glob("scripts/*.mjs")]:
        if path.parent.name != "generated":
            assert len(path.read_text(encoding="utf-8").splitlines()) <= 260, path


def test_words_for_probabilities_have_the_same_borders_as_in_reports() -> None:
    text = (CLIENT / "src/reading/estimate.ts").read_text(encoding="utf-8")
    assert f"const LIKELY = [{words.LIKELY}, {words.PROBABLE}, {words.POSSIBLE}];" in text
    assert f"const SURE = [{words.SURE_WIDTH}, {words.FAIR_WIDTH}];" in text


def test_no_markup_is_made_of_strings_and_no_style_is_inline() -> None:
    """Trusted Types and `style-src 'self'` would stop it in the page, but only when it is run."""
    forbidden = re.compile(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|cssText|createElement\(.style.\)")
    for path in CLIENT.glob("src/**/*.ts"):
        assert not forbidden.search(path.read_text(encoding="utf-8")), path


def test_a_wheel_without_what_browsers_load_is_not_built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("hatchling")
    hatch_build = importlib.import_module("hatch_build")
    hook = hatch_build.BrowserFiles(str(tmp_path), {}, None, None, str(tmp_path), "wheel")
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(RuntimeError, match=r"install Node .* npm run build"):
        hook.initialize("standard", {})
    hook.initialize("editable", {})
    (tmp_path / hatch_build.VENDOR).mkdir(parents=True)
    for name in hatch_build.NEEDED:
        (tmp_path / hatch_build.VENDOR / name).touch()
    hook.initialize("standard", {})
