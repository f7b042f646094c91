"""The people of a call set up media between themselves: a WebSocket per member, which relays and keeps nothing."""

import asyncio
from contextlib import suppress

from fastapi import APIRouter
from starlette.requests import HTTPConnection
from starlette.websockets import WebSocket, WebSocketDisconnect

from countenance.contracts.errors import ForbiddenError, NotFoundError
from countenance.server.access import NO_SUCH, Caller, Here
from countenance.server.api.events import (
    ENDED,
    FORBIDDEN,
    PROTOCOL,
    SEND_S,
    SLOW,
    Close,
    Watching,
    first_of,
    readers_of,
    still_valid,
)
from countenance.server.api.paths import CallId
from countenance.server.live import LIVE, LiveCall
from countenance.server.meeting import Meeting, Meetings, Member
from countenance.server.origins import check_origin
from countenance.server.stream import SlowReaderError

router = APIRouter(prefix="/v1", tags=["meeting"])

ELSEWHERE = "this person is in the call from another page now"
WRONG = "that is no message, or too many wait already"


@router.websocket("/calls/{call_id}/meeting")
async def meet(websocket: WebSocket, call_id: CallId, caller: Watching, here: Here) -> None:
    """Be in the meeting of a call, as one of its participants: `here`, `came`, `left` and `said` come, `to` goes."""
    check_origin(websocket)
    live = here.calls.get(call_id)
    member = _member(live, caller)
    if live.state != LIVE:
        raise NotFoundError(*NO_SUCH)
    meetings = meetings_of(websocket)
    with readers_of(websocket).one_more(here.name):
        chosen = PROTOCOL if PROTOCOL in websocket.scope.get("subprotocols", ()) else None
        await websocket.accept(subprotocol=chosen)
        if member.id in live.running.left:
            here.calls.back(call_id, member.id)
        meeting = meetings.of(here.name, call_id)
        meeting.enter(member)
        try:
            works = _send(websocket, member), _take(websocket, meeting, member), _over(live), still_valid(websocket)
            close = await first_of(*works)
        finally:
            meeting.leave(member)
            meetings.tidy(here.name, call_id)
        if close is not None:
            with suppress(WebSocketDisconnect):  # they went at the same moment
                await websocket.close(close.code, close.reason)


def meetings_of(connection: HTTPConnection) -> Meetings:
    """The meetings of this installation."""
    meetings: Meetings = connection.app.state.meetings
    return meetings


def _member(live: LiveCall, caller: Caller) -> Member:
    if caller.seat is None:
        raise ForbiddenError("only people on the call are in its meeting", "Use the token of a participant.")
    found = next((one for one in live.call.participants if one.id == caller.seat.participant_id), None)
    if found is None:
        raise NotFoundError(*NO_SUCH)
    return Member(found.id, found.name)


async def _send(websocket: WebSocket, member: Member) -> Close:
    while (text := await member.outbox.get()) is not None:
        try:
            async with asyncio.timeout(SEND_S):
                await websocket.send_text(text)
        except TimeoutError:
            return Close(SLOW, f"nothing was taken for {SEND_S} s")
    return Close(FORBIDDEN, ELSEWHERE)


async def _take(websocket: WebSocket, meeting: Meeting, member: Member) -> Close | None:
    try:
        while True:
            if not meeting.pass_on(member, await websocket.receive_text()):
                return Close(SLOW, WRONG)
    except (WebSocketDisconnect, KeyError):
        return None  # gone, or bytes came where text is spoken


async def _over(live: LiveCall) -> Close:
    while not live.stream.ended:
        with suppress(SlowReaderError):  # what is said of the call is nothing to the meeting, its end is
            async for _ in live.stream.follow():
                pass
    return Close(ENDED, "the call is over")
