"""Consent of one participant: the notice, their answers, what stands, and stopping."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from pydantic import Field

from countenance.consent.evidence import BY_TOGGLE, Evidence, Guardian
from countenance.contracts.errors import ConsentError, ForbiddenError, NotFoundError, VaultError
from countenance.contracts.trust import ConsentStatus
from countenance.control.receipts import Receipts
from countenance.control.roster import Roster
from countenance.inference.tables import Table
from countenance.server.access import NO_SUCH, Caller, Here, needs
from countenance.server.api.paths import ID, CallId, ParticipantId
from countenance.server.api.shapes import AnswerView, Digest, Given, Language, ReadModality
from countenance.server.api.standing import RegisterView, afterwards, register_of, running, view_of
from countenance.server.asking import Form
from countenance.server.idempotency import OnceRoute
from countenance.server.kinds import CONFLICT, ERASED
from countenance.server.problems import ProblemError
from countenance.server.scopes import Scope
from countenance.storage.consents import ConsentRow

router = APIRouter(prefix="/v1/calls/{call_id}/participants/{participant_id}", tags=["consent"], route_class=OnceRoute)

Own = Annotated[Caller, needs(Scope.CONSENT, own=True)]
Short = Annotated[str, Field(min_length=1, max_length=200)]
ReceiptId = Annotated[str, Path(pattern=ID, description="Of an answer.")]


class GuardianBody(Table):
    """Who agrees for a young person, and how they were checked."""

    name: Short
    relation: Short
    check: Literal["signed_form", "payment", "phone_call", "video_call", "government_id"]
    checked_by: Short
    checked_at: datetime


class EvidenceBody(Table):
    """What stands behind an answer; kept sealed."""

    act: Literal["toggle", "spoken", "typed_name", "electronic_signature", "paper"] = "toggle"
    name: Short | None = Field(default=None, description="The full name, as typed or signed.")
    document_sha256: Digest | None = None
    screenshot_sha256: Digest | None = None
    guardian: GuardianBody | None = None


class AnswerBody(Table):
    """What a person answers about one modality."""

    modality: Literal["face", "voice", "text", "telemetry"] = Field(
        description="`telemetry`, who spoke when: nobody asks for it; `refused` is an objection, and ends the counting."
    )
    status: Literal["given", "refused", "withdrawn"]
    notice_sha256: Digest | None = Field(
        default=None, description="`text_sha256` of the notice they had before them; a yes needs it."
    )
    kind: Literal["explicit", "express_written", "written_release", "parental_verifiable"] | None = Field(
        default=None, description="That which the ruling asks for, when left out."
    )
    evidence: EvidenceBody | None = None
    own_wish: bool = Field(default=False, description="The person opened the choice themselves; nobody asked.")


class Block(Given):
    """A part of a notice."""

    name: str
    title: str
    lines: Sequence[str]


class NoticeView(Given):
    """A notice as it must be shown, word for word."""

    notice: str
    language: str
    text_sha256: str = Field(description="Answer with this.")
    text: str
    spoken: str = Field(description="The short form, said or shown at first exposure.")
    blocks: Sequence[Block]
    modalities: Sequence[str] = Field(description="What is asked; each is an answer of its own.")
    shown_at: str


@router.get("/notice")
async def notice(
    call_id: CallId,
    participant_id: ParticipantId,
    here: Here,
    _: Own,
    language: Annotated[Language, Query(description="Of the text; an answer to it counts in any.")] = "en",
    own_wish: Annotated[bool, Query(description="The person opened the choice themselves; nobody asked.")] = False,
) -> NoticeView:
    """The notice for this person. That they have it before them is logged: show it when you have asked for it."""
    written, shown = await here.calls.show(call_id, participant_id, language, own_wish=own_wish)
    first = next(iter(shown.values()))
    return NoticeView(
        notice=written.id,
        language=written.language,
        text_sha256=written.sha256,
        text=written.text,
        spoken=written.spoken,
        blocks=[Block(name=one.name, title=one.title, lines=one.lines) for one in written.blocks],
        modalities=list(shown),
        shown_at=first.shown_at.isoformat().replace("+00:00", "Z"),
    )


@router.post("/consent", status_code=201)
async def answer(
    call_id: CallId, participant_id: ParticipantId, body: AnswerBody, here: Here, caller: Own
) -> AnswerView:
    """An answer of this person. A yes counts only to the notice they were shown; a no counts always, and at once."""
    if caller.seat is not None and body.evidence is not None and body.evidence.guardian is not None:
        raise ForbiddenError("nobody vouches for their own guardian", "The deployment checks them, with its own key.")
    status = ConsentStatus(body.status)
    if status is ConsentStatus.WITHDRAWN:
        rows = await here.calls.stop(call_id, participant_id, (body.modality,))
        if not rows:
            raise ProblemError(CONFLICT, f"there is no yes to {body.modality} to withdraw", "Refuse instead.")
        return view_of(rows[0])
    form = Form(body.kind, _evidence(body.evidence), body.notice_sha256, body.own_wish)
    return view_of(await here.calls.answer(call_id, participant_id, body.modality, status, form))


@router.get("/consent")
async def register(call_id: CallId, participant_id: ParticipantId, here: Here, _: Own) -> RegisterView:
    """What stands: of each modality the last answer, whether it may be read now, and all that was answered here.

    After the call nothing may be read; what stands then holds in the person's next call.
    """
    live = running(here, call_id)
    if live is None:
        return await asyncio.to_thread(afterwards, here, call_id, participant_id)
    live.person_of(participant_id)
    return register_of(live, participant_id)


@router.put("/pause")
async def pause(call_id: CallId, participant_id: ParticipantId, here: Here, _: Own) -> RegisterView:
    """Pause: nothing is read of this person until they resume. What they answered stands; no new consent is needed."""
    return register_of(await here.calls.pause(call_id, participant_id, on=True), participant_id)


@router.delete("/pause")
async def resume(call_id: CallId, participant_id: ParticipantId, here: Here, caller: Own) -> RegisterView:
    """Go on. Only the person themselves can: nobody resumes for them."""
    here.calls.get(call_id).person_of(participant_id)
    if caller.seat is None:
        raise ForbiddenError("only the person themselves goes on", "Use the token of the participant.")
    return register_of(await here.calls.pause(call_id, participant_id, on=False), participant_id)


@router.delete("/consent")
async def stop(
    call_id: CallId,
    participant_id: ParticipantId,
    here: Here,
    _: Own,
    modality: Annotated[list[ReadModality] | None, Query(description="Once per modality; all when left out.")] = None,
) -> Sequence[AnswerView]:
    """Stop, at once and in every call this person is on, now or later; returns what was withdrawn."""
    modalities = None if modality is None else tuple(modality)
    if running(here, call_id) is not None:
        return said(await here.calls.stop(call_id, participant_id, modalities))
    _call, known = await asyncio.to_thread(Roster(here.tenant.vault).person, call_id, participant_id)
    return said(await here.calls.stop_person(known.person, modalities))


@router.get("/receipts/{receipt_id}")
async def receipt(
    call_id: CallId,
    participant_id: ParticipantId,
    receipt_id: ReceiptId,
    here: Here,
    _: Own,
) -> Mapping[str, Any]:
    """The receipt of an answer with its proof, which can be checked without this service."""
    _call, known = await asyncio.to_thread(Roster(here.tenant.vault).person, call_id, participant_id)
    receipts = Receipts(here.tenant.log, here.tenant.vault)
    try:
        found = await asyncio.to_thread(receipts.receipt, receipt_id)
    except VaultError as gone:
        raise ProblemError(ERASED, instance=f"urn:receipt:{receipt_id}") from gone
    except ConsentError as unknown:
        raise NotFoundError(*NO_SUCH) from unknown
    if found["participant_id"] != known.person:
        raise NotFoundError(*NO_SUCH)
    return found


def said(rows: Sequence[ConsentRow]) -> Sequence[AnswerView]:
    """Answers as they were given, without their repetition in each call they hold in."""
    return [view_of(row) for row in rows if row.carries is None]


def _evidence(body: EvidenceBody | None) -> Evidence:
    if body is None:
        return BY_TOGGLE
    guardian = None if body.guardian is None else Guardian(**body.guardian.model_dump())
    return Evidence(body.act, body.name, body.document_sha256, body.screenshot_sha256, guardian)
