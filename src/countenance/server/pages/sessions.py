"""Who is signed in to the pages: a cookie for each position or seat, so that one browser can be several people."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from starlette.requests import Request

from countenance.contracts.errors import ForbiddenError, NotFoundError, UnauthenticatedError
from countenance.server.access import COOKIE, NO_SUCH, Caller, identified, site_of
from countenance.server.cookies import cookie_of
from countenance.server.keys import INVALID
from countenance.server.scopes import Position, Scope
from countenance.server.tenancy import Services

NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True)
class Me:
    """Somebody who looks at a page."""

    name: str
    """As the page says it asks: a position, or the id of a participant."""
    caller: Caller
    services: Services

    @property
    def participant_id(self) -> str | None:
        """Set for somebody on a call."""
        return None if self.caller.seat is None else self.caller.seat.participant_id


def sessions_of(request: Request) -> Sequence[Me]:
    """Everybody this browser is signed in as; what has ended is left out."""
    found = []
    site, begins = site_of(request), cookie_of(request, COOKIE)
    for cookie, value in request.cookies.items():
        name = cookie.removeprefix(begins)
        if name == cookie or not NAME.fullmatch(name):
            continue
        try:
            caller = identified(site, value)
        except UnauthenticatedError:
            continue  # it has ended; the page asks for another
        found.append(Me(name, caller, site.tenants[caller.tenant]))
    return found


def staff(request: Request, scope: Scope | None = None, prefer: Collection[Position] = ()) -> Me:
    """Whoever of the staff may see a page; raises UnauthenticatedError, or ForbiddenError where only others may."""
    present = [one for one in sessions_of(request) if one.caller.seat is None]
    fitting = [one for one in present if scope is None or scope in one.caller.scopes]
    if not present:
        raise UnauthenticatedError(*INVALID)
    if not fitting:
        raise ForbiddenError(f"this page needs the scope {scope}", "Sign in with a key that has it.")
    return min(fitting, key=lambda one: one.caller.position not in prefer)


def participant(request: Request, call_id: str) -> Me:
    """The participant of a call whose page this is; `?me=` chooses among several in one browser."""
    present = [one for one in sessions_of(request) if one.caller.seat is not None and one.caller.call_id == call_id]
    if not present:
        raise UnauthenticatedError(*INVALID)
    wanted = request.query_params.get("me")
    found = [one for one in present if wanted in (None, one.participant_id)]
    if not found:
        raise NotFoundError(*NO_SUCH)
    return found[0]
