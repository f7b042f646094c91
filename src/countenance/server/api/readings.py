"""What was read of a participant, and the summary of a call: for the person themselves and a named human reviewer."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import Field

from countenance.contracts.call import Purpose, Role
from countenance.control.access import SUMMARY, Access
from countenance.control.access import Reading as Opened
from countenance.control.groups import Groups
from countenance.control.roster import KnownCall, KnownPerson, Roster
from countenance.server.access import Caller, Here, needs
from countenance.server.api.paths import CallId, ParticipantId
from countenance.server.api.shapes import Given, ReasonsIn, utc_text
from countenance.server.idempotency import OnceRoute
from countenance.server.kinds import REVIEWER
from countenance.server.paging import Cursor, Limit, decode, encode
from countenance.server.problems import ProblemError
from countenance.server.scopes import Scope
from countenance.server.summaries import shown_to, with_reasons
from countenance.server.tenancy import Services
from countenance.server.viewing import duties_of_role, may_review
from countenance.server.watching import OWN

router = APIRouter(prefix="/v1/calls/{call_id}", tags=["readings"], route_class=OnceRoute)

Looking = Annotated[Caller, needs(Scope.CALLS_READ, own=True)]
REVIEW = "review"
SERVICE = "service"
"""Puts a summary together before anybody sees it."""


class ReadingView(Given):
    """Something that was read of a person, and where its result stands in the log."""

    payload_id: str
    kind: str = Field(description="`result`: the numbers of one second; `event`: an event as it went out.")
    seq: int | None = Field(description="The entry of the log that it came with.")
    delete_due_at: str | None
    data: Any


class ReadingList(Given):
    """A page of readings."""

    items: Sequence[ReadingView]
    next: str | None = Field(description="The cursor of the next page; null at the end.")


class Crowd(Given):
    """Who is counted."""

    size: int = Field(description="People whose readings the means are of.")
    k: int = Field(description="No combination of windows is about fewer people than this.")


class Window(Given):
    """Media time, half-open."""

    start_us: int
    end_us: int


class GroupView(Given):
    """What one taxonomy says of a group in one window."""

    group: Crowd
    window: Window
    taxonomy: str
    means: Mapping[str, float]


class GroupList(Given):
    """Everything that was told of a call as a group, in order."""

    items: Sequence[GroupView]


@router.get("/participants/{participant_id}/readings")
async def readings(
    call_id: CallId,
    participant_id: ParticipantId,
    here: Here,
    caller: Looking,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> ReadingList:
    """What was read of this person in this call. Who looks stands in the log first."""
    start = 0 if cursor is None else int(decode(cursor, int)[0])
    call, person = await asyncio.to_thread(Roster(here.tenant.vault).person, call_id, participant_id)
    if not may_see(here, caller, call, person):
        raise ProblemError(REVIEWER)
    access = Access(here.tenant.log, here.tenant.vault)
    actor = OWN if caller.seat is not None else caller.actor
    opened, more = await asyncio.to_thread(
        access.page, person.person, actor, REVIEW, call.call_ref, max(0, start), limit
    )
    following = encode(start + limit) if more else None
    return ReadingList(items=[_view(one) for one in opened], next=following)


@router.get("/aggregate")
async def aggregate(call_id: CallId, here: Here, _: Looking) -> GroupList:
    """What the people of a call showed as a group: windows of five minutes, of ten people at least."""
    call = await asyncio.to_thread(Roster(here.tenant.vault).call, call_id)
    groups = Groups(here.tenant.store, here.control.clock)
    return GroupList(items=[GroupView(**one) for one in await asyncio.to_thread(groups.of_call, call.call_ref)])


@router.get("/summary")
async def summary(call_id: CallId, here: Here, caller: Looking, language: ReasonsIn = "en") -> Mapping[str, Any]:
    """The summary of a call that has ended; of each person as much as this reader may see."""
    call, people = await asyncio.to_thread(_everybody, here, call_id)
    whole = await here.calls.summary(call_id, SERVICE, SUMMARY)
    seen = [one for one in people if may_see(here, caller, call, one)]
    actor = OWN if caller.seat is not None else caller.actor
    access = Access(here.tenant.log, here.tenant.vault)
    for one in seen:
        await asyncio.to_thread(access.look, call.call_ref, one.subject_ref, actor, REVIEW, SUMMARY)
    return with_reasons(shown_to({one.participant_id for one in seen}, whole), language)


def may_see(here: Services, caller: Caller, call: KnownCall, person: KnownPerson) -> bool:
    """Whether this caller may have what was read of a person."""
    if caller.seat is not None:
        return caller.seat.participant_id == person.participant_id
    on = here.control.clock.utc().date()
    return may_review(caller, duties_of_role(here.control.gate, Purpose(call.purpose), Role(person.role), on))


def _everybody(here: Services, call_id: str) -> tuple[KnownCall, Sequence[KnownPerson]]:
    roster = Roster(here.tenant.vault)
    call = roster.call(call_id)
    return call, roster.people(call.call_ref)


def _view(one: Opened) -> ReadingView:
    due = one.delete_due_utc_us
    return ReadingView(
        payload_id=one.payload_id,
        kind=one.context,
        seq=one.seq,
        delete_due_at=None if due is None else utc_text(due),
        data=one.data,
    )
