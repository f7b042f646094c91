"""The receivers in the docs accept what is genuine, and nothing else."""

import base64
import json
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from countenance.surface.webhooks import headers, new_secret, verifier_of

PAGE = Path(__file__).parents[2] / "docs" / "webhooks.md"
NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
BODY = '{"specversion":"1.0","type":"t","subject":"participants/\u00e9"}'.encode()
ASK = """
import { check } from "./receiver.mjs";
const [key, headers, body, now] = JSON.parse(process.argv[1]);
console.log(check(key, headers, Buffer.from(body, "base64"), now));
"""

Check = Callable[[str, Mapping[str, str], bytes, float], str]


def block(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert found is not None
    return found[1]


def in_python(_: Path) -> Check:
    names: dict[str, Check] = {}
    exec(compile(block("python"), "receiver.py", "exec"), names)  # noqa: S102 - the page says that this runs
    return names["check"]


def in_node(folder: Path) -> Check:
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node is not installed")
    (folder / "receiver.mjs").write_text(block("js"), encoding="utf-8")

    def check(key: str, said: Mapping[str, str], body: bytes, now: float) -> str:

        asked = json.dumps([key, said, base64.b64encode(body).decode(), now])
        done = subprocess.run(
            [node, "--input-type=module", "-e", ASK, asked], cwd=folder, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise ValueError(done.stderr)
        return done.stdout.strip()

    return check


@pytest.fixture(params=[in_python, in_node], ids=["python", "node"])
def check(request: pytest.FixtureRequest, tmp_path: Path) -> Check:
    made: Check = request.param(tmp_path)
    return made


@pytest.mark.parametrize("asymmetric", [False, True])
def test_a_receiver_accepts_what_is_genuine_and_nothing_else(check: Check, asymmetric: bool) -> None:
    secret = new_secret(bytes(range(32)), asymmetric=asymmetric)
    other = new_secret(bytes(32), asymmetric=asymmetric)
    key, now = verifier_of(secret), NOW.timestamp()
    said = headers("msg_1", BODY, [secret], NOW)
    assert check(key, said, BODY, now) == "msg_1"
    assert check(key, headers("msg_1", BODY, [other, secret], NOW), BODY, now + 299) == "msg_1"
    late = int((NOW - timedelta(seconds=301)).timestamp())
    for wrong_key, wrong, body in (
        (key, said, BODY + b" "), (key, {**said, "webhook-id": "msg_2"}, BODY),
        (key, {**said, "webhook-timestamp": str(int(now) + 1)}, BODY), (verifier_of(other), said, BODY),
        (key, {**said, "webhook-timestamp": str(late)}, BODY), (key, {**said, "webhook-timestamp": "x"}, BODY),
        (key, {**said, "webhook-signature": "v1,"}, BODY), (key, {**said, "webhook-signature": "v2,AAAA"}, BODY),
    ):  # fmt: skip
        with pytest.raises(ValueError):  # noqa: PT011 - each in its own words
            check(wrong_key, wrong, body, now)
    with pytest.raises(ValueError, match="too old or too new"):
        check(key, said, BODY, now + 301)
