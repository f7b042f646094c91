"""Which calls a media server has, asked from outside: no room is entered for it."""

import json
import time

import httpx
import pytest
from tests.capture.fake_janus import Publisher, janus_running

from countenance.capture.rooms import Room, janus_rooms, livekit_rooms, mediasoup_rooms
from countenance.contracts.errors import TapError, UsageError

KEYS = {
    "LIVEKIT_URL": "wss://livekit.example",
    "LIVEKIT_API_KEY": "APIkey",
    "LIVEKIT_API_SECRET": "a-secret-of-more-than-thirty-two-bytes",
}


def answering(status: int, body: object) -> tuple[httpx.MockTransport, list[httpx.Request]]:
    """A server that says one thing, and what it was asked."""
    asked: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(status, text=body if isinstance(body, str) else json.dumps(body))

    return httpx.MockTransport(handle), asked


async def test_janus_lists_its_rooms_and_none_is_entered() -> None:
    async with janus_running() as janus:
        await janus.publish(Publisher(7, "Ana", {}, {}))
        assert await janus_rooms({"url": janus.url}) == (Room("1234", 1),)
        assert janus.asked == [{"request": "list"}]
        assert janus.attendees == 0


async def test_livekit_lists_its_rooms_for_a_token_that_enters_none() -> None:
    api = pytest.importorskip("livekit.api")
    transport, asked = answering(200, {"rooms": [{"sid": "RM_1", "name": "lesson-7", "num_participants": 3}, "odd"]})
    now_s = int(time.time())
    assert await livekit_rooms({}, KEYS, now_s, transport) == (Room("lesson-7", 3),)
    assert str(asked[0].url) == "https://livekit.example/twirp/livekit.RoomService/ListRooms"
    shown = asked[0].headers["authorization"].removeprefix("Bearer ")
    grants = api.TokenVerifier("APIkey", KEYS["LIVEKIT_API_SECRET"]).verify(shown).video
    assert grants.room_list
    assert grants.room_join is None
    assert grants.room_admin is None


async def test_a_sidecar_lists_its_rooms_to_whoever_has_its_token() -> None:
    table = {"url": "https://media.example/countenance/", "token": "a token of some length"}
    transport, asked = answering(200, {"rooms": [{"room": "lesson 42", "producers": 4}]})
    assert await mediasoup_rooms(table, transport) == (Room("lesson 42", 4),)
    assert str(asked[0].url) == "https://media.example/countenance/rooms"
    assert asked[0].headers["authorization"] == "Bearer a token of some length"


@pytest.mark.parametrize(("status", "body"), [(401, {}), (404, "nothing"), (200, "no JSON"), (200, ["odd"])])
async def test_a_server_that_has_no_list_is_one_clear_line(status: int, body: object) -> None:
    transport, _ = answering(status, body)
    with pytest.raises(TapError, match="rooms"):
        await mediasoup_rooms({"url": "https://media.example", "token": "t"}, transport)


async def test_what_is_misspelt_is_named() -> None:
    with pytest.raises(UsageError, match="Did you mean url"):
        await janus_rooms({"ulr": "ws://127.0.0.1:1"})
