"""The events of a running call: a WebSocket of CloudEvents, and the same by server-sent events."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from fastapi.responses import StreamingResponse
from starlette.requests import HTTPConnection
from starlette.websockets import WebSocket, WebSocketDisconnect

from countenance.contracts.errors import AuditError, CountenanceError, StorageError
from countenance.control.access import Access
from countenance.server.access import Caller, Here, caller_of, needs, site_of
from countenance.server.api.paths import CallId
from countenance.server.idempotency import OnceRoute
from countenance.server.origins import check_origin
from countenance.server.readers import Readers
from countenance.server.scopes import Scope
from countenance.server.stream import SlowReaderError, sequence_of
from countenance.server.tenancy import Services
from countenance.server.viewing import Wanted
from countenance.server.watching import Watch, reason_of
from countenance.surface.envelope import Envelope, to_line

router = APIRouter(prefix="/v1", tags=["events"], route_class=OnceRoute)

PROTOCOL = "cloudevents.json"
EVENT_STREAM = "text/event-stream"
SEND_S = 10
"""How long one event may wait for a reader's socket."""
CHECK_S = 30
"""How often the credential of an open stream is checked again."""
PING_S = 15

STOPPING = "the service is stopping"
ENDED, FORBIDDEN, FAULT, RESTART, SLOW = 1000, 1008, 1011, 1012, 1013

Watching = Annotated[Caller, needs(Scope.CALLS_READ, own=True)]
After = Annotated[str | None, Query(description="The `sequence` of the last event you have; 0 for all of them.")]
Types = Annotated[
    str | None, Query(description="Types of events, in full or short (`engagement_low`), separated by commas.")
]
Samples = Annotated[bool, Query(description="Also the sample of every second.")]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a reader asks for."""

    wanted: Wanted
    place: str | None


def asked_of(
    after: After = None,
    types: Types = None,
    samples: Samples = False,
    last_event_id: Annotated[str | None, Header(description="The same as `after`, as browsers send it.")] = None,
) -> Asked:
    """From the query, and what browsers send when they come back."""
    place = last_event_id or after
    return Asked(Wanted.parse(types, samples=samples), None if place is None else sequence_of(place))


Asking = Annotated[Asked, Depends(asked_of)]


@dataclass(frozen=True, slots=True)
class Close:
    """Why a socket is closed."""

    code: int
    reason: str


@router.websocket("/calls/{call_id}/events")
async def follow_by_socket(websocket: WebSocket, call_id: CallId, caller: Watching, here: Here, asked: Asking) -> None:
    """CloudEvents, one per text frame; nothing is expected from the reader."""
    check_origin(websocket)
    watch = _watch(here, caller, call_id, asked.wanted)
    with readers_of(websocket).one_more(here.name):
        chosen = PROTOCOL if PROTOCOL in websocket.scope.get("subprotocols", ()) else None
        await websocket.accept(subprotocol=chosen)
        close = await first_of(_send(websocket, watch, asked.place), listen(websocket), still_valid(websocket))
        if close is not None:
            await websocket.close(close.code, close.reason)


@router.get(
    "/calls/{call_id}/events",
    response_class=StreamingResponse,
    responses={200: {"content": {EVENT_STREAM: {"schema": {"type": "string"}}}}, 204: {"description": "It is over"}},
)
async def follow_by_sse(request: Request, call_id: CallId, caller: Watching, here: Here, asked: Asking) -> Response:
    """The same events as the WebSocket of this address, as server-sent events with `sequence` as their id."""
    watch = _watch(here, caller, call_id, asked.wanted)
    stream = here.calls.get(call_id).stream
    if stream.ended and asked.place is not None and asked.place >= stream.last:
        return Response(status_code=204)
    room = ExitStack()
    room.enter_context(readers_of(request).one_more(here.name))
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    frames = _frames(request, watch, asked.place, room)
    return StreamingResponse(frames, media_type=EVENT_STREAM, headers=headers)


def readers_of(connection: HTTPConnection) -> Readers:
    """The open streams of this installation."""
    readers: Readers = connection.app.state.readers
    return readers


def _watch(here: Services, caller: Caller, call_id: str, wanted: Wanted) -> Watch:
    live = here.calls.get(call_id)
    return Watch(caller, live.running, live.stream, wanted, Access(here.tenant.log, here.tenant.vault))


async def _send(websocket: WebSocket, watch: Watch, place: str | None) -> Close:
    try:
        async for envelope in watch.events(place):
            async with asyncio.timeout(SEND_S):
                await websocket.send_text(to_line(envelope))
    except SlowReaderError as slow:
        return Close(SLOW, reason_of(slow))
    except TimeoutError:
        return Close(SLOW, f"no event was taken for {SEND_S} s; resume from the last one")
    except (AuditError, StorageError) as fault:
        return Close(FAULT, reason_of(fault))
    return Close(RESTART, STOPPING) if site_of(websocket).draining else Close(ENDED, "the call is over")


async def listen(websocket: WebSocket) -> None:
    """Until the reader goes; what it says is not listened to."""
    while (await websocket.receive())["type"] != "websocket.disconnect":
        pass


async def still_valid(websocket: WebSocket) -> Close:
    """Until the credential is valid no more."""
    while True:
        await asyncio.sleep(CHECK_S)
        try:
            caller_of(websocket)
        except CountenanceError as fault:
            return Close(FORBIDDEN, reason_of(fault))


async def first_of(*works: Coroutine[None, None, Close | None]) -> Close | None:
    """What the first of these says; the others end with it."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    try:
        return next(iter(done)).result()
    except WebSocketDisconnect:
        return None


async def _frames(request: Request, watch: Watch, place: str | None, room: ExitStack) -> AsyncIterator[str]:
    events = watch.events(place)
    upcoming = _next(events)
    try:
        with room:
            while True:
                done, _ = await asyncio.wait({upcoming}, timeout=PING_S)
                if not done:
                    caller_of(request)
                    yield ": still here\n\n"
                    continue
                envelope = upcoming.result()
                yield f"id: {envelope['sequence']}\ndata: {to_line(envelope)}\n\n"
                upcoming = _next(events)
    except StopAsyncIteration:
        # Without an end of the call, who reads comes back: to the service that is started next.
        yield f": {STOPPING}\n\n" if site_of(request).draining else "event: end\ndata: {}\n\n"
    except CountenanceError as fault:
        yield f": {reason_of(fault)}\n\n"
    finally:
        upcoming.cancel()
        await asyncio.gather(upcoming, return_exceptions=True)


def _next(events: AsyncIterator[Envelope]) -> asyncio.Future[Envelope]:
    async def following() -> Envelope:
        return await anext(events)

    return asyncio.ensure_future(following())
