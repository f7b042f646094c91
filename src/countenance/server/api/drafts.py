"""Notes for CRM, LMS and EHR: drafts that a human reviewer reads, changes and lets leave, and notes that have left."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from pydantic import Field

from countenance.contracts.call import Role
from countenance.control.roster import KnownCall, KnownPerson, Roster
from countenance.inference.tables import Table
from countenance.policy.leaving import Stays, System
from countenance.server.access import Caller, Here, needs, site_of
from countenance.server.api.paths import CallId, ParticipantId
from countenance.server.api.readings import may_see
from countenance.server.api.shapes import Digest, Given, Language, Spoken
from countenance.server.drafting import OPEN, RECIPIENTS, Drafted, Drafting, systems_for
from countenance.server.idempotency import OnceRoute
from countenance.server.kinds import CONFLICT, POLICY, REVIEWER
from countenance.server.problems import ProblemError
from countenance.server.scopes import Scope
from countenance.server.tenancy import Services
from countenance.server.webhooks import endpoints_of
from countenance.server.words import language_of
from countenance.storage.endpoints import LISTENING
from countenance.surface.envelope import NOTE_ACCEPTED
from countenance.surface.webhooks import wants

router = APIRouter(prefix="/v1/calls/{call_id}", tags=["notes"], route_class=OnceRoute)

Reviewing = Annotated[Caller, needs(Scope.READINGS)]
Carrying = Annotated[Caller, needs(Scope.NOTES)]
Why = Literal[
    "worker", "purpose", "role", "refused", "group", "own_eyes", "minor", "sharing", "open", "recipients", "reviewer"
]
FIXES: Mapping[str, str] = {
    Stays.MINOR: "State `minor = adult` among the facts where that is known; nothing of a minor leaves.",
    OPEN: "End the call first.",
    RECIPIENTS: "Name who receives readings in `terms.recipients`: people are told so before they answer.",
}
MOST_LETTERS = 20_000


class OfferView(Given):
    """Whether something of one person may leave for a system."""

    participant_id: str
    role: Role
    system: System
    stays: Why | None = Field(description="Why nothing leaves; null where a reviewer may accept the draft.")
    left: bool = Field(description="A note has left already.")


class OfferList(Given):
    """What may leave of a call, for where."""

    items: Sequence[OfferView] = Field(description="Empty where no system records calls of this purpose.")
    recipients: Sequence[str] = Field(description="Who receives it, as the notice has told the people of the call.")
    endpoints: Sequence[str] = Field(description="Webhooks that are told when a note leaves; empty: it is fetched.")


class DraftView(Given):
    """A draft: everything that would leave, word for word."""

    digest: Digest
    note: Mapping[str, Any] = Field(description="The note, see /schemas/io.countenance.note.v1.json.")


class AcceptBody(Table):
    """A reviewer lets a note leave."""

    digest: Digest
    text: str = Field(min_length=1, max_length=MOST_LETTERS, description="The text as the reviewer wants it.")
    language: Language | None = Field(default=None, description="Of the draft that was shown, where one was asked for.")


class NoteView(Given):
    """A note that has left."""

    note: Mapping[str, Any] = Field(description="The note, see /schemas/io.countenance.note.v1.json.")


@router.get("/drafts")
async def offers(call_id: CallId, here: Here, caller: Reviewing, request: Request) -> OfferList:
    """Of whom a draft may be made, for which system, and why not of the others; nobody's readings are opened."""
    call, people = await asyncio.to_thread(_everybody, here, call_id)
    wanted = systems_for(call.purpose)
    items = await asyncio.to_thread(_offers, here, caller, call, people, wanted) if wanted else []
    terms, listening = here.deployed.terms, endpoints_of(site_of(request), here)
    told = [one for one in await asyncio.to_thread(listening.every) if one.row.status in LISTENING]
    return OfferList(
        items=items,
        recipients=() if terms is None else terms.recipients,
        endpoints=[one.url for one in told if wants(one.row.types, NOTE_ACCEPTED)],
    )


