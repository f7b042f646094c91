"""Pages of whoever runs the service: what is set, how it fares; and for everybody, how to read what is shown."""

from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from starlette.requests import Request

from countenance.server.pages.rendering import PageRoute, page
from countenance.server.pages.sessions import sessions_of, staff
from countenance.server.scopes import Position, Scope

router = APIRouter(include_in_schema=False, route_class=PageRoute)


@router.get("/settings")
async def settings(request: Request) -> HTMLResponse:
    """What is set: webhooks and keys can be changed here, the rest in the configuration."""
    return page(request, "settings", staff(request, Scope.OPERATE, prefer=[Position.OPERATOR]))


@router.get("/status")
async def status(request: Request) -> HTMLResponse:
    """How the service fares."""
    return page(request, "status", staff(request, Scope.OPERATE, prefer=[Position.OPERATOR]))


@router.get("/how-to-read")
async def how_to_read(request: Request) -> HTMLResponse:
    """What the words and bands mean, and where they fail; anybody may know."""
    present = sessions_of(request)
    return page(request, "how-to-read", present[0] if present else None)
