"""What people say of their own seconds, and reviewers of those they may see: kept with the person's yes alone."""

import asyncio
from collections.abc import Sequence
from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import Field

from countenance.consent.label_notice import label_notice, shown
from countenance.contracts.errors import ForbiddenError, UsageError
from countenance.control.labels import NONE, Label, Labelled
from countenance.control.roster import KnownCall, KnownPerson, Roster
from countenance.inference.tables import Table
from countenance.server.access import Caller, Here, needs
from countenance.server.api.paths import CallId, ParticipantId
from countenance.server.api.readings import may_see
from countenance.server.api.shapes import Given
from countenance.server.idempotency import OnceRoute
from countenance.server.kinds import CONSENT, REVIEWER
from countenance.server.problems import ProblemError
from countenance.server.scopes import Scope
from countenance.server.tenancy import Services
from countenance.server.watching import OWN
from countenance.storage.wiping import Seat

router = APIRouter(prefix="/v1/calls/{call_id}", tags=["labels"], route_class=OnceRoute)

Looking = Annotated[Caller, needs(Scope.CALLS_READ, own=True)]
Owner = Annotated[Caller, needs(Scope.PARTICIPANT, own=True)]
Language = Literal["en", "de", "es", "fr"]
REVIEW = "review"
LONGEST_US = 2**53 - 1


class AgreementView(Given):
    """The question whether labels may be kept, and how it was answered."""

    given: bool
    text: str = Field(description="To be shown word for word.")
    text_sha256: str
    language: Language


class AgreementBody(Table):
    """The person's own answer."""

    given: bool = Field(description="False takes it back, and deletes the labels.")
    text_sha256: str = Field(pattern="^[0-9a-f]{64}$", description="Of the text that they had before them.")


class LabelBody(Table):
    """A label of a stretch of a call."""

    participant_id: str = Field(min_length=1, max_length=128, description="Whom it is of.")
    start_us: int = Field(ge=0, le=LONGEST_US)
    end_us: int = Field(ge=1, le=LONGEST_US)
    label: str = Field(pattern=r"^[a-z][a-z0-9_]{0,60}$", description="One of the taxonomy; `none`: none of them fits.")
    taxonomy: str = Field(default="engagement.v1", pattern=r"^[a-z0-9_]{1,40}\.v[0-9]{1,4}$")
    source: Literal["self", "reviewer"]


class LabelView(Given):
    """A label that is kept."""

    label_id: str
    participant_id: str
    start_us: int
    end_us: int
    taxonomy: str
    label: str
    source: Literal["self", "reviewer"]
    leading: str = Field(description="What the readings said of most of these seconds; `none` where nothing led.")


class LabelList(Given):
    """Labels of a call."""

    items: Sequence[LabelView]


@router.get("/participants/{participant_id}/label-consent")
async def asked(
    call_id: CallId, participant_id: ParticipantId, here: Here, caller: Looking, language: Language = "en"
) -> AgreementView:
    """Whether this person agrees that labels of theirs are kept, and the words to ask with."""
    seat = await _seat(here, caller, call_id, participant_id)
    return await _agreement(here, seat, language)


@router.post("/participants/{participant_id}/label-consent")
async def agree(
    call_id: CallId, participant_id: ParticipantId, body: AgreementBody, here: Here, caller: Owner
) -> AgreementView:
    """The person agrees, or takes it back; nobody can do that for them."""
    seat, notice = await _seat(here, caller, call_id, participant_id), shown(body.text_sha256)
    await asyncio.to_thread(here.control.labels.answer, seat, notice, given=body.given)
    return await _agreement(here, seat, notice.language)


@router.post("/labels", status_code=201)
async def label(call_id: CallId, body: LabelBody, here: Here, caller: Looking) -> LabelView:
    """Say what was to be seen and heard in some seconds; "this was wrong" is `none`, or the label that fits."""
    own = caller.seat is not None
    if own is not (body.source == "self"):
        raise ForbiddenError(f"a label of the source {body.source!r} comes from somebody else", "See `source`.")
    if body.end_us <= body.start_us:
        raise UsageError("end_us comes after start_us", "Name a stretch of the call.")
    known = (*here.calls.labels(body.taxonomy), NONE)
    if body.label not in known:
        raise UsageError(f"unknown label {body.label!r} of {body.taxonomy}", f"Known: {', '.join(known)}.")
    seat = await _seat(here, caller, call_id, body.participant_id)
    if not await asyncio.to_thread(here.control.labels.agreed, seat):
        raise ProblemError(CONSENT, "this person has not agreed that labels of theirs are kept")
    said = Label(body.taxonomy, body.label, body.source, body.start_us, body.end_us)
    actor = OWN if own else caller.actor
    kept = await asyncio.to_thread(here.control.labels.put, seat, said, actor)
    return _view(kept, body.participant_id)


@router.get("/labels")
async def labels(call_id: CallId, here: Here, caller: Looking) -> LabelList:
    """The labels of a call: one's own, or of those whom this reviewer may see."""
    call, people = await asyncio.to_thread(_everybody, here, call_id)
    seen = [one for one in people if may_see(here, caller, call, one)]
    if not seen and caller.seat is None and not caller.reviewer:
        raise ProblemError(REVIEWER)
    seats = [Seat(one.subject_ref, call.call_ref) for one in seen]
    actor = OWN if caller.seat is not None else caller.actor
    found = await asyncio.to_thread(here.control.labels.of, seats, actor, REVIEW)
    names = {one.subject_ref: one.participant_id for one in seen}
    return LabelList(items=[_view(one, names[one.subject_ref]) for one in found])


async def _seat(here: Services, caller: Caller, call_id: str, participant_id: str) -> Seat:
    """Where a person sits whom this caller may see; raises ProblemError."""
    call, person = await asyncio.to_thread(Roster(here.tenant.vault).person, call_id, participant_id)
    if not may_see(here, caller, call, person):
        raise ProblemError(REVIEWER)
    return Seat(person.subject_ref, call.call_ref)


async def _agreement(here: Services, seat: Seat, language: str) -> AgreementView:
    notice = label_notice(language)
    given = await asyncio.to_thread(here.control.labels.agreed, seat)
    return AgreementView.model_validate(
        {"given": given, "text": notice.text, "text_sha256": notice.sha256, "language": language}
    )


def _everybody(here: Services, call_id: str) -> tuple[KnownCall, Sequence[KnownPerson]]:
    roster = Roster(here.tenant.vault)
    call = roster.call(call_id)
    return call, roster.people(call.call_ref)


def _view(one: Labelled, participant_id: str) -> LabelView:
    label = one.label
    return LabelView.model_validate(
        {
            "label_id": one.label_id,
            "participant_id": participant_id,
            "start_us": label.start_us,
            "end_us": label.end_us,
            "taxonomy": label.taxonomy,
            "label": label.label,
            "source": label.source,
            "leading": one.leading,
        }
    )
