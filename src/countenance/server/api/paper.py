"""The review of a call to take along: the same summary, readings and comments as the API gives, as a PDF."""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any

from fastapi import APIRouter, Request, Response

from countenance.control.access import SUMMARY, Access
from countenance.control.remarks import COMMENT, SCORECARD, About, Remarks
from countenance.control.roster import KnownCall, KnownPerson, Roster
from countenance.server.access import Caller, Here, site_of
from countenance.server.api.paths import CallId
from countenance.server.api.readings import REVIEW, SERVICE, Looking, may_see
from countenance.server.api.shapes import Spoken
from countenance.server.idempotency import OnceRoute
from countenance.server.papers import PDF, file_name
from countenance.server.scopes import Scope
from countenance.server.summaries import shown_to, with_reasons
from countenance.server.tenancy import Services
from countenance.server.watching import OWN
from countenance.server.words import language_of
from countenance.surface.envelope import SAMPLE
from countenance.surface.paper_blocks import Review, Said
from countenance.surface.series import Episode, Series, episodes_of_halves, series_of_blocks

router = APIRouter(prefix="/v1/calls/{call_id}", tags=["readings"], route_class=OnceRoute)


@router.get("/summary.pdf", response_class=Response, responses={200: {"content": {PDF: {}}}})
async def paper(call_id: CallId, here: Here, caller: Looking, request: Request, language: Spoken = None) -> Response:
    """The review of a call as a tagged PDF (PDF/UA-1): what this reader may see, and no words that were said."""
    call, people = await asyncio.to_thread(_everybody, here, call_id)
    seen = [one for one in people if may_see(here, caller, call, one)]
    whole = await here.calls.summary(call_id, SERVICE, SUMMARY)
    spoken = language or language_of(request)
    review = await asyncio.to_thread(_review, here, caller, call, seen, with_reasons(whole, spoken))
    made = await site_of(request).papers.pdf(review, spoken)
    name = file_name(review.summary["call"]["started_at"])
    return Response(made, media_type=PDF, headers={"content-disposition": f'attachment; filename="{name}"'})


def _review(
    here: Services, caller: Caller, call: KnownCall, seen: Sequence[KnownPerson], whole: dict[str, Any]
) -> Review:
    """What the log says is looked at, opened and put together."""
    series, episodes = _read(here, caller, call, seen)
    comments, answers = _remarks(here, caller, call, seen)
    return Review(
        summary=shown_to({one.participant_id for one in seen}, whole),
        series=series,
        episodes=episodes,
        made_at=here.control.clock.utc(),
        comments=comments,
        answers=answers,
    )


def _read(
    here: Services, caller: Caller, call: KnownCall, seen: Sequence[KnownPerson]
) -> tuple[Sequence[Series], Sequence[Episode]]:
    access = Access(here.tenant.log, here.tenant.vault)
    actor = OWN if caller.seat is not None else caller.actor
    found: list[Any] = []
    for one in seen:
        access.look(call.call_ref, one.subject_ref, actor, REVIEW, SUMMARY)
        opened = access.read(one.person, actor, REVIEW, call.call_ref)
        found += [reading for each in opened if each.context == "result" for reading in each.data.get("readings", ())]
    samples = [one["data"] for one in found if one["type"] == SAMPLE]
    samples.sort(key=lambda data: (data["window"]["start_us"], data["subject"]["participant_id"]))
    return series_of_blocks(samples), episodes_of_halves(_halves(found))


def _halves(found: Iterable[Any]) -> Iterable[tuple[str, str, Any]]:
    for one in found:
        parts = str(one["type"]).split(".")
        if one["type"] != SAMPLE and parts[2] == "signal":
            yield parts[3], parts[4], one["data"]


def _remarks(
    here: Services, caller: Caller, call: KnownCall, seen: Sequence[KnownPerson]
) -> tuple[Sequence[Said], Sequence[tuple[str, int | None]]]:
    """Comments, and this reviewer's own scorecard; people on the call find what is said of them in their export."""
    if caller.seat is not None or Scope.READINGS not in caller.scopes:
        return (), ()
    remarks = Remarks(here.tenant.log, here.tenant.vault, here.control.clock)
    about = {one.subject_ref: one.participant_id for one in seen}
    wanted = [About(call.call_ref, ref) for ref in about]
    comments = [
        Said(one.said["at_us"], about[one.about.subject_ref], one.said["words"])
        for one in remarks.all(wanted, COMMENT, caller.actor)
    ]
    cards = [one for one in remarks.all(wanted, SCORECARD, caller.actor) if one.actor == caller.actor]
    answers = [(str(one["question"]), one["score"]) for one in cards[-1].said["answers"]] if cards else []
    return sorted(comments, key=lambda one: one.at_us), answers


def _everybody(here: Services, call_id: str) -> tuple[KnownCall, Sequence[KnownPerson]]:
    roster = Roster(here.tenant.vault)
    call = roster.call(call_id)
    return call, roster.people(call.call_ref)
