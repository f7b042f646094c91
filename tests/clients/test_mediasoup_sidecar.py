"""The sidecar of mediasoup passes its own tests, in Node, without mediasoup."""

import json
import re
import subprocess
from pathlib import Path

import pytest
from tests.clients.second_verifier import ROOT, node

SIDECAR = ROOT / "clients/mediasoup"
TOOLS = ROOT / "clients/verify/node_modules"


def test_its_own_tests_pass() -> None:
    done = run("--test", *sorted(SIDECAR.glob("test/*.test.mjs")))
    assert done.returncode == 0, done.stdout
    assert int(re.findall(r"^# pass (\d+)$", done.stdout, flags=re.MULTILINE)[0]) >= 13


def test_its_types_hold_and_its_source_is_formatted() -> None:
    for tool, *words in (
        ("typescript/bin/tsc", "--project", "jsconfig.json"),
        ("prettier/bin/prettier.cjs", "--print-width", "120", "--check", "src/*.mjs", "test/*.mjs"),
    ):
        if not (TOOLS / tool).is_file():
            pytest.skip(f"{tool.split('/')[0]} is not installed: run `npm ci` in clients/verify")
        done = run(TOOLS / tool, *words)
        assert done.returncode == 0, done.stdout + done.stderr


def test_it_depends_on_nothing_but_node_and_its_files_stay_small() -> None:
    package = json.loads((SIDECAR / "package.json").read_text(encoding="utf-8"))
    assert "dependencies" not in package
    for path in SIDECAR.glob("src/*.mjs"):
        text = path.read_text(encoding="utf-8")
        assert len(text.splitlines()) <= 230, path
        assert all(name.startswith(("node:", "./")) for name in re.findall(r'from "([^"]+)"', text)), path


def run(*words: str | Path) -> "subprocess.CompletedProcess[str]":
    words = (node(), *words)
    return subprocess.run(list(map(str, words)), cwd=SIDECAR, capture_output=True, text=True, check=False)