@router.get("/participants/{participant_id}/drafts/{system}")
async def draft(
    call_id: CallId,
    participant_id: ParticipantId,
    system: System,
    here: Here,
    caller: Reviewing,
    request: Request,
    language: Spoken = None,
) -> DraftView:
    """What would leave of a person, made anew each time; who opens it stands in the log."""
    made, call, person = await _allowed(here, caller, request, (call_id, participant_id, system))
    drafted = await made.draft(call, person, system, caller.actor, language or language_of(request))
    return DraftView(digest=drafted.digest, note=drafted.body)


@router.post("/participants/{participant_id}/drafts/{system}/accept", status_code=201)
async def accept(
    call_id: CallId,
    participant_id: ParticipantId,
    system: System,
    body: AcceptBody,
    here: Here,
    caller: Reviewing,
    request: Request,
) -> NoteView:
    """Let a note leave, once: it goes the same way as a prompt that is accepted, with the same entry in the log."""
    made, call, person = await _allowed(here, caller, request, (call_id, participant_id, system))
    if await asyncio.to_thread(made.has_left, call, person, system):
        raise ProblemError(CONFLICT, "a note about this person has left for this system already", "Read that one.")
    drafted: Drafted = await made.draft(call, person, system, caller.actor, body.language or language_of(request))
    if drafted.digest != body.digest:
        raise ProblemError(CONFLICT, "the draft has changed since it was shown", "Look at the draft again.")
    await made.accept(call, person, drafted, body.text, caller.actor)
    return NoteView(note=await asyncio.to_thread(made.read, call, person, system, caller.actor))


@router.get("/participants/{participant_id}/notes/{system}")
async def note(
    call_id: CallId, participant_id: ParticipantId, system: System, here: Here, caller: Carrying, request: Request
) -> NoteView:
    """A note that a reviewer let leave, for the program that puts it where it belongs; erased with the person."""
    call, person = await asyncio.to_thread(Roster(here.tenant.vault).person, call_id, participant_id)
    made = _drafting(here, request)
    return NoteView(note=await asyncio.to_thread(made.read, call, person, system, caller.actor))


async def _allowed(
    here: Services, caller: Caller, request: Request, place: tuple[str, str, System]
) -> tuple[Drafting, KnownCall, KnownPerson]:
    """Whom a draft is about, where the policy lets one be made and this reviewer is the one; else ProblemError."""
    call_id, participant_id, system = place
    call, person = await asyncio.to_thread(Roster(here.tenant.vault).person, call_id, participant_id)
    made = _drafting(here, request)
    permissions = await asyncio.to_thread(made.permissions, call)
    why = made.against(call, person, system, permissions)
    if why in (OPEN, RECIPIENTS):
        raise ProblemError(CONFLICT, f"nothing leaves of this person: {why}", FIXES[why])
    if why is not None:
        raise ProblemError(POLICY, f"nothing leaves of this person: {why}", FIXES.get(why, "See docs/drafts.md."))
    if not may_see(here, caller, call, person):
        raise ProblemError(REVIEWER)
    return made, call, person


def _drafting(here: Services, request: Request) -> Drafting:
    return Drafting(here, site_of(request).config.server.public_url or "")


def _everybody(here: Services, call_id: str) -> tuple[KnownCall, Sequence[KnownPerson]]:
    roster = Roster(here.tenant.vault)
    call = roster.call(call_id)
    return call, roster.people(call.call_ref)


def _offers(
    here: Services, caller: Caller, call: KnownCall, people: Sequence[KnownPerson], wanted: Sequence[System]
) -> Sequence[OfferView]:
    made = Drafting(here, "")
    permissions = made.permissions(call)
    return [
        OfferView.model_validate(
            {
                "participant_id": one.participant_id,
                "role": one.role,
                "system": system,
                "stays": made.against(call, one, system, permissions) or _unseen(here, caller, call, one),
                "left": made.has_left(call, one, system),
            }
        )
        for one in people
        for system in wanted
    ]


def _unseen(here: Services, caller: Caller, call: KnownCall, person: KnownPerson) -> str | None:
    return None if may_see(here, caller, call, person) else "reviewer"
