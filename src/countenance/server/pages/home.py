"""Where the staff begins: the calls that run, and what may be opened of each."""

from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from starlette.requests import Request

from countenance.server.pages.rendering import PageRoute, page
from countenance.server.pages.sessions import staff
from countenance.server.scopes import REVIEWERS, Scope

router = APIRouter(include_in_schema=False, route_class=PageRoute)


@router.get("/")
async def home(request: Request) -> HTMLResponse:
    """The calls that run now."""
    me = staff(request, Scope.CALLS_READ, prefer=REVIEWERS)
    return page(request, "home", me)
