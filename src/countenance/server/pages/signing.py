"""Signing in to the pages with an API key, a reviewer's token or the link of an invitation; and signing out."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from fastapi.responses import HTMLResponse
from pydantic import Field
from starlette.requests import Request

from countenance.inference.tables import Table
from countenance.server.access import COOKIE, Caller, identified, site_of
from countenance.server.keys import SHAPE
from countenance.server.origins import check_origin
from countenance.server.pages.rendering import PageRoute, page
from countenance.server.pages.sessions import NAME, sessions_of
from countenance.server.scopes import REVIEWERS, Position, Scope
from countenance.server.tokens import LONGEST
from countenance.server.words import CHOSEN, LANGUAGES

router = APIRouter(include_in_schema=False, route_class=PageRoute)
session = APIRouter(include_in_schema=False)

LIFE_S = int(LONGEST.total_seconds())
OWN = r"/([A-Za-z0-9_.?=&%-][A-Za-z0-9/_.?=&%-]{0,200})?"
"""Where to go after signing in: an address of this service, and no other."""


class Credential(Table):
    """What somebody signs in with."""

    credential: str = Field(min_length=1, max_length=4096)


@router.get("/sign-in")
async def sign_in(request: Request, next: Annotated[str, Query(pattern=f"^{OWN}$")] = "/") -> HTMLResponse:  # noqa: A002
    """Ask for a key."""
    return page(request, "sign-in", following=next, signed_in=sessions_of(request))


@session.post("/session", status_code=201)
async def begin(request: Request, body: Credential, response: Response) -> dict[str, str]:
    """Sign in; the credential of a key stays with the person, the browser gets a token that ends with it."""
    check_origin(request)
    site = site_of(request)
    shown = body.credential.strip()
    caller = identified(site, shown)
    name = str(caller.position) if caller.seat is None else caller.seat.participant_id
    if SHAPE.fullmatch(shown):
        position = caller.position or Position.OPERATOR
        key_id = caller.actor.removeprefix("key:")
        shown = site.tenants[caller.tenant].tokens.for_session(key_id, position, caller.scopes)
    secure = request.url.scheme == "https" or (site.config.server.public_url or "").startswith("https:")
    response.set_cookie(COOKIE + name, shown, max_age=LIFE_S, httponly=True, samesite="lax", secure=secure)
    return {"as": name, "next": _beginning(caller)}


@session.delete("/session", status_code=204)
async def end(request: Request, name: Annotated[str, Query(alias="as", pattern=f"^{NAME.pattern}$")]) -> Response:
    """Sign out of one session of this browser."""
    check_origin(request)
    response = Response(status_code=204)
    response.delete_cookie(COOKIE + name)
    return response


@session.put("/session/language", status_code=204)
async def choose(request: Request, language: Annotated[str, Query(pattern=f"^({'|'.join(LANGUAGES)})$")]) -> Response:
    """Remember the language somebody chose."""
    check_origin(request)
    response = Response(status_code=204)
    response.set_cookie(CHOSEN, language, max_age=365 * 86_400, samesite="lax", httponly=True)
    return response


def _beginning(caller: Caller) -> str:
    """Where somebody begins."""
    if caller.seat is not None:
        return f"/join/{caller.seat.call_id}?me={caller.seat.participant_id}"
    if caller.call_id is not None:
        return f"/coach/{caller.call_id}"
    if caller.position in REVIEWERS:
        return "/"
    return "/compliance" if caller.position is Position.COMPLIANCE and Scope.AUDIT in caller.scopes else "/"
