"""What an officer needs to prove what was done: answers, erasures with their clocks, deletions, the log by person."""

import asyncio
from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Annotated, Any

from fastapi import APIRouter, Response
from pydantic import Field

from countenance.consent.retention import LEAST_LOG_DAYS
from countenance.contracts.call import Purpose
from countenance.contracts.trust import ConsentStatus, LogEntry
from countenance.control.oversight import AnswerRow, ErasureRow, Oversight
from countenance.control.retention import Retention
from countenance.inference.tables import Table
from countenance.server.access import Caller, Here, needs
from countenance.server.api.audit import EntryView
from countenance.server.api.paths import ID
from countenance.server.api.shapes import Given, PersonRef, ReadModality, utc_text
from countenance.server.idempotency import OnceRoute
from countenance.server.paging import Cursor, Limit, decode, encode, page
from countenance.server.proofs import pack_of
from countenance.server.scopes import Scope
from countenance.server.tenancy import Services

router = APIRouter(prefix="/v1", tags=["oversight"], route_class=OnceRoute)

looking = needs(Scope.AUDIT)
Officer = Annotated[Caller, looking]
ZIP = "application/zip"
Kind = Annotated[str | None, Field(pattern="^[A-Z_]{2,24}$", description="Such as CONSENT; all when left out.")]


class LedgerView(Given):
    """One answer; whose it is stands only behind the entry of the log."""

    seq: int
    modality: str
    purpose: str
    status: ConsentStatus
    kind: str
    version: int
    at: str
    expires: str | None
    notice: str | None
    language: str | None


class LedgerPage(Given):
    """A page of answers."""

    items: Sequence[LedgerView]
    next: str | None = Field(description="The cursor of the next page; null at the end.")


class PersonBody(Table):
    """Whom a search is about."""

    person: PersonRef


class ErasureView(Given):
    """An erasure and its clock."""

    erasure_id: str
    seq: int
    asked_at: str
    erased_at: str | None
    key_destroyed_at: str | None = Field(description="When the key of older backups went.")
    due_at: str = Field(description="By when it must have gone.")
    receivers_waiting: int
    receivers_not_reached: int


class ErasureList(Given):
    """Erasures, the newest first."""

    items: Sequence[ErasureView]
    next: str | None = Field(description="The cursor of the next page; null at the end.")


class RetentionView(Given):
    """What is deleted because its time is over."""

    due_now: Mapping[str, int] = Field(description="What the next run deletes, by kind.")
    undated: Mapping[str, int] = Field(description="What no date was given to: somebody has to decide.")
    next_due_at: str | None
    log_days: int = Field(description="How long the log is kept, at least.")
    runs: Sequence[EntryView]
    next: str | None = Field(description="The cursor of the runs before these; null at the end.")


class SearchBody(Table):
    """What to look for in the log; a person, a call, or the newest entries."""

    person: PersonRef | None = None
    call_id: str | None = Field(default=None, pattern=ID)
    kind: Kind = None


class SearchView(Given):
    """Entries, the newest first."""

    items: Sequence[EntryView]
    whole: bool = Field(description="False: there are more than are shown.")


@router.get("/consents")
async def ledger(
    here: Here,
    _: Officer,
    limit: Limit = 50,
    cursor: Cursor = None,
    modality: ReadModality | None = None,
    purpose: Purpose | None = None,
    status: ConsentStatus | None = None,
) -> LedgerPage:
    """The consent ledger: every answer, the newest first, and nobody's name."""
    chosen = {"modality": modality, "purpose": purpose and str(purpose), "status": status and str(status)}
    found = await asyncio.to_thread(_oversight(here).answers, limit + 1, _before(cursor), **chosen)
    items, following = page(found, limit, lambda one: encode(one.seq))
    return LedgerPage(items=[_answer(one) for one in items], next=following)


@router.post("/consents/search")
async def answers_of(body: PersonBody, here: Here, caller: Officer) -> LedgerPage:
    """The answers of one person; the search stands in the log."""
    found = await asyncio.to_thread(_oversight(here).answers_of, body.person, caller.actor)
    return LedgerPage(items=[_answer(one) for one in found], next=None)


