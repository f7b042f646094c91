"""After the call: the calls that are over, and one of them with its curves, events, words, comments and measures."""

from typing import Annotated

from fastapi import APIRouter, Path
from fastapi.responses import HTMLResponse
from starlette.requests import Request

from countenance.contracts.features import named_features
from countenance.server.api.paths import ID
from countenance.server.pages.rendering import PageRoute, page
from countenance.server.pages.sessions import staff
from countenance.server.scopes import REVIEWERS, Scope
from countenance.server.words import language_of

router = APIRouter(include_in_schema=False, route_class=PageRoute)


@router.get("/review")
async def listed(request: Request) -> HTMLResponse:
    """The calls that are over."""
    return page(request, "review", staff(request, Scope.READINGS, prefer=REVIEWERS))


@router.get("/review/{call_id}")
async def one(request: Request, call_id: Annotated[str, Path(pattern=ID)]) -> HTMLResponse:
    """One call, for its human reviewer."""
    features = named_features(language_of(request))
    me = staff(request, Scope.READINGS, prefer=REVIEWERS)
    return page(request, "review-call", me, call_id=call_id, features=features)
