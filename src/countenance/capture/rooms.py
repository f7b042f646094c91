"""The calls on a media server, seen from outside: nobody's call is entered, nothing is subscribed to."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx

from countenance.capture.janusroom import PLUGIN, JanusRoom
from countenance.capture.januswire import open_wire
from countenance.capture.livekitaccess import LivekitAccess, LivekitRoom
from countenance.capture.sidecar import MediasoupRoom
from countenance.contracts.errors import TapError
from countenance.inference.tables import Table, checked

ANSWER_S = 10.0
ANY = {"room": ""}
"""Stands for the room in a table that names a server alone."""

T = TypeVar("T", bound=Table)


@dataclass(frozen=True, slots=True)
class Room:
    """A call that a tap could enter."""

    name: str
    """As the source takes it in `room`."""
    people: int
    """How many are in it; on mediasoup, how many tracks are published."""


async def janus_rooms(table: Mapping[str, Any]) -> tuple[Room, ...]:
    """The VideoRooms that a Janus shows; raises TapError."""
    server = _server(JanusRoom, table, "janus")
    async with open_wire(server.url, server.secret, lambda _: None) as wire:
        handle = await wire.attach(PLUGIN)
        told = (await wire.ask(handle, {"request": "list"})).data
    return _rooms(told.get("list"), "room", "num_participants")


async def livekit_rooms(
    table: Mapping[str, Any],
    environ: Mapping[str, str],
    now_s: int,
    transport: httpx.AsyncBaseTransport | None = None,
) -> tuple[Room, ...]:
    """The rooms of a LiveKit server that are open now, by its RoomService; raises TapError."""
    access = LivekitAccess.of(environ, _server(LivekitRoom, table, "livekit").tenant)
    url = access.url.replace("ws", "http", 1) if access.url.startswith("ws") else access.url
    told = await _asked(
        "POST", f"{url.rstrip('/')}/twirp/livekit.RoomService/ListRooms", access.listing(now_s), transport
    )
    return _rooms(told.get("rooms"), "name", "num_participants")


async def mediasoup_rooms(
    table: Mapping[str, Any], transport: httpx.AsyncBaseTransport | None = None
) -> tuple[Room, ...]:
    """The rooms of a mediasoup server's sidecar; raises TapError."""
    server = _server(MediasoupRoom, table, "mediasoup")
    told = await _asked("GET", f"{server.url.rstrip('/')}/rooms", server.token, transport)
    return _rooms(told.get("rooms"), "room", "producers")


def _server(kind: type[T], table: Mapping[str, Any], name: str) -> T:
    return checked(kind, {**table, **ANY}, f"source {name}")


async def _asked(method: str, url: str, token: str, transport: httpx.AsyncBaseTransport | None) -> Mapping[str, Any]:
    """An answer in JSON; a media server is spoken to directly, whatever proxy this machine uses for the web."""
    body: Mapping[str, object] | None = {} if method == "POST" else None
    try:
        async with httpx.AsyncClient(timeout=ANSWER_S, trust_env=False, transport=transport) as client:
            answer = await client.request(method, url, json=body, headers={"authorization": f"Bearer {token}"})
        told = answer.json() if answer.is_success else {}
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise TapError(f"no media server at {url} ({type(error).__name__})", "Check the address.") from error
    if not answer.is_success or not isinstance(told, dict):
        remedy = "Check the keys, and that it is of a version that lists its rooms; or name one by --set room=..."
        raise TapError(f"{url} does not list its rooms ({answer.status_code})", remedy)
    return told


def _rooms(told: object, name: str, people: str) -> tuple[Room, ...]:
    """Those of a list that are rooms: a server may say anything."""
    tables = [one for one in told if isinstance(one, dict)] if isinstance(told, list) else []
    named = [one for one in tables if isinstance(one.get(name), int | str)]
    return tuple(Room(str(one[name]), _count(one.get(people))) for one in named)


def _count(value: object) -> int:
    return value if isinstance(value, int) else 0
