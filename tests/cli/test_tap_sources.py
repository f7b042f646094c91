"""`countenance tap` on a media server: who publishes there, and what would be decoded."""

import json
from pathlib import Path

import pytest
from tests.capture.sidecars import TOKEN, rehearsal
from tests.cli.test_tap_commands import DEPLOYMENT
from typer.testing import CliRunner

from countenance.cli import app


@pytest.fixture
def deployment(tmp_path: Path) -> Path:
    path = tmp_path / "call.toml"
    path.write_text(DEPLOYMENT, encoding="utf-8")
    return path


def test_a_dry_run_on_mediasoup_shows_who_publishes_and_has_nothing_sent(deployment: Path) -> None:
    with rehearsal() as server:
        server.produce("p1", "user-7", "VP8")
        server.produce("p2", "somebody else", "VP8")
        keys = [f"--set={name}={value}" for name, value in (("url", server.url), ("room", "rehearsal"))]
        words = [
            "tap",
            "mediasoup",
            "--deployment",
            str(deployment),
            *keys,
            f"--set=token={TOKEN}",
            "--dry-run",
            "--json",
        ]
        done = CliRunner().invoke(app, [*words, "--seconds", "0.3"])
        assert done.exit_code == 0, done.output
        seen = {(one["name"], one["modality"]): one for one in json.loads(done.stdout)}
        assert seen["Ana", "face"]["would_be_decoded"]
        assert not any(one["track"] for (name, _), one in seen.items() if name == "Ben")
        words = ["tap", "mediasoup", f"--set=url={server.url}", f"--set=token={TOKEN}", "--dry-run", "--json"]
        listed = CliRunner().invoke(app, words)
        assert json.loads(listed.stdout) == [{"room": "rehearsal", "in it": 2}]
        assert server.senders() == 0


@pytest.mark.parametrize(
    ("source", "keys", "words"),
    [
        ("janus", {"url": "ws://127.0.0.1:1", "room": "1"}, "no Janus at ws://127.0.0.1:1"),
        ("janus", {"url": "ws://127.0.0.1:1", "rom": "1"}, "Did you mean room?"),
        ("mediasoup", {"url": "http://127.0.0.1:1", "room": "1", "token": "x"}, "no mediasoup sidecar at"),
    ],
)
def test_a_server_that_is_not_there_is_one_clear_line(
    deployment: Path, source: str, keys: dict[str, str], words: str
) -> None:
    settings = [f"--set={name}={value}" for name, value in keys.items()]
    done = CliRunner().invoke(app, ["tap", source, "--deployment", str(deployment), *settings, "--dry-run"])
    assert done.exit_code != 0
    assert words in str(done.exception)
