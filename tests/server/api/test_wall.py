"""The wall: which calls need somebody, and who may know why; the log knows who looked."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tests.server.api.scene import Bare, Scene, signal
from tests.server.api.sockets import listening
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from countenance.contracts.call import FACE, TEXT, VOICE, Participant, Purpose, Role
from countenance.contracts.readings import Abstain, Phase, Reason
from countenance.contracts.trust import Consent, ConsentStatus
from countenance.server.outgoing import AGGREGATE_ONLY
from countenance.server.scopes import Position
from countenance.server.wall import Person, need_of
from countenance.surface.blocks import Grounds, group
from countenance.surface.envelope import Envelopes

ANA, BEN = Participant("p_1", "Ana", Role.CUSTOMER), Participant("p_2", "Ben", Role.EMPLOYEE)
READINGS = ("probability", "interval", "label", "abstain", "events")


def begun(scene: Scene, *modalities: str) -> Bare:
    """A call on which Ana has said yes."""
    live = scene.begin({"ana": ANA, "ben": BEN})
    for modality in modalities or (FACE, VOICE, TEXT):
        yes = Consent("p_1", modality, Purpose.SALES_COACHING, ConsentStatus.GIVEN, 0, f"r-{modality}")
        live.running.register.record(yes)
    return live


async def looked(scene: Scene, headers: Mapping[str, str]) -> dict[str, Any]:
    async with scene.client(headers) as client:
        answer = await client.get("/v1/wall")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_a_reviewer_sees_how_each_call_stands_and_the_most_pressing_first(scene: Scene) -> None:
    calm, pressing = begun(scene), begun(scene)
    scene.sample(calm, "p_1")
    scene.event(pressing, "p_1")
    told = (await looked(scene, scene.reviewer()))["calls"]
    assert [one["call_id"] for one in told] == [pressing.id, calm.id]
    assert [(one["need"], one["why"]) for one in told] == [(0.8, ["engagement_low"]), (0.3, ["disengaged"])]
    assert [(one["participant_id"], one["label"], one["events"]) for one in told[0]["participants"]] == [
        ("p_1", "disengaged", ["engagement_low"])
    ]
    assert told[0]["reading"] == {"face": 1, "voice": 1, "text": 1}


async def test_who_looks_stands_in_the_log_before_the_first_reading(scene: Scene) -> None:
    live = begun(scene)
    scene.sample(live, "p_1")
    await looked(scene, scene.reviewer())
    entries = [one for one in scene.entries("ACCESS") if one["call_ref"] == live.running.call_ref]
    assert [(one["actor"], one["reason"]) for one in entries] == [("reviewer:coach-7", "wall")]


async def test_for_everybody_else_neither_numbers_nor_order_tell_of_a_person(scene: Scene) -> None:
    first, second = begun(scene), begun(scene)
    before = await looked(scene, scene.key(Position.SUPERVISOR))
    scene.sample(first, "p_1")
    scene.event(second, "p_1")
    after = await looked(scene, scene.key(Position.SUPERVISOR))
    assert after == before
    assert after["individual"] is False
    assert {(one["need"], *one["why"]) for one in after["calls"]} == {(0.0,)}
    assert all(one["participants"] == [] for one in after["calls"])
    assert not any(f'"{name}"' in json.dumps(after) for name in READINGS)
    assert not [one for one in scene.entries("ACCESS") if one["call_ref"] == first.running.call_ref]


async def test_what_is_told_of_a_group_is_for_everybody(scene: Scene) -> None:
    live = begun(scene)
    block = group("engagement.v1", (0, 300_000_000), 12, 10, {"engaged": 0.6})
    live.stream.publish(Envelopes(live.call).aggregate(1, block, 300_000_000))
    told = (await looked(scene, scene.key(Position.SUPERVISOR)))["calls"]
    found = next(one for one in told if one["call_id"] == live.id)
    assert found["group"] == {"taxonomy": "engagement.v1", "size": 12, "k": 10, "means": {"engaged": 0.6}}


async def test_whoever_counts_in_groups_alone_stands_on_the_wall_for_nobody(scene: Scene) -> None:
    live = begun(scene)
    for key, ruling in live.running.rulings.items():
        live.running.rulings[key] = replace(ruling, case=replace(ruling.case, consequence=AGGREGATE_ONLY))
    told = (await looked(scene, scene.reviewer()))["calls"]
    found = next(one for one in told if one["call_id"] == live.id)
    assert (found["participants"], found["reading"]["text"]) == ([], 1)


async def test_somebody_who_stops_is_read_no_more_at_once(scene: Scene) -> None:
    live = begun(scene)
    scene.event(live, "p_1")
    for modality in (FACE, VOICE, TEXT):
        live.running.register.answer("p_1", modality, ConsentStatus.WITHDRAWN, 0)
    found = next(one for one in (await looked(scene, scene.reviewer()))["calls"] if one["call_id"] == live.id)
    assert (found["need"], found["reading"]) == (0.0, {"face": 0, "voice": 0, "text": 0})
    assert [(one["label"], one["events"]) for one in found["participants"]] == [(None, [])]


async def test_a_call_that_nobody_reads_comes_first_and_says_why(scene: Scene) -> None:
    live = begun(scene)
    live.problem = "no worker has room"
    found = (await looked(scene, scene.key(Position.SUPERVISOR)))["calls"][0]
    assert (found["call_id"], found["need"], found["why"], found["problem"]) == (
        live.id,
        1.0,
        ["not_read"],
        "no worker has room",
    )


async def test_the_socket_tells_everything_once_and_then_what_has_changed(scene: Scene) -> None:
    begun(scene)
    live = begun(scene)
    async with listening(scene.app) as at, _following(scene, at) as socket:
        first = json.loads(await socket.recv())
        scene.event(live, "p_1")
        second = json.loads(await socket.recv())
        live.state = "ended"
        third = json.loads(await socket.recv())
    assert len(first["calls"]) > 1
    assert [one["call_id"] for one in second["calls"]] == [live.id]
    assert (third["calls"], third["gone"]) == ([], [live.id])


def test_what_is_sure_presses_more_and_what_ended_not_at_all() -> None:
    told = {"label": "frustrated", "interval": [0.6, 0.9]}
    vague = {"label": "frustrated", "interval": [0.1, 0.9]}
    assert need_of(False, [Person(told)]) > need_of(False, [Person(vague)]) > need_of(False, [])
    assert need_of(False, [Person(told, {"frustration_spike": 0.6})]) == (0.8, ["frustration_spike"])
    assert need_of(False, [Person({"label": None, "interval": None})]) == (0.0, [])


async def test_an_event_that_ended_and_a_reading_that_could_not_be_made(scene: Scene) -> None:
    live = begun(scene)
    scene.event(live, "p_1")
    scene.event(live, "p_1", Phase.ENDED)
    scene.number += 1
    silent = replace(signal("p_1", 2_000_000), abstain=Abstain(Reason.LOW_LIGHT))
    live.stream.publish(Envelopes(live.call).sample(scene.number, silent, Grounds()))
    found = next(one for one in (await looked(scene, scene.reviewer()))["calls"] if one["call_id"] == live.id)
    assert found["need"] == 0.0
    assert [(one["label"], one["abstain"], one["events"]) for one in found["participants"]] == [(None, "low_light", [])]


def _following(scene: Scene, at: str) -> connect:
    return connect(f"ws://{at}/v1/wall", additional_headers=scene.reviewer(), subprotocols=[Subprotocol("wall.json")])
