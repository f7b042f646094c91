"""The call that is built in: the people see and hear each other, and each always sees what is read of them."""

from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from starlette.requests import Request

from countenance.contracts.errors import NotFoundError
from countenance.server.access import NO_SUCH
from countenance.server.pages.rendering import PageRoute, page
from countenance.server.pages.seating import seated

router = APIRouter(include_in_schema=False, route_class=PageRoute)


@router.get("/call/{call_id}")
async def call(request: Request, call_id: str) -> HTMLResponse:
    """The call, as one of its participants."""
    at = seated(request, call_id)
    if not at.live:
        raise NotFoundError(*NO_SUCH)
    return page(request, "call", at.me, at=at)
