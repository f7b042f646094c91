"""The public retention policy, in the language of whoever reads it."""

from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from starlette.requests import Request

from countenance.server.access import site_of
from countenance.server.health import daily, public_of
from countenance.server.pages.rendering import PageRoute, page
from countenance.server.public import retention_policy
from countenance.server.words import language_of, words_of
from countenance.surface.wording import Wording

router = APIRouter(include_in_schema=False, route_class=PageRoute)

SCREEN = "retention"


@router.get("/privacy/retention", response_class=HTMLResponse)
async def retention(request: Request) -> HTMLResponse:
    """The public retention policy of the only deployment here (740 ILCS 14/15(a))."""
    return await _policy(request, None)


@router.get("/privacy/retention/{tenant}", response_class=HTMLResponse)
async def retention_of(request: Request, tenant: str) -> HTMLResponse:
    """The same of one of several."""
    return await _policy(request, tenant)


async def _policy(request: Request, tenant: str | None) -> HTMLResponse:
    site, language = site_of(request), language_of(request)
    services = public_of(site, tenant)
    wording = Wording(language, words_of(language, SCREEN).one)
    policy = await daily(
        site, f"{SCREEN} {services.name} {language}", lambda today: retention_policy(services.deployed, today, wording)
    )
    shown = page(request, SCREEN, policy=policy)
    shown.headers["cache-control"] = "public, max-age=3600"
    return shown
