"""Models: what they are, on which terms, how well they read and of whom not, and what the release gate says."""

import asyncio
import re
from typing import Annotated, Any

from fastapi import APIRouter, Path
from fastapi.responses import HTMLResponse
from starlette.requests import Request

from countenance.contracts.errors import NotFoundError
from countenance.evaluation import drawing, wording
from countenance.evaluation.page import Figure, groups_of, render
from countenance.evaluation.page import figure as drawn
from countenance.evaluation.report import Report
from countenance.server.access import NO_SUCH, site_of
from countenance.server.api.models import shelf_of
from countenance.server.api.paths import ID
from countenance.server.evaluations import gate_says, reports
from countenance.server.pages.rendering import PageRoute, page
from countenance.server.pages.sessions import staff
from countenance.server.scopes import Scope

router = APIRouter(include_in_schema=False, route_class=PageRoute)

ModelName = Annotated[str, Path(pattern=ID)]
POLICY = re.compile(r'http-equiv="Content-Security-Policy" content="([^"]+)"')
"""Under which a report that is complete in itself may be shown."""
STANDS_OUT = 12
"""Groups that are shown before the rest is folded away."""
WORST = 6
"""The same of the gate's lines."""


@router.get("/models")
async def every(request: Request) -> HTMLResponse:
    """All models, and the gate."""
    me = staff(request, Scope.MODELS)
    shelf = await shelf_of(me.services)
    gate = await asyncio.to_thread(gate_says, site_of(request).config.evaluation)
    models = [
        {"card": card, "used": name in shelf.cards, "left_out": shelf.left_out.get(name)}
        for name, card in sorted(shelf.known.items())
    ]
    lines = [one for one in gate.get("slices", ()) if one["verdict"] != "pass"]
    shown: dict[str, Any] = {"models": models, "profile": shelf.profile.value, "gate": gate}
    return page(request, "models", me, **shown, lines=lines[:WORST], more=lines[WORST:])


@router.get("/models/{model}")
async def one(request: Request, model: ModelName) -> HTMLResponse:
    """One model."""
    me = staff(request, Scope.MODELS)
    shelf = await shelf_of(me.services)
    if model not in shelf.known:
        raise NotFoundError(*NO_SUCH)
    found = await _reports(request, model)
    parts = [_part(number, report) for number, report in enumerate(found)]
    shown: dict[str, Any] = {
        "card": shelf.known[model],
        "used": model in shelf.cards,
        "left_out": shelf.left_out.get(model),
    }
    return page(request, "model", me, **shown, reports=parts, says=wording, drawing=drawing)


@router.get("/models/{model}/reports/{number}")
async def whole(request: Request, model: ModelName, number: Annotated[int, Path(ge=0, le=999)]) -> HTMLResponse:
    """Everything that was measured at once, as a page complete in itself."""
    staff(request, Scope.MODELS)
    found = await _reports(request, model)
    if number >= len(found):
        raise NotFoundError(*NO_SUCH)
    text = await asyncio.to_thread(render, found[number])
    policy = POLICY.search(text)
    stated = {} if policy is None else {"content-security-policy": policy[1] + "; frame-ancestors 'none'"}
    return HTMLResponse(text, headers=stated)


async def _reports(request: Request, model: str) -> list[Report]:
    every = await asyncio.to_thread(reports, site_of(request).config.evaluation)
    return [one for one in every if one.bundle == model]


def _part(number: int, report: Report) -> dict[str, Any]:
    leading: list[Figure] = [drawn(name, report) for name in report.leading]
    groups = groups_of(report)
    lacking = sorted({f"{row.attribute} {row.value} ({row.n})" for row in report.slices if not row.enough})
    return {
        "number": number,
        "report": report,
        "headline": wording.headline(report),
        "leading": leading,
        "groups": groups[:STANDS_OUT],
        "more": groups[STANDS_OUT:],
        "lacking": lacking,
    }