@router.get("/erasures")
async def erasures(here: Here, _: Officer, limit: Limit = 50, cursor: Cursor = None) -> ErasureList:
    """Erasures and their clocks: what was deleted when, and by when the last copy can be read by nobody."""
    found = await asyncio.to_thread(_oversight(here).erasures, limit + 1, _before(cursor))
    items, following = page(found, limit, lambda one: encode(one.seq))
    return ErasureList(items=[_erasure(one) for one in items], next=following)


@router.get("/retention")
async def retention(here: Here, _: Officer, limit: Limit = 20, cursor: Cursor = None) -> RetentionView:
    """What is due, what has no date, and the runs before."""
    terms = here.deployed.terms
    days = LEAST_LOG_DAYS if terms is None else terms.log_days
    job = Retention(here.tenant.log, here.tenant.vault, here.control.clock, days)
    plan = await asyncio.to_thread(job.run, dry_run=True)
    found = await asyncio.to_thread(_oversight(here).runs, limit + 1, _before(cursor))
    runs, following = page(found, limit, lambda one: encode(one.seq))
    due = {**plan.payloads, "answers": plan.answers, "seats": plan.seats, "entries": plan.entries}
    return RetentionView(
        due_now={name: count for name, count in due.items() if count},
        undated=plan.undated,
        next_due_at=None if plan.next_due_utc_us is None else utc_text(plan.next_due_utc_us),
        log_days=max(days, LEAST_LOG_DAYS),
        runs=[_entry(one) for one in runs],
        next=following,
    )


@router.post("/audit/search")
async def search(body: SearchBody, here: Here, caller: Officer, limit: Limit = 100) -> SearchView:
    """Entries about a person or a call, or the newest; a search for a person stands in the log itself."""
    found = await asyncio.to_thread(_search, here, body, caller.actor, limit + 1)
    return SearchView(items=[_entry(one) for one in found[:limit]], whole=len(found) <= limit)


@router.get(
    "/evidence",
    dependencies=[needs(Scope.EVIDENCE)],
    response_class=Response,
    responses={200: {"content": {ZIP: {}}}},
)
async def evidence(here: Here) -> Response:
    """The evidence pack: impact assessment, cards, notices, retention page, ledger, verification, rulings."""
    made: BytesIO = await asyncio.to_thread(pack_of, here)
    name = f'attachment; filename="evidence-{here.deployed.id}.zip"'
    return Response(made.getvalue(), headers={"content-disposition": name}, media_type=ZIP)


def _before(cursor: str | None) -> int | None:
    """The last entry that was seen; None on the first page."""
    return None if cursor is None else int(decode(cursor, int)[0])


def _oversight(here: Services) -> Oversight:
    return Oversight(here.tenant.log, here.tenant.vault)


def _search(here: Services, body: SearchBody, actor: str, most: int) -> Sequence[LogEntry]:
    log = _oversight(here)
    if body.person is None and body.call_id is None:
        return log.newest(body.kind, most)
    enough = most if body.kind is None else 1_000_000
    found = log.of_call(str(body.call_id), enough) if body.person is None else log.of_person(body.person, actor, enough)
    return [one for one in found if body.kind in (None, one.kind)][:most]


def _answer(one: AnswerRow) -> LedgerView:
    return LedgerView(
        seq=one.seq,
        modality=one.modality,
        purpose=one.purpose,
        status=ConsentStatus(one.status),
        kind=one.kind,
        version=one.version,
        at=utc_text(one.at_utc_us),
        expires=None if one.expires_utc_us is None else utc_text(one.expires_utc_us),
        notice=one.notice,
        language=one.language,
    )


def _erasure(one: ErasureRow) -> ErasureView:
    def text(at_us: int | None) -> str | None:
        return None if at_us is None else utc_text(at_us)

    return ErasureView(
        erasure_id=one.erasure_id,
        seq=one.seq,
        asked_at=utc_text(one.asked_utc_us),
        erased_at=text(one.erased_utc_us),
        key_destroyed_at=text(one.destroyed_utc_us),
        due_at=utc_text(one.due_utc_us),
        receivers_waiting=one.waiting,
        receivers_not_reached=one.not_reached,
    )


def _entry(one: LogEntry) -> EntryView:
    body: Mapping[str, Any] = one.body
    return EntryView(seq=one.seq, kind=one.kind, at=one.at, hash=one.hash, body=body)
