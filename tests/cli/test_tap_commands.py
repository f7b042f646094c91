"""`countenance tap`, as an operator meets it."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests.server.api.scene import Scene
from tests.server.api.served import at_work
from tests.server.coached import CoachedCall
from typer.testing import CliRunner, Result

from countenance.cli import app
from countenance.contracts.call import VOICE, Call, Track, TrackKind
from countenance.contracts.errors import UsageError
from countenance.contracts.media import Reached
from countenance.testing.clips import Pictures, Tone, every, write_clip

DEPLOYMENT = """
purpose = "support_qa"
jurisdictions = ["US-CA"]

[[participant]]
name = "Ana"
role = "customer"
id = "user-7"
consent = ["face"]

[[participant]]
name = "Ben"
role = "agent"
consent = []
"""


def run(*words: str) -> Result:
    return CliRunner().invoke(app, ["tap", *words])


def told(result: Result) -> dict[tuple[str, str], dict[str, object]]:
    assert result.exit_code == 0, result.output
    return {(one["name"], one["modality"]): one for one in json.loads(result.stdout)}


@pytest.fixture
def deployment(tmp_path: Path) -> Path:
    path = tmp_path / "call.toml"
    path.write_text(DEPLOYMENT)
    return path


class Lobby:
    """Somebody else's connector: one camera, and nothing may be subscribed."""

    def __init__(self, room: int) -> None:
        self.room = room

    @classmethod
    def from_table(cls, table: dict[str, int], **_: object) -> "Lobby":
        return cls(**table)

    @asynccontextmanager
    async def join(self, call: Call) -> AsyncIterator["Lobby"]:
        assert self.room == 1234
        yield self

    def tracks(self) -> tuple[Track, ...]:
        return (Track("p_1/video", "p_1", TrackKind.VIDEO),)

    async def media(self) -> AsyncIterator[Reached]:
        for at_us in range(0, 1_000_000, 100_000):
            yield Reached(at_us)


LOBBY = "tests.cli.test_tap_commands:Lobby"


def test_a_dry_run_says_what_would_be_decoded_of_whom_and_why_not(deployment: Path) -> None:
    seen = told(run(LOBBY, "--deployment", str(deployment), "--set", "room=1234", "--dry-run", "--json"))
    assert set(seen) == {(who, what) for who in ("Ana", "Ben") for what in ("face", "voice", "text")}
    face = seen["Ana", "face"]
    assert (face["track"], face["law"], face["consent"]) == ("p_1/video", "allowed", "given")
    assert face["would_be_decoded"]
    assert not face["reason"]
    assert seen["Ana", "voice"]["reason"] == "consent: not given"
    assert not any(one["would_be_decoded"] for (who, _), one in seen.items() if who == "Ben")


def test_people_read_the_same_as_a_table(deployment: Path) -> None:
    result = run(LOBBY, "--deployment", str(deployment), "--set", "room=1234", "--dry-run")
    first, ana, *_ = result.stdout.splitlines()
    assert first.split() == ["who", "role", "reads", "track", "law", "consent", "would", "be", "decoded"]
    assert ana.split() == ["Ana", "customer", "face", "p_1/video", "allowed", "given", "yes"]


def test_a_dry_run_of_whip_shows_what_publishers_would_meet(deployment: Path) -> None:
    seen = told(run("whip", "--deployment", str(deployment), "--dry-run", "--seconds", "0.1", "--json"))
    assert seen["Ana", "face"]["reason"] == "not published"
    assert seen["Ana", "face"]["consent"] == "given"


def test_a_dry_run_of_files_decodes_nothing(deployment: Path, tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "ana.mp4", Pictures(at_us=every(15, 1)), Tone(1))
    deployment.write_text(DEPLOYMENT.replace('id = "user-7"', f'media = "{clip.name}"'))
    seen = told(run("file", "--deployment", str(deployment), "--dry-run", "--seconds", "0.2", "--json"))
    assert seen["Ana", "face"]["track"] == "p_1/video"
    assert seen["Ana", "face"]["would_be_decoded"]
    assert seen["Ana", "voice"]["track"] == "p_1/audio"


def test_reading_a_live_call_is_begun_at_the_service(deployment: Path) -> None:
    result = run("whip", "--deployment", str(deployment))
    assert isinstance(result.exception, UsageError)
    assert "POST /v1/calls" in result.exception.diagnosis


def test_settings_that_are_no_settings_are_named(deployment: Path) -> None:
    for words, said in (
        (("--set", "room"), "not NAME=VALUE"),
        (("--set", "url=x", "--set", "room=1", "--set", "pim=1"), "Did you mean pin?"),
    ):
        result = run("janus", "--deployment", str(deployment), "--dry-run", *words)
        assert isinstance(result.exception, UsageError)
        assert said in result.exception.diagnosis
    result = run("jans", "--deployment", str(deployment), "--dry-run")
    assert isinstance(result.exception, UsageError)
    assert "Did you mean janus?" in result.exception.diagnosis


def test_without_a_deployment_the_calls_of_the_running_service_are_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = Scene(tmp_path)
    monkeypatch.setenv("COUNTENANCE_KEY", scene.key()["Authorization"].removeprefix("Bearer "))
    with at_work(scene.app) as service:
        live = service.run(CoachedCall.begin(scene)).live
        service.run(scene.one.calls.stop(live.id, live.call.participants[0].id, [VOICE]))
        monkeypatch.setenv("COUNTENANCE_URL", service.address)
        seen = run("whip", "--dry-run", "--json")
        shown = run("whip", "--dry-run").stdout.splitlines()
    assert seen.exit_code == 0, seen.output
    rows = {(one["who"], one["reads"]): one for one in json.loads(seen.stdout)}
    assert {one["call"] for one in rows.values()} == {live.id}
    assert (rows["Ana", "face"]["consent"], rows["Ana", "face"]["would be decoded"]) == ("given", "yes")
    assert (rows["Ana", "voice"]["consent"], rows["Ana", "voice"]["would be decoded"][:4]) == ("withdrawn", "no (")
    assert rows["Ben", "face"]["law"].startswith("refused: ")
    assert shown[0].split()[:4] == ["call", "who", "role", "reads"]
    assert len(shown) == 7


def test_what_must_be_said_first_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COUNTENANCE_KEY", raising=False)
    for words, said in (
        (("whip", "--dry-run"), "COUNTENANCE_KEY"),
        (("file", "--dry-run"), "--deployment"),
        (("jans", "--dry-run"), "Did you mean janus?"),
        (("janus", "--dry-run"), "Add that key"),
    ):
        result = run(*words)
        assert isinstance(result.exception, UsageError)
        assert said in result.exception.diagnosis
