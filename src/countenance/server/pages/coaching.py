"""Whether coaching helps, in figures with their intervals; and the playbooks it goes by."""

from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from starlette.requests import Request

from countenance.server.pages.rendering import PageRoute, page
from countenance.server.pages.sessions import staff
from countenance.server.scopes import Scope

router = APIRouter(include_in_schema=False, route_class=PageRoute)


@router.get("/coaching")
async def coaching(request: Request) -> HTMLResponse:
    """Figures about prompts, of nobody in particular."""
    return page(request, "coaching", staff(request, Scope.CALLS_READ))
