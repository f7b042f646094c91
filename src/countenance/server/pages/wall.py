"""All running calls at one glance, for whoever looks after several."""

from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from starlette.requests import Request

from countenance.server.pages.rendering import PageRoute, page
from countenance.server.pages.sessions import staff
from countenance.server.scopes import REVIEWERS, Scope

router = APIRouter(include_in_schema=False, route_class=PageRoute)


@router.get("/wall")
async def wall(request: Request) -> HTMLResponse:
    """The running calls; what was read of single people is there for their human reviewer alone."""
    me = staff(request, Scope.CALLS_READ, prefer=REVIEWERS)
    return page(request, "wall", me, reviewer=me.caller.reviewer)
