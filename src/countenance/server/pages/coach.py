"""One call while it runs, for the person who coaches it: what is read of whom, and at most one suggestion."""

from fastapi import APIRouter
from fastapi.responses import RedirectResponse, Response
from starlette.requests import Request

from countenance.coaching.wording import counted
from countenance.contracts.errors import NotFoundError
from countenance.contracts.features import named_features
from countenance.server.access import NO_SUCH
from countenance.server.api.paths import CallId
from countenance.server.pages.rendering import PageRoute, page
from countenance.server.pages.sessions import staff
from countenance.server.scopes import REVIEWERS, Scope
from countenance.server.words import language_of

router = APIRouter(include_in_schema=False, route_class=PageRoute)


@router.get("/coach/{call_id}")
async def coach(request: Request, call_id: CallId) -> Response:
    """A running call; who is no human reviewer sees it without anybody's readings, and is told so."""
    me = staff(request, Scope.CALLS_READ, prefer=REVIEWERS)
    if me.caller.call_id not in (None, call_id):
        raise NotFoundError(*NO_SUCH)
    live = next((one for one in me.services.calls.all() if one.id == call_id), None)
    if live is None:
        # It has ended, or never was: what is left of a call is shown there.
        return RedirectResponse(f"/review/{call_id}", 303)
    language = language_of(request)
    features = {**named_features(language), **counted(language)}
    return page(request, "coach", me, call=live.call, reviewer=me.caller.reviewer, features=features)
