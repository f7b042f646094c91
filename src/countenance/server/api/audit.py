"""The log for whoever checks it: signed checkpoints, tiles, entries, and proofs that need no trust in this service."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response

from countenance.audit.checkpoint import parse_checkpoint
from countenance.audit.export import StoredLog
from countenance.audit.folder import AbsentError
from countenance.audit.proof import Proof, join
from countenance.audit.quorum import Policy
from countenance.audit.tiles import WIDTH, Tile, parse_path
from countenance.audit.verify import Report, verify
from countenance.contracts.errors import AuditError, NotFoundError
from countenance.server.access import NO_SUCH, Here, needs
from countenance.server.api.shapes import Given
from countenance.server.idempotency import OnceRoute
from countenance.server.paging import Cursor, Limit, decode, encode
from countenance.server.scopes import Scope
from countenance.server.tenancy import Services

router = APIRouter(prefix="/v1/audit", tags=["audit"], route_class=OnceRoute, dependencies=[needs(Scope.AUDIT)])

NOTE = "text/plain; charset=utf-8"
TILE = "application/octet-stream"
Size = Annotated[int, Query(ge=0, le=2**53 - 1)]
Seq = Annotated[int, Path(ge=0, le=2**53 - 1, description="The index of an entry.")]


class EntryView(Given):
    """One entry: references, counts and digests; nothing that was read of a person."""

    seq: int
    kind: str
    at: str
    hash: str
    body: Mapping[str, Any]


class EntryList(Given):
    """A page of the log."""

    items: Sequence[EntryView]
    next: str | None


class FindingView(Given):
    """Something that is wrong."""

    seq: int
    what: str


class ReportView(Given):
    """What a verification found."""

    holds: bool
    size: int
    root: str
    entries: int
    minimum: int
    findings: Sequence[FindingView]


@router.get("/checkpoint", response_class=Response)
async def checkpoint(here: Here) -> Response:
    """The signed state of the log (C2SP tlog-checkpoint)."""
    note = await asyncio.to_thread(here.tenant.log.checkpoint, at_once=True)
    return Response(note.data, media_type=NOTE)


@router.get("/key", response_class=Response)
async def key(here: Here) -> Response:
    """The verifier key; take it by another way as well before you trust it."""
    return Response(f"{here.tenant.log.key.verifier}\n", media_type=NOTE)


@router.get("/minimum", response_class=Response)
async def minimum(here: Here) -> Response:
    """The first entry that is still kept, as a number: retention may have deleted those before it."""
    return Response(f"{await asyncio.to_thread(StoredLog(here.tenant.log).minimum)}\n", media_type=NOTE)


@router.get("/tile/{path:path}", response_class=Response)
async def tile(path: Annotated[str, Path(max_length=64)], here: Here) -> Response:
    """A tile of hashes or a bundle of entries, as C2SP tlog-tiles lays them out."""
    try:
        data = await asyncio.to_thread(_tile, here, f"tile/{path}")
    except AbsentError as absent:
        raise NotFoundError(*NO_SUCH) from absent
    return Response(data, media_type=TILE)


@router.get("/entries")
async def entries(here: Here, limit: Limit = 100, cursor: Cursor = None) -> EntryList:
    """The entries in order, those that are kept."""
    start = 0 if cursor is None else max(0, int(decode(cursor, int)[0]))
    found, following = await asyncio.to_thread(_entries, here, start, limit)
    return EntryList(items=found, next=following)


@router.get("/entries/{seq}/proof", response_class=Response)
async def inclusion(seq: Seq, here: Here) -> Response:
    """The proof that an entry stands in the log, as a C2SP tlog-proof file with the signed checkpoint in it."""
    return Response((await asyncio.to_thread(_proof, here, seq)).data, media_type=NOTE)


@router.get("/consistency", response_class=Response)
async def consistency(here: Here, old: Size, new: Size) -> Response:
    """The hashes that show that the log of size `new` begins with that of size `old`, one a line in base64."""
    return Response(await asyncio.to_thread(_consistency, here, old, new), media_type=NOTE)


@router.post("/verify")
async def verified(here: Here) -> ReportView:
    """Check the whole log: signature, tree, numbers, clocks, and that nothing was read without a lease."""
    report = await asyncio.to_thread(_verify, here)
    return ReportView(
        holds=not report.findings,
        size=report.point.size,
        root=report.point.root.hex(),
        entries=report.entries,
        minimum=report.minimum,
        findings=[FindingView(seq=one.seq, what=one.problem) for one in report.findings],
    )


def _tile(here: Services, path: str) -> bytes:
    try:
        wanted = parse_path(path)
    except AuditError as stray:
        raise NotFoundError(*NO_SUCH) from stray
    log = here.tenant.log
    if not _is_there(wanted, log.size):
        raise NotFoundError(*NO_SUCH)
    return StoredLog(log).fetch(wanted)


def _is_there(tile: Tile, size: int) -> bool:
    """Whether a log of this size has all that the tile names."""
    below = size if tile.level is None else size >> 8 * tile.level
    return tile.index * WIDTH + tile.width <= below


def _entries(here: Services, start: int, limit: int) -> tuple[Sequence[EntryView], str | None]:
    log = here.tenant.log
    first = max(start, StoredLog(log).minimum())
    end = min(first + limit, log.size)
    if first >= end:
        return [], None
    found = [
        EntryView(seq=one.seq, kind=one.kind, at=one.at, hash=one.hash, body=one.body)
        for one in log.entries(first, end)
    ]
    return found, encode(end) if end < log.size else None


def _proof(here: Services, seq: int) -> Proof:
    log = here.tenant.log
    note = log.checkpoint(at_once=True)
    size = parse_checkpoint(note.text).size
    if seq >= size:
        raise NotFoundError(*NO_SUCH)
    return Proof(seq, log.inclusion(seq, size), note.data)


def _consistency(here: Services, old: int, new: int) -> str:
    log = here.tenant.log
    if not 0 < old <= new <= log.size:
        raise NotFoundError(*NO_SUCH)
    return join(log.consistency(old, new))


def _verify(here: Services) -> Report:
    log = here.tenant.log
    return verify(StoredLog(log), Policy.trusting(log.key.verifier), completeness=True)
