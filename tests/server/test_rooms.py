"""What a LiveKit server says of its rooms, and what people are told there."""

import asyncio
import base64
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from tests.server.api.scene import Scene, signal

from countenance.contracts.call import Role
from countenance.contracts.errors import NotFoundError, UsageError
from countenance.link.messages import Load, Signalling
from countenance.server.config import Config, LivekitTable
from countenance.server.live import ENDED, Joining, LiveCall, NewCall, Tell
from countenance.server.rooms import access_of
from countenance.surface.blocks import Grounds
from countenance.surface.envelope import Envelopes

KEY, SECRET = "APIone", "a-secret-of-more-than-thirty-two-bytes"
SOURCE = {"kind": "livekit", "room": "lesson-7"}


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    made = Scene(tmp_path)
    table = LivekitTable.model_validate({"url": "wss://one.example", "key": KEY, "secret": SECRET})
    tenants = {**made.config.tenants, "one": made.config.tenants["one"].model_copy(update={"livekit": table})}
    made.site.config = made.config.model_copy(update={"tenant": tenants})
    return made


async def begin(scene: Scene, tell: Tell = "nothing") -> LiveCall:
    ana = Joining("Ana", Role.CUSTOMER, "ana")
    return await scene.one.calls.open(NewCall(source=SOURCE, participants=(ana,), tell=tell))


async def say(scene: Scene, event: str, at_s: int = 10, visit: str = "PA_1", **more: object) -> int:
    """What the server says of the room; how it was answered."""
    said = {"event": event, "id": "EV_1", "room": {"name": "lesson-7"}, "createdAt": str(at_s)}
    body = json.dumps({**said, "participant": {"identity": "ana", "sid": visit}, **more}).encode()
    return (await post(scene, body, signed(scene, body))).status_code


def signed(scene: Scene, body: bytes, key: str = KEY, secret: str = SECRET) -> str:
    sha256, now = base64.b64encode(hashlib.sha256(body).digest()).decode(), int(scene.clock.utc().timestamp())
    return jwt.encode({"iss": key, "nbf": now, "exp": now + 300, "sha256": sha256}, secret, "HS256")


async def post(scene: Scene, body: bytes, token: str, kind: str = "application/webhook+json") -> httpx.Response:
    async with scene.client({"Authorization": token, "Content-Type": kind}) as client:
        return await client.post("/livekit/webhook", content=body)


async def test_who_left_the_room_is_read_no_more_until_they_are_back(scene: Scene) -> None:
    live = await begin(scene)
    (ana,) = live.running.seats
    assert await say(scene, "participant_left") == 204
    assert live.running.left == {ana}
    assert await say(scene, "participant_left") == 204
    assert await say(scene, "participant_joined", 11, "PA_2") == 204
    assert live.running.left == set()


async def test_news_that_was_overtaken_changes_nothing(scene: Scene) -> None:
    live = await begin(scene)
    await say(scene, "participant_joined", 12, "PA_2")
    await say(scene, "participant_left", 11, "PA_1")
    await say(scene, "participant_left", 13, "PA_1")
    assert live.running.left == set(), "it was the visit before that ended"
    await say(scene, "participant_left", 14, "PA_2")
    await say(scene, "participant_joined", 12, "PA_2")
    assert len(live.running.left) == 1


async def test_nobody_is_seated_because_they_entered_a_room(scene: Scene) -> None:
    live = await begin(scene)
    await say(scene, "participant_joined", participant={"identity": "a stranger", "sid": "PA_9"})
    await say(scene, "room_started", room={"name": "another room"})
    assert len(live.running.seats) == 1
    assert len(scene.one.calls.all()) == 1


async def test_a_room_that_is_over_ends_its_call_and_no_other(scene: Scene) -> None:
    live, other = await begin(scene), await scene.one.calls.open(NewCall())
    assert await say(scene, "room_finished") == 204
    assert await say(scene, "room_finished") == 204
    assert live.state == ENDED
    assert other.state != ENDED


async def test_a_call_whose_room_was_closed_is_taken_up_when_it_opens_again(scene: Scene) -> None:
    live = await begin(scene)
    hosted = len(scene.pool.worker.heard)
    live.worker = None
    await say(scene, "room_started")
    await say(scene, "room_started")
    assert len(scene.pool.worker.heard) == hosted + 1
    assert live.worker is not None


