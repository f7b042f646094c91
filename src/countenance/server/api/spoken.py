"""What was said last on a coached call, for the human reviewer of whoever said it. It is stored nowhere."""

import asyncio
from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter
from starlette.websockets import WebSocket

from countenance.contracts.call import TEXT
from countenance.contracts.errors import AuditError, NotFoundError, StorageError
from countenance.contracts.media import Utterance
from countenance.control.access import Access
from countenance.server.access import NO_SUCH, Caller, Here, needs
from countenance.server.api.events import ENDED, FAULT, Close, first_of, listen, readers_of, still_valid
from countenance.server.api.paths import CallId
from countenance.server.api.shapes import Given
from countenance.server.coaching import CallCoaching
from countenance.server.idempotency import OnceRoute
from countenance.server.kinds import REVIEWER
from countenance.server.live import LIVE, LiveCall
from countenance.server.origins import check_origin
from countenance.server.problems import ProblemError
from countenance.server.scopes import Scope
from countenance.server.tenancy import Services
from countenance.server.viewing import may_review
from countenance.server.watching import WATCH, reason_of

router = APIRouter(prefix="/v1", tags=["coaching"], route_class=OnceRoute)

PROTOCOL = "words.json"
TICK_S = 1.0
"""How often it is looked whether more was said."""
LINES = 8

Coach = Annotated[Caller, needs(Scope.READINGS)]


class LineView(Given):
    """Something that somebody said."""

    participant_id: str
    start_us: int
    end_us: int
    text: str


class LinesView(Given):
    """The last of it, the oldest first; each time all of it, so that what was taken back goes."""

    lines: Sequence[LineView]


@router.websocket("/calls/{call_id}/coaching/words")
async def words(websocket: WebSocket, call_id: CallId, here: Here, caller: Coach) -> None:
    """A `LinesView` per text frame whenever it has changed: of those alone who let their words be read now."""
    check_origin(websocket)
    if not caller.reviewer:
        raise ProblemError(REVIEWER)
    live = here.calls.get(call_id)
    if live.coaching is None:
        raise NotFoundError(*NO_SUCH)
    with readers_of(websocket).one_more(here.name):
        await websocket.accept(subprotocol=PROTOCOL if PROTOCOL in websocket.scope.get("subprotocols", ()) else None)
        close = await first_of(
            _send(websocket, here, caller, live, live.coaching), listen(websocket), still_valid(websocket)
        )
        if close is not None:
            await websocket.close(close.code, close.reason)


async def _send(websocket: WebSocket, here: Services, caller: Caller, live: LiveCall, coaching: CallCoaching) -> Close:
    told: LinesView | None = None
    looked: set[str] = set()
    try:
        while live.state == LIVE:
            seen = [one for one in coaching.coach.scene.words if _may_see(live, caller, one)][-LINES:]
            for who in {one.participant_id for one in seen} - looked:
                await _note(here, live, caller, who)
                looked.add(who)
            lines = LinesView(lines=[LineView.model_validate(one, from_attributes=True) for one in seen])
            if lines != told:
                await websocket.send_text(lines.model_dump_json())
            told = lines
            await asyncio.sleep(TICK_S)
    except (AuditError, StorageError) as fault:
        return Close(FAULT, reason_of(fault))
    return Close(ENDED, "the call is over")


def _may_see(live: LiveCall, caller: Caller, said: Utterance) -> bool:
    running, who = live.running, said.participant_id
    duties = [one.duties for (whose, _), one in tuple(running.rulings.items()) if whose == who and one.allowed]
    return running.permissions().barred(who, TEXT, running.at_us) is None and may_review(caller, duties)


async def _note(here: Services, live: LiveCall, caller: Caller, who: str) -> None:
    """The log says who reads a person's words before the first of them is shown."""
    access, subject = Access(here.tenant.log, here.tenant.vault), live.running.seats[who].subject_ref
    await asyncio.to_thread(access.look, live.running.call_ref, subject, caller.actor, WATCH)
