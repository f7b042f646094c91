"""The verifier in JavaScript, for tests that ask it."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
CLIENT = ROOT / "clients/verify"
PROGRAM = CLIENT / "bin/countenance-verify.mjs"


def node() -> str:
    """The path of Node 20 or newer; the test skips by name where there is none."""
    found = shutil.which("node")
    if found is None:
        pytest.skip("Node is not installed: the second verifier is not run")
    version = subprocess.run([found, "--version"], capture_output=True, text=True, check=True).stdout
    if int(version.strip("v\n").split(".")[0]) < 20:
        pytest.skip(f"Node {version.strip()} is too old for the second verifier, which needs 20")
    return found


def verified(*args: str | Path) -> dict[str, Any]:
    """What it says of a log or a receipt."""
    done = subprocess.run([node(), PROGRAM, *args, "--json"], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    answer = json.loads(done.stdout)
    assert isinstance(answer, dict)
    assert done.returncode == (0 if answer["ok"] else 1)
    return answer