async def test_what_nobody_signed_is_not_heard(scene: Scene) -> None:
    live = await begin(scene)
    body = json.dumps({"event": "room_finished", "room": {"name": "lesson-7"}}).encode()
    wrong = (
        signed(scene, body, secret="another-secret-of-more-than-thirty-two"),
        signed(scene, body, key="APItwo"),
        signed(scene, b"{}"),
        "no token",
        "",
    )
    for token in wrong:
        assert (await post(scene, body, token)).status_code == 401
    assert (await post(scene, body, signed(scene, body), "application/json")).status_code == 415
    scene.clock.pass_us(3_600_000_000)
    old = signed(scene, body)
    scene.clock.pass_us(3_600_000_000)
    assert (await post(scene, body, old)).status_code == 401
    assert live.state != ENDED


async def test_rooms_of_another_tenant_are_not_concerned(scene: Scene) -> None:
    theirs = await scene.site.tenants["two"].calls.open(NewCall(source=SOURCE))
    await say(scene, "room_finished")
    assert theirs.state != ENDED


def test_keys_of_the_environment_hold_where_the_configuration_has_none() -> None:
    environ = {"LIVEKIT_URL": "wss://l.example", "LIVEKIT_API_KEY": "k", "LIVEKIT_API_SECRET": "s"}
    alone = access_of(Config(), "local", environ)
    assert alone is not None
    assert alone.url == "wss://l.example"
    several = Config.model_validate({"tenant": {"one": {}}})
    assert access_of(several, "one", environ) is None, "what all tenants could see belongs to none of them"


async def test_what_a_room_shows_of_consent_is_shown_and_permits_nothing(scene: Scene) -> None:
    live = await begin(scene)
    (ana,) = live.running.seats
    assert live.worker is not None
    hints = {ana: {"face": "given", "voice": "perhaps", "soul": "given"}}
    live.worker.load = Load(0.0, 0, {live.id: {"hints": hints}})
    async with scene.client() as client:
        seen = (await client.get(f"/v1/calls/{live.id}/participants/{ana}")).json()
    assert seen["hints"] == {"face": "given"}
    assert live.running.permissions().readable(ana, 0) == ()


def told(scene: Scene) -> list[Mapping[str, Any]]:
    return [one.table for one in scene.pool.worker.heard if isinstance(one, Signalling) and one.verb == "tell"]


async def test_each_person_is_told_of_their_own_readings_and_the_log_knows(scene: Scene) -> None:
    live = await begin(scene, "samples")
    ben = await scene.one.calls.join(live.id, Joining("Ben", Role.CUSTOMER, "ben"))
    ana = next(iter(live.running.seats))
    await asyncio.sleep(0)
    for number, who in enumerate((ana, ben.id, ana), start=100):
        live.out._sequence = number
        live.stream.publish(Envelopes(live.call).sample(number, signal(who), Grounds()))
    await scene.one.calls.leave(live.id, ben.id)
    while len(told(scene)) < 2:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    await scene.one.calls.end(live.id)
    whom = [one["participant_id"] for one in told(scene)]
    assert set(whom) == {ana}, "who has left is not told"
    assert all(json.loads(one["payload"])["subject"] == f"participants/{ana}" for one in told(scene))
    looks = [one for one in scene.entries("ACCESS") if one["reason"] == "room"]
    assert [one["subject_ref"] for one in looks] == [live.running.subjects[ana]]
    assert not scene.one.calls._telling


async def test_without_being_asked_nobody_is_told_anything(scene: Scene) -> None:
    live = await begin(scene, "events")
    (ana,) = live.running.seats
    await asyncio.sleep(0)
    live.out._sequence = 100
    live.stream.publish(Envelopes(live.call).sample(100, signal(ana), Grounds()))
    await scene.one.calls.end(live.id)
    assert told(scene) == []
    with pytest.raises(UsageError, match="tells nobody"):
        await scene.one.calls.open(NewCall(tell="events"))


async def test_a_seat_that_is_not_there_cannot_come_back(scene: Scene) -> None:
    live = await begin(scene)
    with pytest.raises(NotFoundError):
        scene.one.calls.back(live.id, "nobody")
