"""The events of a running call over real sockets: who sees what, resuming, closing, and the trace in the log."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import pytest
from tests.server.api.scene import Bare, Scene
from tests.server.api.sockets import listening
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

from countenance.contracts.call import Participant, Role
from countenance.server.scopes import Position
from countenance.server.stream import Stream

ANA, BEN = Participant("p_1", "Ana", Role.CUSTOMER), Participant("p_2", "Ben", Role.CUSTOMER)
CLOUDEVENTS = Subprotocol("cloudevents.json")


def two_people(scene: Scene) -> Bare:
    return scene.begin({"ana": ANA, "ben": BEN})


def follow(at: str, live: Bare, headers: Mapping[str, str] | None, query: str = "", *words: Subprotocol) -> connect:
    address = f"ws://{at}/v1/calls/{live.id}/events?{query}"
    return connect(address, additional_headers=headers, subprotocols=[CLOUDEVENTS, *words], max_queue=None)


async def rest(socket: ClientConnection) -> list[dict[str, Any]]:
    found = []
    try:
        while True:
            found.append(json.loads(await socket.recv()))
    except ConnectionClosed:
        return found


def played(scene: Scene, live: Bare) -> None:
    """A sample and an event of both, and a refusal of one: sequences 1 to 5."""
    for who in ("p_1", "p_2"):
        scene.sample(live, who)
        scene.event(live, who)
    scene.refusal(live, "p_1")


async def heard(scene: Scene, live: Bare, headers: Mapping[str, str], query: str = "") -> list[dict[str, Any]]:
    async with listening(scene.app) as at, follow(at, live, headers, query) as socket:
        live.stream.end()
        return await rest(socket)


def what(events: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(one["subject"].split("/")[1], one["type"].removeprefix("io.countenance.")) for one in events]


async def test_a_named_reviewer_sees_the_events_of_everybody(scene: Scene) -> None:
    live = two_people(scene)
    played(scene, live)
    events = await heard(scene, live, scene.reviewer(), "after=0")
    started = "signal.engagement_low.started.v1"
    assert what(events) == [("p_1", started), ("p_2", started), ("p_1", "policy.refused.v1")]


async def test_who_looks_stands_in_the_log_once_for_each_person_and_socket(scene: Scene) -> None:
    live = two_people(scene)
    played(scene, live)
    played(scene, live)
    await heard(scene, live, scene.reviewer(), "after=0&samples=true")
    entries = scene.entries("ACCESS")
    assert {one["actor"] for one in entries} == {"reviewer:coach-7"}
    assert [one["subject_ref"] for one in entries] == [live.running.seats[who].subject_ref for who in ("p_1", "p_2")]


async def test_who_sees_no_readings_leaves_no_trace_of_a_look(scene: Scene) -> None:
    live = two_people(scene)
    played(scene, live)
    events = await heard(scene, live, scene.key(), "after=0")
    assert what(events) == [("p_1", "policy.refused.v1")]
    assert scene.entries("ACCESS") == []


async def test_a_reviewer_in_another_role_than_the_ruling_names_sees_no_readings(scene: Scene) -> None:
    live = two_people(scene)
    played(scene, live)
    events = await heard(scene, live, scene.reviewer(Position.TEACHER), "after=0")
    assert what(events) == [("p_1", "policy.refused.v1")]


async def test_a_participant_sees_their_own_and_nobody_elses(scene: Scene) -> None:
    live = two_people(scene)
    played(scene, live)
    events = await heard(scene, live, scene.token(live, "p_2"), "after=0&samples=true")
    assert what(events) == [("p_2", "signal.sample.v1"), ("p_2", "signal.engagement_low.started.v1")]
    assert [one["actor"] for one in scene.entries("ACCESS")] == ["self"]


async def test_readings_asked_for_by_name_need_a_reviewer(scene: Scene) -> None:
    live = two_people(scene)
    async with listening(scene.app) as at:
        for query in ("types=engagement_low", "samples=true"):
            with pytest.raises(InvalidStatus) as refused:
                async with follow(at, live, scene.key(), query):
                    pass
            response = refused.value.response
            problem = json.loads(response.body or b"")
            assert (response.status_code, problem["type"]) == (403, "/problems/reviewer-required")


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("after=0", [2, 4, 5]),
        ("after=000000000002", [4, 5]),
        ("after=0&types=engagement_low", [2, 4]),
        ("after=0&types=policy.refused", [5]),
        ("after=0&types=io.countenance.policy.refused.v1,signal.sample", [1, 3, 5]),
        ("after=0&samples=1", [1, 2, 3, 4, 5]),
        ("after=9", []),
        ("", []),
    ],
)
async def test_a_reader_gets_what_they_ask_for(scene: Scene, query: str, numbers: list[int]) -> None:
    live = two_people(scene)
    played(scene, live)
    events = await heard(scene, live, scene.reviewer(), query)
    assert [int(one["sequence"]) for one in events] == numbers


async def test_events_come_as_they_happen(scene: Scene) -> None:
    live = two_people(scene)
    async with listening(scene.app) as at, follow(at, live, scene.reviewer()) as socket:
        await (await socket.ping())
        scene.event(live, "p_1")
        first = json.loads(await socket.recv())
        assert socket.subprotocol == "cloudevents.json"
        assert first["subject"] == "participants/p_1"


async def test_the_token_of_a_browser_comes_as_the_second_subprotocol(scene: Scene) -> None:
    live = two_people(scene)
    word = Subprotocol(scene.token(live, "p_1")["Authorization"].removeprefix("Bearer "))
    async with listening(scene.app) as at, follow(at, live, None, "", word) as socket:
        assert socket.subprotocol == "cloudevents.json"


@pytest.mark.parametrize(
    ("headers", "status"),
    [({}, 401), ({"Authorization": "Bearer nonsense"}, 401), ({"Origin": "https://elsewhere.example"}, 403)],
)
async def test_strangers_are_told_so_before_the_socket_opens(
    scene: Scene, headers: dict[str, str], status: int
) -> None:
    live = two_people(scene)
    shown = scene.reviewer() | headers if status == 403 else headers
    async with listening(scene.app) as at:
        with pytest.raises(InvalidStatus) as refused:
            async with follow(at, live, shown):
                pass
        assert refused.value.response.status_code == status
        assert refused.value.response.headers["content-type"] == "application/problem+json"


async def test_a_call_of_another_tenant_is_as_unknown_as_one_that_never_was(scene: Scene) -> None:
    live = two_people(scene)
    told = []
    async with listening(scene.app) as at:
        for call_id, key in ((live.id, scene.key(tenant="two")), ("c" * 32, scene.key())):
            with pytest.raises(InvalidStatus) as refused:
                async with connect(f"ws://{at}/v1/calls/{call_id}/events", additional_headers=key):
                    pass
            problem = json.loads(refused.value.response.body or b"")
            told.append({k: v for k, v in problem.items() if k not in ("instance", "correlation_id")})
    assert told[0] == told[1]
    assert told[0]["type"] == "/problems/not-found"


async def test_a_page_of_this_host_may_open_a_socket(scene: Scene) -> None:
    live = two_people(scene)
    async with listening(scene.app) as at:
        page = scene.reviewer() | {"Origin": f"http://{at}"}
        async with follow(at, live, page) as socket:
            assert socket.subprotocol == "cloudevents.json"


async def test_the_end_of_a_call_closes_the_socket_and_says_so(scene: Scene) -> None:
    live = two_people(scene)
    async with listening(scene.app) as at, follow(at, live, scene.reviewer()) as socket:
        live.stream.end()
        await socket.wait_closed()
        assert (socket.close_code, socket.close_reason) == (1000, "the call is over")


async def test_a_service_that_stops_says_so(scene: Scene) -> None:
    live = two_people(scene)
    async with listening(scene.app) as at, follow(at, live, scene.reviewer()) as socket:
        scene.site.draining = True
        live.stream.end()
        await socket.wait_closed()
        assert socket.close_code == 1012


async def test_a_reader_that_is_too_slow_is_closed_and_resumes_where_it_was(scene: Scene) -> None:
    live = two_people(scene)
    live.stream = Stream("/deployments/local/calls/c", ring=64)
    async with listening(scene.app) as at:
        async with follow(at, live, scene.reviewer(), "after=0&samples=true") as socket:
            for _ in range(5):
                scene.sample(live, "p_1")
            first = [json.loads(await socket.recv()) for _ in range(5)]
            for _ in range(200):
                scene.sample(live, "p_1")
            later = await rest(socket)
            assert socket.close_code == 1013
            place = (first + later)[-1]["sequence"]
            assert f"after={place}" in str(socket.close_reason)
        async with follow(at, live, scene.reviewer(), f"after={place}&samples=true") as socket:
            gap, following = json.loads(await socket.recv()), json.loads(await socket.recv())
    assert gap["type"] == "io.countenance.stream.gap.v1"
    assert int(place) + gap["data"]["lost"] + 1 == int(following["sequence"])


async def test_there_are_so_many_streams_and_no_more(scene: Scene) -> None:
    live = two_people(scene)
    scene.app.state.readers._most = 1
    async with listening(scene.app) as at, follow(at, live, scene.reviewer()):
        with pytest.raises(InvalidStatus) as refused:
            async with follow(at, live, scene.reviewer()):
                pass
        assert refused.value.response.status_code == 503


async def test_a_reader_that_goes_leaves_its_place(scene: Scene) -> None:
    live = two_people(scene)
    async with listening(scene.app) as at:
        async with follow(at, live, scene.reviewer()):
            assert scene.app.state.readers.of("one") == 1
        while scene.app.state.readers.of("one"):  # noqa: ASYNC110
            await asyncio.sleep(0)


async def test_server_sent_events_are_the_same_events(scene: Scene) -> None:
    live = two_people(scene)
    played(scene, live)
    live.stream.end()
    async with scene.client(scene.reviewer()) as client:
        answer = await client.get(f"/v1/calls/{live.id}/events", headers={"Last-Event-ID": "2"})
        over = await client.get(f"/v1/calls/{live.id}/events?after=5")
    frames = [frame.split("\n") for frame in answer.text.strip().split("\n\n")]
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert [frame[0] for frame in frames] == ["id: 000000000004", "id: 000000000005", "event: end"]
    assert json.loads(frames[0][1].removeprefix("data: "))["subject"] == "participants/p_2"
    assert over.status_code == 204


async def test_a_service_that_stops_ends_no_call_by_server_sent_events_either(scene: Scene) -> None:
    live = two_people(scene)
    scene.site.draining = True
    live.stream.end()
    async with scene.client(scene.reviewer()) as client:
        answer = await client.get(f"/v1/calls/{live.id}/events")
    assert answer.text == ": the service is stopping\n\n"


async def test_a_person_who_is_erased_is_gone_from_the_stream(scene: Scene) -> None:
    live = two_people(scene)
    played(scene, live)
    live.stream.forget("participants/p_1")
    events = await heard(scene, live, scene.reviewer(), "after=0&samples=true")
    assert {one["subject"] for one in events} == {"participants/p_2"}
