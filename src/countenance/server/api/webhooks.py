"""Endpoints that events are sent to (Standard Webhooks 1.0.0): adding, trying, sending anew, and the delivery log."""

import asyncio
from collections.abc import Sequence
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Response
from pydantic import AwareDatetime, Field, StrictBool, StringConstraints
from starlette.requests import HTTPConnection, Request

from countenance.contracts.errors import NotFoundError
from countenance.control.webhooks import Endpoint, Endpoints, NewEndpoint
from countenance.inference.tables import Table
from countenance.server.access import NO_SUCH, Calling, Here, needs, site_of
from countenance.server.api.shapes import Given, utc_text
from countenance.server.idempotency import OnceRoute
from countenance.server.paging import Cursor, Limit, decode, encode, page
from countenance.server.scopes import Scope
from countenance.server.webhooks import delivery_of, endpoints_of
from countenance.storage.clocks import micros
from countenance.storage.dispatches import Dispatch
from countenance.surface.destinations import LONGEST
from countenance.surface.webhooks import ALIASES, headers

router = APIRouter(
    prefix="/v1/webhooks", tags=["webhooks"], route_class=OnceRoute, dependencies=[needs(Scope.WEBHOOKS)]
)

SPELT = r"^https?://[A-Za-z0-9.:\[\]-]+(/[!-~]*)?$"
OPAQUE = "^[0-9a-f]{32}$"
EndpointId = Annotated[str, Path(description="The endpoint.", pattern=OPAQUE)]
EventId = Annotated[str, StringConstraints(pattern=OPAQUE), Field(description="`webhook-id` of an event.")]
Kind = Annotated[
    str, StringConstraints(pattern=rf"^(io\.countenance\.[a-z0-9_.]{{0,100}}\*?|{'|'.join(ALIASES)})$", max_length=128)
]


def endpoints_here(connection: HTTPConnection, here: Here) -> Endpoints:
    """The endpoints of the caller's tenant."""
    return endpoints_of(site_of(connection), here)


Known = Annotated[Endpoints, Depends(endpoints_here)]


class EndpointBody(Table):
    """Where events are to be sent."""

    url: str = Field(
        max_length=LONGEST,
        pattern=SPELT,
        examples=["https://hooks.example.com/countenance"],
    )
    types: tuple[Kind, ...] = Field(
        default=(), max_length=32, description="Types of events, or beginnings with `*`. None: all but samples."
    )
    full: StrictBool = Field(default=False, description="Send the data along, but for what was read of one person.")
    signature: Literal["hmac-sha256", "ed25519"] = "hmac-sha256"


class ReplayOne(Table):
    """One event."""

    event_id: EventId


class ReplaySince(Table):
    """Everything that happened since a time."""

    since: AwareDatetime


class ReplayDead(Table):
    """Everything that was given up."""

    dead_letters: Literal[True]


class EndpointView(Given):
    """An endpoint and how it fares."""

    endpoint_id: str
    url: str
    types: Sequence[str]
    full: bool
    status: Literal["active", "failing", "disabled"]
    problem: str | None = Field(description="What the last attempt met; null where all is well.")
    failing_since: str | None
    made_at: str
    public_key: str | None = Field(description="`whpk_...`, where it signs with ed25519.")


class NewEndpointView(EndpointView):
    """A new endpoint."""

    secret: str = Field(description="What its receiver checks signatures with; shown this once.")


class SecretView(Given):
    """A new secret; for a day the one before signs as well."""

    secret: str


class EndpointList(Given):
    """All endpoints of a tenant."""

    items: Sequence[EndpointView]


class QueuedView(Given):
    """How much was queued."""

    queued: int


class TestView(Given):
    """The test event that was queued, as it is sent."""

    event_id: str
    headers: dict[str, str] = Field(description="Signed as of now; each attempt is signed with its own time.")
    body: str


class DeliveryView(Given):
    """One event at one endpoint."""

    event_id: str
    type: str
    at: str
    status: Literal["waiting", "delivered", "given_up"]
    attempts: int
    tried_at: str | None
    answer: int | None = Field(description="The last HTTP status; null where none came.")
    problem: str | None
    next_at: str | None


class DeliveryList(Given):
    """A page of the delivery log, the newest event first."""

    items: Sequence[DeliveryView]
    next: str | None = Field(description="The cursor of the next page; null at the end.")


@router.post("", status_code=201)
async def add(body: EndpointBody, known: Known, caller: Calling, response: Response) -> NewEndpointView:
    """Add an endpoint. It may be public and on 443 alone, unless the operator lists more; redirections count as no."""
    new = NewEndpoint(body.url, body.types, body.full, body.signature == "ed25519")
    made, secret = await asyncio.to_thread(known.add, new, caller.actor)
    response.headers["Location"] = f"/v1/webhooks/{made.row.endpoint_id}"
    return NewEndpointView(**_view(made).model_dump(), secret=secret)


