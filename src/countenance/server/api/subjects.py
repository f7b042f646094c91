"""What people may ask of their own data: by the deployment for a person, or by a participant for themselves."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Response
from pydantic import Field

from countenance.contracts.errors import ConsentError, NotFoundError, VaultError
from countenance.control.erasure import Eraser
from countenance.control.roster import Roster
from countenance.control.subject import MOST_WORDS, Seen, Subject
from countenance.inference.tables import Table
from countenance.server.access import NO_SUCH, Caller, Here, needs
from countenance.server.api.consent import said
from countenance.server.api.paths import CallId, ParticipantId
from countenance.server.api.shapes import AnswerView, Given, PersonRef, ReadModality, utc_text
from countenance.server.idempotency import OnceRoute
from countenance.server.scopes import Scope
from countenance.server.tenancy import Services

router = APIRouter(prefix="/v1/subjects", tags=["subjects"], route_class=OnceRoute)
own = APIRouter(
    prefix="/v1/calls/{call_id}/participants/{participant_id}/data", tags=["subjects"], route_class=OnceRoute
)

RECEIPT = "application/json"
asking = needs(Scope.SUBJECTS)
Themselves = Annotated[Caller, needs(Scope.SUBJECTS, own=True)]


class PersonBody(Table):
    """Whom a request is about; the deployment has checked that it is they who ask."""

    person: PersonRef


class DisputeBody(Table):
    """What is wrong with a reading."""

    payload_id: str = Field(pattern="^[0-9a-f]{32}$")
    words: str = Field(min_length=1, max_length=MOST_WORDS)


class SubjectDispute(DisputeBody):
    """The same, for a person."""

    person: PersonRef


class StopBody(PersonBody):
    """What they stop."""

    modalities: tuple[ReadModality, ...] | None = Field(default=None, description="All when left out.")


class EraseBody(PersonBody):
    """Whom to erase."""

    at_once: bool = Field(default=False, description="Destroy the key of older backups before answering, not in a day.")


class DisputeView(Given):
    """A dispute that stands beside its reading."""

    dispute_id: str


class SeenView(Given):
    """Everything that a person sees of their own."""

    person: str
    answers: Sequence[Mapping[str, Any]]
    readings: Sequence[Mapping[str, Any]]
    disputes: Sequence[Mapping[str, Any]]


@router.post("/see", dependencies=[asking])
async def see(body: PersonBody, here: Here) -> SeenView:
    """What is kept of a person (GDPR 15); the look is in the log like everybody's."""
    return await _see(here, body.person)


@router.post("/export", dependencies=[asking])
async def export(body: PersonBody, here: Here) -> Mapping[str, Any]:
    """Everything kept of a person, complete, for machines (GDPR 15 and 20)."""
    return await asyncio.to_thread(_subject(here).export, body.person)


@router.post("/disputes", status_code=201, dependencies=[asking])
async def dispute(body: SubjectDispute, here: Here) -> DisputeView:
    """Keep with a reading that the person says it is wrong."""
    return await _dispute(here, body.person, body)


@router.post("/stop", dependencies=[asking])
async def stop(body: StopBody, here: Here) -> Sequence[AnswerView]:
    """Withdraw every yes of a person, or those to some modalities, in every call; returns what was withdrawn."""
    return said(await here.calls.stop_person(body.person, body.modalities))


@router.post("/erase", dependencies=[asking], response_class=Response, responses={200: {"content": {RECEIPT: {}}}})
async def erase(body: EraseBody, here: Here) -> Response:
    """Stop everything, then erase the person; the answer is the signed deletion receipt."""
    return await _erase(here, body.person, at_once=body.at_once)


@router.get("/erasures/{erasure_id}", dependencies=[asking], response_class=Response)
async def receipt(erasure_id: ParticipantId, here: Here) -> Response:
    """The receipt of an erasure as things stand: rotation and the answers of receivers come into it."""
    eraser = Eraser(here.tenant.log, here.tenant.vault, here.control.clock)
    try:
        return Response(await asyncio.to_thread(eraser.receipt, erasure_id), media_type=RECEIPT)
    except VaultError as unknown:
        raise NotFoundError(*NO_SUCH) from unknown


@own.get("")
async def see_own(call_id: CallId, participant_id: ParticipantId, here: Here, _: Themselves) -> SeenView:
    """What is kept of this participant, in this call and every other."""
    return await _see(here, await _person(here, call_id, participant_id))


@own.get("/export")
async def export_own(call_id: CallId, participant_id: ParticipantId, here: Here, _: Themselves) -> Mapping[str, Any]:
    """Everything kept of this participant, to take along."""
    return await asyncio.to_thread(_subject(here).export, await _person(here, call_id, participant_id))


@own.post("/disputes", status_code=201)
async def dispute_own(
    call_id: CallId, participant_id: ParticipantId, body: DisputeBody, here: Here, _: Themselves
) -> DisputeView:
    """This participant says that a reading of theirs is wrong."""
    return await _dispute(here, await _person(here, call_id, participant_id), body)


@own.delete("", response_class=Response, responses={200: {"content": {RECEIPT: {}}}})
async def erase_own(call_id: CallId, participant_id: ParticipantId, here: Here, _: Themselves) -> Response:
    """Stop and delete: the answer is the signed deletion receipt."""
    return await _erase(here, await _person(here, call_id, participant_id), at_once=False)


def _subject(here: Services) -> Subject:
    tenant, control = here.tenant, here.control
    eraser = Eraser(tenant.log, tenant.vault, control.clock)
    return Subject(tenant.log, tenant.vault, control.consents, eraser, control.leave)


async def _person(here: Services, call_id: str, participant_id: str) -> str:
    _, known = await asyncio.to_thread(Roster(here.tenant.vault).person, call_id, participant_id)
    return known.person


async def _see(here: Services, person: str) -> SeenView:
    seen: Seen = await asyncio.to_thread(_subject(here).see, person)
    return SeenView(
        person=seen.person,
        answers=[asdict(one) for one in seen.answers],
        readings=[_dated(asdict(one)) for one in seen.readings],
        disputes=[dict(one) for one in seen.disputes],
    )


async def _dispute(here: Services, person: str, body: DisputeBody) -> DisputeView:
    try:
        made = await asyncio.to_thread(_subject(here).dispute, person, body.payload_id, body.words)
    except ConsentError as unknown:
        raise NotFoundError(*NO_SUCH) from unknown
    return DisputeView(dispute_id=made)


async def _erase(here: Services, person: str, *, at_once: bool) -> Response:
    # The worker first: `stop` tells it before the disk is waited for.
    await here.calls.stop_person(person)
    try:
        signed = await asyncio.to_thread(_subject(here).stop_and_delete, person, at_once=at_once)
    except VaultError as unknown:
        raise NotFoundError(*NO_SUCH) from unknown
    await here.calls.forget(person)
    if here.exporting is not None:
        # Who was erased must be known outside before an older backup can come back.
        here.exporting.wanted.set()
    return Response(signed, media_type=RECEIPT)


def _dated(reading: Mapping[str, Any]) -> dict[str, Any]:
    due = reading["delete_due_utc_us"]
    named = {name: value for name, value in reading.items() if name != "delete_due_utc_us"}
    return named | {"delete_due_at": None if due is None else utc_text(due)}
