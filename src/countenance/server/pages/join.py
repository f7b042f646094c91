"""Before a call: what is asked of a participant, and the two ways on, which are of the same size."""

from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from starlette.requests import Request

from countenance.server.pages.rendering import PageRoute, page
from countenance.server.pages.seating import seated

router = APIRouter(include_in_schema=False, route_class=PageRoute)


@router.get("/join/{call_id}")
async def join(request: Request, call_id: str) -> HTMLResponse:
    """The notice with its switches; who comes late gets the same page."""
    at = seated(request, call_id)
    return page(request, "join", at.me, at=at)
