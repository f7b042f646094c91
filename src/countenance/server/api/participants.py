"""The people on a call: who joins, what may be read of them, tokens with which they act for themselves."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Request, Response
from pydantic import Field

from countenance.audit.timekeeping import text_of
from countenance.contracts.call import Role
from countenance.contracts.errors import NotFoundError, OverloadError
from countenance.contracts.trust import ConsentStatus
from countenance.control.roster import Roster
from countenance.inference.tables import Table
from countenance.server.access import NO_SUCH, Here, needs, site_of
from countenance.server.api.paths import CallId, Limits, ParticipantId
from countenance.server.api.shapes import Facts, Given, Language, PersonRef, Place, ReasonsIn, RulingView, check_words
from countenance.server.config import LimitsTable
from countenance.server.idempotency import OnceRoute
from countenance.server.live import LIVE, Joining, LiveCall
from countenance.server.outgoing import READ
from countenance.server.scopes import Position, Scope
from countenance.server.tenancy import Services
from countenance.server.tokens import LONGEST, Seat

router = APIRouter(prefix="/v1/calls/{call_id}/participants", tags=["participants"], route_class=OnceRoute)
tokens = APIRouter(prefix="/v1", tags=["tokens"], route_class=OnceRoute)

Minutes = Annotated[int, Field(ge=1, le=LONGEST // timedelta(minutes=1), description="How long it is valid.")]


class NewParticipant(Table):
    """Somebody who joins."""

    name: str = Field(min_length=1, max_length=200, description="Shown to people, written to no log.")
    role: Role = Field(description="What they are to the deployment; the law speaks about roles.")
    person: PersonRef
    facts: Facts = Field(default_factory=dict)
    jurisdictions: tuple[Place, ...] = Field(
        default=(), max_length=8, description="Where they are, beside the places of the deployment."
    )


class ParticipantView(Given):
    """Somebody on a call."""

    participant_id: str
    role: Role
    name: str | None = Field(default=None, description="Only while they are on the call.")
    here: bool = Field(description="Whether they are on the call now.")
    paused: bool = Field(default=False, description="Whether they have paused: nothing is read until they go on.")
    hints: Mapping[str, ConsentStatus] = Field(
        default_factory=dict, description="What a LiveKit room shows of their consent; it permits nothing."
    )
    modalities: Sequence[RulingView] = Field(default=(), description="What the gate says; consent is asked beside it.")


class TokenBody(Table):
    """A token for a participant."""

    minutes: Minutes = 120


class ReviewerBody(Table):
    """A token for one named human reviewer."""

    reviewer: PersonRef
    position: Literal["coach", "tutor", "teacher", "clinician"]
    call_id: str | None = Field(default=None, max_length=128, description="For this call alone.")
    minutes: Minutes = 120


class TokenView(Given):
    """A token; it is shown once."""

    token: str
    expires_at: str
    url: str = Field(description="An invitation: whoever opens it is signed in to the pages as this person.")


@router.post("", status_code=201, dependencies=[needs(Scope.CALLS_WRITE)])
async def join(
    call_id: CallId, body: NewParticipant, here: Here, limits: Limits, response: Response
) -> ParticipantView:
    """Somebody joins: each modality of theirs is put to the gate, and what they answered before holds again."""
    live = here.calls.get(call_id)
    check_room(limits, len(live.running.seats) - len(live.running.left) + 1)
    participant = await here.calls.join(call_id, joined(body))
    response.headers["Location"] = f"/v1/calls/{call_id}/participants/{participant.id}"
    return _one(live, participant.id)


@router.get("/{participant_id}", dependencies=[needs(Scope.CALLS_READ, own=True)])
async def look(
    call_id: CallId,
    participant_id: ParticipantId,
    here: Here,
    language: ReasonsIn = "en",
) -> ParticipantView:
    """Somebody on a running call."""
    return _one(here.calls.get(call_id), participant_id, language)


@router.delete("/{participant_id}", status_code=204, dependencies=[needs(Scope.CALLS_WRITE, own=True)])
async def leave(call_id: CallId, participant_id: ParticipantId, here: Here) -> None:
    """Somebody leaves: nothing is read of them until they come back. What was read stays until they ask otherwise."""
    await here.calls.leave(call_id, participant_id)


@router.post("/{participant_id}/tokens", status_code=201, dependencies=[needs(Scope.TOKENS)])
async def token(
    request: Request, call_id: CallId, participant_id: ParticipantId, body: TokenBody, here: Here
) -> TokenView:
    """A short-lived token with which this participant acts for themselves, in this call alone."""
    here.calls.get(call_id).person_of(participant_id)
    life = timedelta(minutes=body.minutes)
    return _token(request, here, here.tokens.for_participant(Seat(call_id, participant_id), life), life)


@tokens.post("/reviewer-tokens", status_code=201, dependencies=[needs(Scope.TOKENS)])
async def reviewer_token(request: Request, body: ReviewerBody, here: Here) -> TokenView:
    """A short-lived token for a named human reviewer, who may see what was read of single people in that role."""
    life = timedelta(minutes=body.minutes)
    text = here.tokens.for_reviewer(body.reviewer, Position(body.position), body.call_id, life)
    return _token(request, here, text, life)


def joined(body: NewParticipant) -> Joining:
    """The same as the calls take it; raises ProblemError for words that no law knows."""
    check_words(body.jurisdictions, body.facts)
    return Joining(body.name, body.role, body.person, body.facts, body.jurisdictions)


def check_room(limits: LimitsTable, people: int) -> None:
    """Raise OverloadError where a call has too many people."""
    if people > limits.participants:
        problem = f"a call takes {limits.participants} people"
        raise OverloadError(problem, "Raise [limits] participants, or begin another call.")


def of_live(live: LiveCall, language: Language = "en") -> Sequence[ParticipantView]:
    """Everybody on a call."""
    return [_one(live, one.id, language) for one in live.call.participants]


def in_store(here: Services, call_ref: str) -> Sequence[ParticipantView]:
    """Everybody of a call that is over, as far as they are known any more."""
    people = Roster(here.tenant.vault).people(call_ref)
    return [ParticipantView(participant_id=one.participant_id, role=Role(one.role), here=False) for one in people]


def _one(live: LiveCall, participant_id: str, language: Language = "en") -> ParticipantView:
    found = next((one for one in live.call.participants if one.id == participant_id), None)
    if found is None:
        raise NotFoundError(*NO_SUCH)
    rulings, here = tuple(live.running.rulings.items()), live.state == LIVE and found.id not in live.running.left
    return ParticipantView(
        participant_id=found.id,
        role=found.role,
        name=found.name if here else None,
        here=here,
        paused=found.id in live.running.paused,
        hints=_hints(live, found.id) if here else {},
        modalities=[RulingView.of(ruling, language) for (who, _), ruling in rulings if who == found.id],
    )


def _hints(live: LiveCall, participant_id: str) -> Mapping[str, ConsentStatus]:
    """As its worker last saw them; anybody may write what they like there, so only known words pass."""
    load = {} if live.worker is None else live.worker.load.calls.get(live.id, {})
    said = load.get("hints", {}).get(participant_id, {})
    return {m: ConsentStatus(said[m]) for m in READ if said.get(m) in tuple(ConsentStatus)}


def _token(request: Request, here: Services, text: str, life: timedelta) -> TokenView:
    public = site_of(request).config.server.public_url or str(request.base_url)
    until = text_of(here.control.clock.utc() + life)
    return TokenView(token=text, expires_at=until, url=f"{public.rstrip('/')}/sign-in#{text}")
