"""What stands beside the readings of a call for who reviews it: the words, kept media, comments, scorecards."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse
from pydantic import Field

from countenance.contracts.errors import NotFoundError, VaultError
from countenance.contracts.media import SECOND_US
from countenance.contracts.waves import BARS
from countenance.control.remarks import COMMENT, SCORECARD, About, Remark, Remarks
from countenance.control.roster import KnownCall, KnownPerson, Roster
from countenance.inference.tables import Table
from countenance.server.access import NO_SUCH, Caller, Here, needs, site_of
from countenance.server.api.paths import CallId, ParticipantId
from countenance.server.api.readings import may_see
from countenance.server.api.shapes import Given
from countenance.server.idempotency import OnceRoute
from countenance.server.kinds import REVIEWER
from countenance.server.problems import ProblemError
from countenance.server.recordings import kept_media
from countenance.server.scopes import Scope
from countenance.server.tenancy import Services

router = APIRouter(prefix="/v1/calls/{call_id}", tags=["review"], route_class=OnceRoute)

Reading = Annotated[Caller, needs(Scope.READINGS)]
LONGEST_US = 24 * 3_600 * SECOND_US
MOST_QUESTIONS = 20


class LineView(Given):
    """Something that was said."""

    participant_id: str
    start_us: int
    end_us: int
    text: str = Field(description="Empty where the person has taken their words back.")
    status: str = Field(description="`read`, or why it was not.")


class GoneView(Given):
    """That somebody was erased from this call."""

    seq: int = Field(description="The entry of the log that says so.")
    at: str
    erasure_id: str


class ReviewView(Given):
    """What there is of a call beside the readings."""

    transcript_kept: bool = Field(description="Words are never stored: they are there for ten minutes after the end.")
    transcript: Sequence[LineView]
    erased: Sequence[GoneView]
    media: str | None = Field(description="Media type of the recording that the operator keeps of this call, if any.")


class TrackView(Given):
    """One sound track of a recording."""

    name: str = Field(description="As the recording calls it; empty where it says nothing.")
    peaks: Sequence[int] = Field(
        max_length=BARS, description="0 to 255 for each equal part of the recording; 255 is the loudest of this track."
    )


class WaveView(Given):
    """How loud a recording is over time, to be drawn; it says nothing of who speaks."""

    duration_us: int
    tracks: Sequence[TrackView] = Field(description="Empty where the sound cannot be drawn.")


class CommentBody(Table):
    """A comment about somebody at a time of the call."""

    participant_id: str = Field(min_length=1, max_length=128)
    at_us: int = Field(ge=0, le=LONGEST_US)
    words: str = Field(min_length=1, max_length=2_000)


class CommentView(Given):
    """A comment as it stands."""

    comment_id: str
    participant_id: str
    at_us: int
    words: str
    said_at: str
    own: bool = Field(description="Whether who asks wrote it, and may take it back.")


class CommentList(Given):
    """The comments on a call that this reviewer may see."""

    items: Sequence[CommentView]


class Score(Table):
    """One question of a scorecard and its answer."""

    question: str = Field(min_length=1, max_length=200)
    score: int | None = Field(ge=1, le=5, description="Null: it did not come up.")


class ScorecardBody(Table):
    """How a conversation went, in the eyes of a reviewer; about the conversation, never a person's worth."""

    answers: tuple[Score, ...] = Field(max_length=MOST_QUESTIONS)


class ScorecardView(Given):
    """A reviewer's own scorecard; nobody answered yet where `answers` is empty."""

    answers: Sequence[Mapping[str, Any]]
    said_at: str | None


@router.get("/review")
async def review(call_id: CallId, here: Here, caller: Reading, request: Request) -> ReviewView:
    """The words while they are remembered, who was erased, and whether there is a recording to play."""
    call, people = await asyncio.to_thread(_everybody, here, call_id)
    seen = {one.participant_id for one in people if may_see(here, caller, call, one)}
    lines = here.calls.transcript(call_id)
    gone = await asyncio.to_thread(_gone, here, call)
    media = None if gone or len(seen) < len(people) else kept_media(site_of(request).config.media.kept, call_id)
    return ReviewView(
        transcript_kept=lines is not None,
        transcript=[
            LineView(
                participant_id=one.participant_id,
                start_us=one.start_us,
                end_us=one.end_us,
                text=one.text,
                status=one.status.value,
            )
            for one in lines or ()
            if one.participant_id in seen
        ],
        erased=gone,
        media=None if media is None else media[1],
    )


@router.get("/media", response_class=FileResponse)
async def media(call_id: CallId, here: Here, caller: Reading, request: Request) -> Response:
    """The recording that the operator keeps of this call; for who may review everybody on it, and nobody was erased."""
    file, kind = await _recording(call_id, here, caller, request)
    return FileResponse(file, media_type=kind)


@router.get("/media/wave")
async def wave(call_id: CallId, here: Here, caller: Reading, request: Request) -> WaveView:
    """How loud each sound track of that recording is over time: a few kilobytes, for the same readers."""
    file, _ = await _recording(call_id, here, caller, request)
    found = await site_of(request).waves.of(file)
    return WaveView(
        duration_us=found.duration_us, tracks=[TrackView(name=one.name, peaks=one.peaks) for one in found.tracks]
    )


