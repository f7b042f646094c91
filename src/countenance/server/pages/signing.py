"""Signing in to the pages with an API key, a reviewer's token or the link of an invitation; and signing out."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from fastapi.responses import HTMLResponse
from pydantic import Field
from starlette.requests import Request

from countenance.inference.tables import Table
from countenance.server.access import COOKIE, Caller, end_session, identified, site_of
from countenance.server.cookies import cookie_of
from countenance.server.keys import SHAPE
from countenance.server.origins import check_origin
from countenance.server.pages.rendering import PageRoute, page
from countenance.server.pages.sessions import NAME, sessions_of
from countenance.server.scopes import REVIEWERS, Position, Scope
from countenance.server.tenancy import Site
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
    request.state.tenant, request.state.actor = caller.tenant, caller.logged
    cookie = cookie_of(request, COOKIE + name)
    end_session(site, request.cookies.get(cookie, ""))
    token = _of_its_own(site, caller, shown)
    response.set_cookie(cookie, token, max_age=LIFE_S, httponly=True, samesite="lax", secure=_secure(request))
    return {"as": name, "next": _beginning(caller)}


@session.delete("/session", status_code=204)
async def end(request: Request, name: Annotated[str, Query(alias="as", pattern=f"^{NAME.pattern}$")]) -> Response:
    """Sign out of one session of this browser."""
    check_origin(request)
    cookie = cookie_of(request, COOKIE + name)
    end_session(site_of(request), request.cookies.get(cookie, ""))
    response = Response(status_code=204, headers={"clear-site-data": '"cache"'})
    response.delete_cookie(cookie, httponly=True, samesite="lax", secure=_secure(request))
    return response


@session.put("/session/language", status_code=204)
async def choose(request: Request, language: Annotated[str, Query(pattern=f"^({'|'.join(LANGUAGES)})$")]) -> Response:
    """Remember the language somebody chose."""
    check_origin(request)
    response = Response(status_code=204)
    cookie = cookie_of(request, CHOSEN)
    response.set_cookie(cookie, language, max_age=365 * 86_400, samesite="lax", httponly=True, secure=_secure(request))
    return response


def _of_its_own(site: Site, caller: Caller, shown: str) -> str:
    """The token of a new session: it ends with what was shown, and signing out ends it and not what was shown."""
    tokens = site.tenants[caller.tenant].tokens
    if not SHAPE.fullmatch(shown):
        return tokens.again(shown)
    return tokens.for_session(caller.actor.removeprefix("key:"), caller.position or Position.OPERATOR, caller.scopes)


def _secure(request: Request) -> bool:
    return site_of(request).encrypted(request.url.scheme)


def _beginning(caller: Caller) -> str:
    """Where somebody begins."""
    if caller.seat is not None:
        return f"/join/{caller.seat.call_id}?me={caller.seat.participant_id}"
    if caller.call_id is not None:
        return f"/coach/{caller.call_id}"
    if caller.position in REVIEWERS:
        return "/"
    return "/compliance" if caller.position is Position.COMPLIANCE and Scope.AUDIT in caller.scopes else "/"
