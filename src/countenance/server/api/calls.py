"""Calls: begun, listed, looked at, ended."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field, StringConstraints
from pydantic.config import JsonDict

from countenance.contracts.call import Purpose
from countenance.contracts.errors import NotFoundError, OverloadError
from countenance.control.roster import KnownCall, Roster
from countenance.inference.tables import Table
from countenance.server.access import Caller, Here, needs, site_of
from countenance.server.api.participants import NewParticipant, ParticipantView, check_room, in_store, joined, of_live
from countenance.server.api.paths import CallId, Limits
from countenance.server.api.shapes import Given, Language, ReasonsIn, utc_text
from countenance.server.coaching import Coached
from countenance.server.config import MediaTable
from countenance.server.idempotency import OnceRoute
from countenance.server.kinds import INVALID
from countenance.server.live import ENDED, LIVE, LiveCall, NewCall, Tell
from countenance.server.paging import Cursor, Limit, decode, encode, page
from countenance.server.problems import Fault, ProblemError
from countenance.server.scopes import Scope
from countenance.server.sources import KINDS, SourceError, permitted
from countenance.server.tenancy import Services

router = APIRouter(prefix="/v1/calls", tags=["calls"], route_class=OnceRoute)

MOST_SOURCE_BYTES = 8_192
SOURCE_SCHEMA: JsonDict = {"required": ["kind"], "properties": {"kind": {"enum": list(KINDS)}}}


TaxonomyName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,40}\.v[0-9]{1,4}$")]


State = Annotated[Literal["live"] | None, Query(description="`live`: those alone that run now.")]


class CoachingBody(Table):
    """How a call is coached."""

    playbook: str | None = Field(
        max_length=64, pattern=r"^[a-z][a-z0-9_]{0,39}(\.v[0-9]{1,4})?$", description="Null: not at all."
    )
    language: Literal["en", "de", "es", "fr"] | None = Field(default=None, description="Of the one who is coached.")


class NewCallBody(Table):
    """A call to begin."""

    purpose: Purpose | None = Field(default=None, description="What it is for; that of the deployment when left out.")
    taxonomies: tuple[TaxonomyName, ...] = Field(
        default=(), max_length=16, description="Of those that are configured; all of them when left out."
    )
    source: Mapping[str, Any] = Field(
        default_factory=lambda: {"kind": "whip"},
        description="Where the media are: `kind`, and the keys of that tap.",
        json_schema_extra=SOURCE_SCHEMA,
    )
    participants: tuple[NewParticipant, ...] = Field(default=(), max_length=50)
    coaching: CoachingBody | None = Field(default=None, description="As the deployment coaches when left out.")
    tell: Tell = Field(
        default="nothing",
        description="What each person is told of their own readings in a LiveKit room: `events`, or `samples` too.",
    )


class CallView(Given):
    """A call."""

    call_id: str
    state: Literal["live", "ended"]
    purpose: Purpose
    started_at: str
    ended_at: str | None = None
    problem: str | None = Field(default=None, description="Why nobody reads it, though it goes on.")
    participants: Sequence[ParticipantView] | None = None
    events: str | None = Field(default=None, description="Where its events are, by WebSocket or server-sent events.")
    summary: str | None = Field(default=None, description="Where its summary is, once it has ended.")


class CallList(Given):
    """A page of calls."""

    items: Sequence[CallView]
    next: str | None = Field(description="The cursor of the next page; null at the end.")


@router.post("", status_code=201, dependencies=[needs(Scope.CALLS_WRITE)])
async def begin(request: Request, body: NewCallBody, here: Here, limits: Limits, response: Response) -> CallView:
    """Begin a call. Nobody is read until law and charter allow it and the person has said yes."""
    if sum(1 for one in here.calls.all() if one.state == LIVE) >= limits.calls:
        raise OverloadError(f"{limits.calls} calls are running", "End one, or raise [limits] calls.")
    site = site_of(request)
    source = _permitted(body.source, site.config.media, site.clock.utc())
    check_room(limits, len(body.participants))
    people = tuple(joined(one) for one in body.participants)
    coached = None if body.coaching is None else Coached(body.coaching.playbook, body.coaching.language)
    live = await here.calls.open(NewCall(body.purpose, body.taxonomies, source, people, coached, body.tell))
    response.headers["Location"] = f"/v1/calls/{live.id}"
    return _live(live)


@router.get("", dependencies=[needs(Scope.CALLS_READ)])
async def listed(here: Here, limit: Limit = 50, cursor: Cursor = None, state: State = None) -> CallList:
    """Calls of this tenant, the newest first; those that run are told with their people, on one page."""
    if state == LIVE:
        running = sorted((one for one in here.calls.all() if one.state == LIVE), key=lambda one: one.started_at)
        return CallList(items=[_live(one) for one in reversed(running)], next=None)
    before = None if cursor is None else _place(cursor)
    roster = Roster(here.tenant.vault)
    found = await asyncio.to_thread(roster.page, limit + 1, before)
    calls, following = page(found, limit, lambda one: encode(one.opened_utc_us, one.call_ref))
    return CallList(items=[_known(here, one) for one in calls], next=following)


@router.get("/{call_id}")
async def one(
    call_id: CallId,
    here: Here,
    caller: Annotated[Caller, needs(Scope.CALLS_READ, own=True)],
    language: ReasonsIn = "en",
) -> CallView:
    """A call and the people on it; a participant sees of those only themselves."""
    live = next((each for each in here.calls.all() if each.id == call_id), None)
    if live is not None:
        view = await _remembered(here, live, language)
    else:
        known = await asyncio.to_thread(Roster(here.tenant.vault).call, call_id)
        people = await asyncio.to_thread(in_store, here, known.call_ref)
        view = _known(here, known).model_copy(update={"participants": people})
    if caller.seat is None:
        return view
    own = [each for each in view.participants or () if each.participant_id == caller.seat.participant_id]
    return view.model_copy(update={"participants": own})


@router.post("/{call_id}/end", dependencies=[needs(Scope.CALLS_WRITE)])
async def end(call_id: CallId, here: Here) -> CallView:
    """End a call; what was read so far is written, and the summary is made. Ending it twice changes nothing."""
    return await _remembered(here, await here.calls.end(call_id))


def _place(cursor: str) -> tuple[int, str]:
    at_us, call_ref = decode(cursor, int, str)
    return int(at_us), str(call_ref)


async def _remembered(here: Services, live: LiveCall, language: Language = "en") -> CallView:
    """A call that this process remembers; when it ended stands in the store."""
    view = _live(live, language)
    if live.state != ENDED:
        return view
    try:
        known = await asyncio.to_thread(Roster(here.tenant.vault).call, live.id)
    except NotFoundError:
        return view  # its names are gone with the people who were on it
    return view.model_copy(update={"ended_at": _known(here, known).ended_at})


def _live(live: LiveCall, language: Language = "en") -> CallView:
    ended = live.state == ENDED
    return CallView(
        call_id=live.id,
        state="ended" if ended else "live",
        purpose=live.call.purpose,
        started_at=live.started_at,
        problem=live.problem,
        participants=of_live(live, language),
        events=None if ended else f"/v1/calls/{live.id}/events",
        summary=f"/v1/calls/{live.id}/summary" if ended else None,
    )


def _known(here: Services, call: KnownCall) -> CallView:
    over = all(one.id != call.call_id or one.state == ENDED for one in here.calls.all())
    return CallView(
        call_id=call.call_id,
        state="ended" if over else "live",
        purpose=Purpose(call.purpose),
        started_at=utc_text(call.opened_utc_us),
        ended_at=None if call.closed_utc_us is None else utc_text(call.closed_utc_us),
        events=None if over else f"/v1/calls/{call.call_id}/events",
        summary=f"/v1/calls/{call.call_id}/summary" if over else None,
    )


def _permitted(source: Mapping[str, Any], media: MediaTable, now: datetime) -> Mapping[str, Any]:
    try:
        plain = json.dumps(source, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError) as error:
        # Half a character, a number that is none: nothing that could be passed on.
        raise _stray("source", "plain text and numbers only") from error
    if len(plain) > MOST_SOURCE_BYTES:
        raise _stray("source", f"at most {MOST_SOURCE_BYTES} bytes")
    try:
        return permitted(source, media, now)
    except SourceError as error:
        raise ProblemError(
            INVALID, f"{error.path}: {error.problem}", error.remedy, faults=[Fault(error.path, error.problem)]
        ) from error


def _stray(path: str, message: str) -> ProblemError:
    return ProblemError(INVALID, f"{path}: {message}", faults=[Fault(path, message)])