@router.get("/comments")
async def comments(call_id: CallId, here: Here, caller: Reading) -> CommentList:
    """The comments about people whom this reviewer may see; who looks stands in the log."""
    call, people = await asyncio.to_thread(_everybody, here, call_id)
    seen = {one.subject_ref: one.participant_id for one in people if may_see(here, caller, call, one)}
    about = [About(call.call_ref, ref) for ref in seen]
    found = await asyncio.to_thread(_remarks(here).all, about, COMMENT, caller.actor)
    items = [_comment(one, seen[one.about.subject_ref], caller) for one in found]
    return CommentList(items=sorted(items, key=lambda one: one.at_us))


@router.post("/comments", status_code=201)
async def comment(call_id: CallId, body: CommentBody, here: Here, caller: Reading) -> CommentView:
    """Write a comment; it is sealed under the key of whom it is about, and goes when they are erased."""
    about = await _seen(here, caller, call_id, body.participant_id)
    said = {"at_us": body.at_us, "words": body.words}
    return _comment(await _add(here, about, COMMENT, caller, said), body.participant_id, caller)


@router.delete("/comments/{comment_id}", status_code=204)
async def take_back(call_id: CallId, comment_id: ParticipantId, here: Here, caller: Reading) -> Response:
    """Take one's own comment back."""
    await asyncio.to_thread(Roster(here.tenant.vault).call, call_id)
    await asyncio.to_thread(_remarks(here).remove, comment_id, caller.actor)
    return Response(status_code=204)


@router.get("/participants/{participant_id}/scorecard")
async def scorecard(call_id: CallId, participant_id: ParticipantId, here: Here, caller: Reading) -> ScorecardView:
    """This reviewer's own scorecard; nobody else sees it."""
    about = await _seen(here, caller, call_id, participant_id)
    own = await _own_cards(here, about, caller)
    return _card(own[-1]) if own else ScorecardView(answers=[], said_at=None)


@router.put("/participants/{participant_id}/scorecard")
async def score(
    call_id: CallId, participant_id: ParticipantId, body: ScorecardBody, here: Here, caller: Reading
) -> ScorecardView:
    """Keep a scorecard instead of the one before."""
    about = await _seen(here, caller, call_id, participant_id)
    before = await _own_cards(here, about, caller)
    said = {"answers": [one.model_dump() for one in body.answers]}
    kept = await _add(here, about, SCORECARD, caller, said)
    for one in before:
        await asyncio.to_thread(_remarks(here).remove, one.remark_id, caller.actor)
    return _card(kept)


async def _recording(call_id: str, here: Services, caller: Caller, request: Request) -> tuple[Path, str]:
    """The file and its media type, once the log says who looks."""
    call, people = await asyncio.to_thread(_everybody, here, call_id)
    if not all(may_see(here, caller, call, one) for one in people):
        raise ProblemError(REVIEWER)
    found = kept_media(site_of(request).config.media.kept, call_id)
    gone = await asyncio.to_thread(_gone, here, call)
    if found is None or gone:
        raise NotFoundError(*NO_SUCH)
    for one in people:
        await asyncio.to_thread(_remarks(here).look, _about(call, one), caller.actor, "media")
    return found


def _remarks(here: Services) -> Remarks:
    return Remarks(here.tenant.log, here.tenant.vault, here.control.clock)


def _everybody(here: Services, call_id: str) -> tuple[KnownCall, Sequence[KnownPerson]]:
    roster = Roster(here.tenant.vault)
    call = roster.call(call_id)
    return call, roster.people(call.call_ref)


def _about(call: KnownCall, person: KnownPerson) -> About:
    return About(call.call_ref, person.subject_ref)


def _gone(here: Services, call: KnownCall) -> Sequence[GoneView]:
    entries = (one for one in here.tenant.log.of_call(call.call_ref) if one.kind == "ERASURE")
    return [GoneView(seq=one.seq, at=one.at, erasure_id=str(one.body["erasure_id"])) for one in entries]


async def _seen(here: Services, caller: Caller, call_id: str, participant_id: str) -> About:
    call, person = await asyncio.to_thread(Roster(here.tenant.vault).person, call_id, participant_id)
    if not may_see(here, caller, call, person):
        raise ProblemError(REVIEWER)
    return _about(call, person)


async def _add(here: Services, about: About, context: str, caller: Caller, said: Mapping[str, Any]) -> Remark:
    try:
        return await asyncio.to_thread(_remarks(here).add, about, context, caller.actor, said)
    except VaultError as gone:
        raise NotFoundError(*NO_SUCH) from gone


async def _own_cards(here: Services, about: About, caller: Caller) -> Sequence[Remark]:
    found = await asyncio.to_thread(_remarks(here).all, [about], SCORECARD, caller.actor)
    return [one for one in found if one.actor == caller.actor]


def _comment(one: Remark, participant_id: str, caller: Caller) -> CommentView:
    return CommentView(
        comment_id=one.remark_id,
        participant_id=participant_id,
        at_us=one.said["at_us"],
        words=one.said["words"],
        said_at=one.said_at,
        own=one.actor == caller.actor,
    )


def _card(one: Remark) -> ScorecardView:
    return ScorecardView(answers=one.said["answers"], said_at=one.said_at)
