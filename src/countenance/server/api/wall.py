"""All running calls at one glance: asked for once, or followed over a WebSocket."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import Field
from starlette.websockets import WebSocket

from countenance.contracts.call import Participant, Purpose, Role
from countenance.contracts.errors import AuditError, StorageError
from countenance.control.access import Access
from countenance.server.access import Caller, Here, needs, site_of
from countenance.server.api.events import FAULT, RESTART, Close, first_of, listen, readers_of, still_valid
from countenance.server.api.shapes import Given
from countenance.server.idempotency import OnceRoute
from countenance.server.origins import check_origin
from countenance.server.scopes import Scope
from countenance.server.tenancy import Services
from countenance.server.wall import READ, Glance, Person, Wall
from countenance.server.watching import reason_of

router = APIRouter(prefix="/v1", tags=["calls"], route_class=OnceRoute)

PROTOCOL = "wall.json"
TICK_S = 1.0
"""How often it is looked whether something has changed."""

Looking = Annotated[Caller, needs(Scope.CALLS_READ)]


class WallPerson(Given):
    """How somebody stands whom the reader may review."""

    participant_id: str
    name: str
    role: Role
    label: str | None = Field(description="The state that leads; null when none does, or nothing can be said.")
    probability: float | None
    interval: Sequence[float] | None
    abstain: str | None = Field(description="Why nothing can be said.")
    events: Sequence[str] = Field(description="Events that run, such as `engagement_low`.")
    reading: Sequence[str] = Field(description="The modalities that are read of them.")


class WallGroup(Given):
    """What was last told of the people of a call as a whole."""

    taxonomy: str
    size: int
    k: int
    means: Mapping[str, float]


class WallCall(Given):
    """A running call."""

    call_id: str
    purpose: Purpose
    started_at: str
    problem: str | None = Field(description="Why nobody reads it, though it goes on.")
    people: Sequence[str] = Field(description="The names of those who are on it.")
    reading: Mapping[str, int] = Field(description="Of how many people each modality is read.")
    need: float = Field(
        ge=0, le=1, description="How much it needs somebody; out of nobody's readings for most readers."
    )
    why: Sequence[str] = Field(description="Events, states, or `not_read`; what presses most comes first.")
    participants: Sequence[WallPerson] = Field(description="Those alone whom this reader may review.")
    group: WallGroup | None = None


class WallView(Given):
    """The calls that run, or what has changed of them."""

    individual: bool = Field(description="Whether this reader may be anybody's reviewer.")
    calls: Sequence[WallCall]
    gone: Sequence[str] = Field(default=(), description="Calls that have ended since; over the WebSocket alone.")


@router.get("/wall")
async def wall(here: Here, caller: Looking) -> WallView:
    """Every call that runs, those first that need somebody most. Whose readings are in it stands in the log first."""
    calls = [_call(one) for one in await _wall(here, caller).look()]
    return WallView(individual=caller.reviewer, calls=sorted(calls, key=lambda one: (-one.need, one.started_at)))


@router.websocket("/wall")
async def follow(websocket: WebSocket, here: Here, caller: Looking) -> None:
    """First every call, then those that have changed, at most once a second; one `WallView` per text frame."""
    check_origin(websocket)
    with readers_of(websocket).one_more(here.name):
        await websocket.accept(subprotocol=PROTOCOL if PROTOCOL in websocket.scope.get("subprotocols", ()) else None)
        close = await first_of(_send(websocket, here, caller), listen(websocket), still_valid(websocket))
        if close is not None:
            await websocket.close(close.code, close.reason)


def _wall(here: Services, caller: Caller) -> Wall:
    return Wall(caller, here.calls.all, Access(here.tenant.log, here.tenant.vault))


async def _send(websocket: WebSocket, here: Services, caller: Caller) -> Close:
    watched, told, first = _wall(here, caller), dict[str, WallCall](), True
    try:
        while not site_of(websocket).draining:
            now = {one.live.id: _call(one) for one in await watched.look()}
            changed = [call for name, call in now.items() if told.get(name) != call]
            gone = sorted(told.keys() - now.keys())
            if first or changed or gone:
                view = WallView(individual=caller.reviewer, calls=changed, gone=gone)
                await websocket.send_text(view.model_dump_json())
            told, first = now, False
            await asyncio.sleep(TICK_S)
    except (AuditError, StorageError) as fault:
        return Close(FAULT, reason_of(fault))
    return Close(RESTART, "the service is stopping")


def _call(glance: Glance) -> WallCall:
    live, group = glance.live, glance.group
    here = [one for one in live.call.participants if one.id not in live.running.left]
    return WallCall(
        call_id=live.id,
        purpose=live.call.purpose,
        started_at=live.started_at,
        problem=live.problem,
        people=[one.name for one in here],
        reading={modality: sum(modality in found for found in glance.reading.values()) for modality in READ},
        need=glance.need,
        why=glance.why,
        participants=[
            _person(one, glance.people.get(one.id), glance.reading[one.id]) for one in here if one.id in glance.reviewed
        ],
        group=None if group is None else WallGroup(taxonomy=group["taxonomy"], **group["group"], means=group["means"]),
    )


def _person(who: Participant, found: Person | None, reading: Sequence[str]) -> WallPerson:
    data: Mapping[str, Any] = {} if found is None else found.data
    silent = data.get("abstain")
    return WallPerson(
        participant_id=who.id,
        name=who.name,
        role=who.role,
        label=None if silent else data.get("label"),
        probability=data.get("probability"),
        interval=data.get("interval"),
        abstain=None if silent is None else silent["reason"],
        events=[] if found is None else sorted(found.running),
        reading=reading,
    )