@router.get("")
async def every(known: Known) -> EndpointList:
    """All endpoints."""
    return EndpointList(items=[_view(one) for one in await asyncio.to_thread(known.every)])


@router.get("/{endpoint_id}")
async def one(endpoint_id: EndpointId, known: Known) -> EndpointView:
    """One endpoint."""
    return _view(await asyncio.to_thread(known.get, endpoint_id))


@router.delete("/{endpoint_id}", status_code=204)
async def remove(endpoint_id: EndpointId, known: Known, caller: Calling) -> None:
    """Send nothing more, and forget its address and secrets."""
    await asyncio.to_thread(known.remove, endpoint_id, caller.actor)


@router.post("/{endpoint_id}/secret")
async def rotate(endpoint_id: EndpointId, known: Known, caller: Calling) -> SecretView:
    """A new secret, shown this once; for a day events are signed with the former too."""
    return SecretView(secret=await asyncio.to_thread(known.rotate, endpoint_id, caller.actor))


@router.post("/{endpoint_id}/enable")
async def enable(endpoint_id: EndpointId, known: Known, caller: Calling) -> QueuedView:
    """Bring back an endpoint that said 410: it goes on where it was."""
    return QueuedView(queued=await asyncio.to_thread(known.enable, endpoint_id, caller.actor))


@router.post("/{endpoint_id}/test", status_code=202)
async def test(endpoint_id: EndpointId, known: Known, here: Here, request: Request) -> TestView:
    """Send an event that says nothing of anyone; the delivery log tells what came of it."""
    site = site_of(request)
    event_id = await asyncio.to_thread(known.test, endpoint_id)
    parcel = await asyncio.to_thread(delivery_of(site, here).parcel, endpoint_id, event_id)
    if parcel is None:
        raise NotFoundError(*NO_SUCH)
    signed = headers(event_id, parcel.body, parcel.secrets, site.clock.utc())
    return TestView(event_id=event_id, headers=dict(signed), body=parcel.body.decode())


@router.get("/{endpoint_id}/deliveries")
async def deliveries(endpoint_id: EndpointId, known: Known, limit: Limit = 50, cursor: Cursor = None) -> DeliveryList:
    """What was sent and what was answered."""
    before = None if cursor is None else _place(cursor)
    found = await asyncio.to_thread(known.log, endpoint_id, before, limit + 1)
    items, following = page(found, limit, lambda last: encode(last.at_utc_us, last.event_id))
    return DeliveryList(items=[_delivery(row) for row in items], next=following)


@router.post("/{endpoint_id}/replay", status_code=202)
async def replay(
    endpoint_id: EndpointId, body: ReplayOne | ReplaySince | ReplayDead, known: Known, caller: Calling
) -> QueuedView:
    """Send again, under the same ids: one event, all since a time, or what was given up."""
    match body:
        case ReplayOne():
            queued = await asyncio.to_thread(known.replay, endpoint_id, body.event_id, caller.actor)
        case ReplaySince():
            queued = await asyncio.to_thread(known.replay_since, endpoint_id, micros(body.since), caller.actor)
        case ReplayDead():
            queued = await asyncio.to_thread(known.replay_dead, endpoint_id, caller.actor)
    return QueuedView(queued=queued)


def _place(cursor: str) -> tuple[int, str]:
    at_us, event_id = decode(cursor, int, str)
    return int(at_us), str(event_id)


def _view(one: Endpoint) -> EndpointView:
    row = one.row
    return EndpointView(
        endpoint_id=row.endpoint_id,
        url=one.url,
        types=row.types,
        full=row.with_data,
        status=row.status.value,  # type: ignore[arg-type]
        problem=row.problem,
        failing_since=None if row.failing_utc_us is None else utc_text(row.failing_utc_us),
        made_at=utc_text(row.made_utc_us),
        public_key=one.public_key,
    )


def _delivery(row: Dispatch) -> DeliveryView:
    over = row.delivered_utc_us is not None or row.given_up_utc_us is not None
    return DeliveryView(
        event_id=row.event_id,
        type=row.topic,
        at=utc_text(row.at_utc_us),
        status="delivered" if row.delivered_utc_us is not None else "given_up" if over else "waiting",
        attempts=row.attempts,
        tried_at=None if row.tried_utc_us is None else utc_text(row.tried_utc_us),
        answer=row.answer,
        problem=row.problem,
        next_at=None if over else utc_text(row.next_utc_us),
    )
