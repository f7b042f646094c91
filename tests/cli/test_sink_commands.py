"""`countenance sink` against the real service."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.server.api.scene import Scene
from tests.server.api.served import serving
from typer.testing import CliRunner

from countenance.cli import app
from countenance.contracts.errors import DeliveryError, LinkError, NotFoundError, UnauthenticatedError, UsageError
from countenance.control.delivery import Answer
from countenance.server.webhooks import delivery_of

RUNNER = CliRunner()
URL = "https://hooks.example.com/in"

Sink = Callable[..., Any]


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


@pytest.fixture
def sink(scene: Scene) -> Iterator[Sink]:
    key = scene.key()["Authorization"].removeprefix("Bearer ")
    with serving(scene.app) as url:
        yield lambda *words: RUNNER.invoke(app, ["sink", *words], env={"COUNTENANCE_KEY": key, "COUNTENANCE_URL": url})


def added(sink: Sink, *more: str) -> str:
    done = sink("add", "webhook", URL, *more)
    assert done.exit_code == 0, done.output
    return str(done.stderr.split(" ")[0])


def answering(scene: Scene, monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    """While a command waits, what is due is sent and answered so."""
    delivery = delivery_of(scene.site, scene.one)
    monkeypatch.setattr(time, "sleep", lambda _: delivery.run(lambda _: Answer(status)))


def test_a_receiver_is_added_listed_and_removed(sink: Sink) -> None:
    done = sink("add", "webhook", URL, "--type", "engagement_low")
    assert done.stdout.startswith("whsec_")
    name = done.stderr.split(" ")[0]
    assert sink("list").stdout == f"{name}  active    {URL}  io.countenance.signal.engagement_low.*\n"
    (shown,) = json.loads(sink("list", "--json").stdout)
    assert (shown["endpoint_id"], shown["full"]) == (name, False)
    assert sink("remove", name, "--yes").stdout == "removed\n"
    assert sink("list").stdout == ""
    assert isinstance(sink("remove", name, "--yes").exception, NotFoundError)
    assert sink("remove", name).exit_code == 1


def test_a_test_event_tells_what_was_answered(scene: Scene, sink: Sink, monkeypatch: pytest.MonkeyPatch) -> None:
    name = added(sink, "--ed25519", "--full")
    answering(scene, monkeypatch, 204)
    assert sink("test", name).stdout.startswith("taken: 204, webhook-id ")
    answering(scene, monkeypatch, 503)
    failed = sink("test", name)
    assert isinstance(failed.exception, DeliveryError)
    assert "the receiver answered 503" in str(failed.exception)
    assert "failing" in sink("list").stdout


def test_a_receiver_that_was_gone_is_brought_back_and_events_are_sent_again(
    scene: Scene, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = added(sink)
    answering(scene, monkeypatch, 410)
    assert isinstance(sink("test", name).exception, DeliveryError)
    assert sink("enable", name).stdout == "enabled; 1 queued\n"
    answering(scene, monkeypatch, 200)
    event = sink("test", name).stdout.split(" ")[-1].strip()
    assert sink("replay", name, "--event", event).stdout == "1 queued\n"
    assert sink("replay", name, "--since", "2026-11-23T00:00:00Z").stdout == "1 queued\n"
    assert sink("replay", name, "--dead").stdout == "0 queued\n"


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        (("add", "webhok", URL), UsageError), (("add", "webhook", "https://10.0.0.1/"), UsageError),
        (("replay", "f" * 32), UsageError), (("replay", "f" * 32, "--dead"), NotFoundError),
        (("list", "--key", "wrong"), UnauthenticatedError), (("list", "--url", "nowhere"), UsageError),
        (("list", "--url", "http://127.0.0.1:1"), LinkError),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(sink: Sink, words: tuple[str, ...], kind: type[Exception]) -> None:
    assert isinstance(sink(*words).exception, kind)
