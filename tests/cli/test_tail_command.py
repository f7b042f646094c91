"""`countenance tail` against the real service, and against one whose lines break."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.server.api.scene import Scene
from tests.server.api.served import serving
from typer.testing import CliRunner
from websockets.asyncio.server import ServerConnection, serve

from countenance.cli import app
from countenance.cli.following import Feed, follow, line_of
from countenance.contracts.call import Participant, Role
from countenance.contracts.errors import CountenanceError, LinkError, UsageError

RUNNER = CliRunner()


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def played(scene: Scene) -> str:
    """A call that is over, with a sample, an event and a refusal; returns its id."""
    live = scene.begin({"ana": Participant("p_1", "Ana", Role.CUSTOMER)})
    scene.sample(live, "p_1")
    scene.event(live, "p_1")
    scene.refusal(live, "p_1")
    live.stream.end()
    return live.id


def tailed(scene: Scene, *words: str, key: str | None = None) -> Any:  # noqa: ANN401 - typer's own result
    call_id = played(scene)
    shown = key or scene.reviewer()["Authorization"].removeprefix("Bearer ")
    with serving(scene.app) as url:
        return RUNNER.invoke(app, ["tail", call_id, "--url", url, *words], env={"COUNTENANCE_KEY": shown})


def test_events_are_printed_one_a_line(scene: Scene) -> None:
    found = tailed(scene, "--after", "0", "--samples")
    assert found.exit_code == 0
    lines = found.stdout.splitlines()
    assert lines[0] == "09:30:01  signal.sample  p_1  disengaged 70% (60% to 80%)"
    assert lines[1].startswith("09:30:01  signal.engagement_low.started  p_1")
    assert lines[2].startswith("09:30:00  policy.refused  p_1  ")


def test_jsonl_is_the_events_themselves(scene: Scene) -> None:
    found = tailed(scene, "--after", "1", "--types", "engagement_low", "--jsonl")
    (event,) = [json.loads(line) for line in found.stdout.splitlines()]
    assert (event["specversion"], event["sequence"]) == ("1.0", "000000000002")


def test_what_the_service_refuses_is_said_in_its_words(scene: Scene) -> None:
    found = tailed(scene, "--samples", key=scene.key()["Authorization"].removeprefix("Bearer "))
    assert isinstance(found.exception, CountenanceError)
    assert "named reviewer" in found.exception.diagnosis


def test_no_service_is_said_with_what_to_do() -> None:
    found = RUNNER.invoke(app, ["tail", "c", "--url", "http://127.0.0.1:1", "--key", "k"])
    assert isinstance(found.exception, LinkError)
    assert "countenance serve" in found.exception.diagnosis


def test_an_address_that_is_none_is_an_error() -> None:
    with pytest.raises(UsageError, match="no address"):
        Feed("localhost:8080", "k", "c").address(None)


async def test_a_line_that_breaks_is_taken_up_where_it_was() -> None:
    asked = []

    async def breaks(socket: ServerConnection) -> None:
        path = str(socket.request.path if socket.request else "")
        asked.append(path.partition("?")[2])
        place = len(asked)
        await socket.send(json.dumps({"sequence": f"{place:012d}", "type": "io.countenance.consent.changed.v1"}))
        if place == 1:
            await socket.close(1013, "too slow")
        elif place == 2:
            socket.transport.abort()
        else:
            await socket.close(1000)

    async with serve(breaks, "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        feed = Feed(f"http://127.0.0.1:{port}", "k", "c")
        got = [event["sequence"] async for event in follow(feed, None, first_wait_s=0)]
    assert got == ["000000000001", "000000000002", "000000000003"]
    assert asked == ["", "after=000000000001", "after=000000000002"]


async def test_a_key_that_ends_is_an_error() -> None:
    async def forbids(socket: ServerConnection) -> None:
        await socket.close(1008, "the credential is missing or not valid")

    async with serve(forbids, "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        with pytest.raises(LinkError, match="closed the stream"):
            await anext(aiter(follow(Feed(f"http://127.0.0.1:{port}", "k", "c"), None)))


@pytest.mark.parametrize(
    ("event", "line"),
    [
        ({"type": "io.countenance.stream.gap.v1", "data": {"lost": 4}}, "000000000007  stream.gap  4 events are kept"),
        (
            {"type": "io.countenance.signal.sample.v1", "data": {"abstain": {"reason": "low_light"}}},
            "000000000007  signal.sample  not sure: low_light",
        ),
        (
            {"type": "io.countenance.consent.changed.v1", "data": {"modality": "face", "status": "given"}},
            "000000000007  consent.changed  face given",
        ),
        ({"type": "io.countenance.call.summary.v1", "data": {}}, "000000000007  call.summary"),
        (
            {"type": "io.countenance.signal.sample.v1", "data": {"label": None, "probability": None}},
            "000000000007  signal.sample  no state stands out",
        ),
        (
            {
                "type": "io.countenance.signal.sample.v1",
                "data": {"label": None, "dimensions": {"valence": {"value": 0.13, "interval": [-0.25, 0.51]}}},
            },
            "000000000007  signal.sample  valence 0.13 (-0.25 to 0.51)",
        ),
        (
            {"type": "io.countenance.signal.aggregate.v1", "data": {"group": {"size": 12, "k": 10}}},
            "000000000007  signal.aggregate  a group of 12",
        ),
        (
            {"type": "io.countenance.prompt.issued.v1", "data": {"reason": "Estimate fell", "text": "ask"}},
            "000000000007  prompt.issued  Estimate fell: ask",
        ),
        (
            {"type": "io.countenance.prompt.resolved.v1", "data": {"outcome": "expired"}},
            "000000000007  prompt.resolved  expired",
        ),
    ],
)
def test_each_kind_of_event_has_its_line(event: dict[str, Any], line: str) -> None:
    assert line_of({"sequence": "000000000007", **event}).startswith(line)
