"""Who calls, for which tenant, and what they may do: the dependencies of every route."""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends
from starlette.requests import HTTPConnection

from countenance.contracts.errors import ForbiddenError, NotFoundError, UnauthenticatedError
from countenance.server.cookies import cookie_of
from countenance.server.keys import INVALID, SHAPE, ApiKey
from countenance.server.scopes import REVIEWERS, Position, Scope
from countenance.server.tenancy import Services, Site
from countenance.server.tokens import Seat, tenant_of

BEARER = "bearer"
SESSION = "x-countenance-as"
"""The header with which a page of ours says as whom it asks; no page of another origin can send it."""
COOKIE = "countenance."
"""What the names of session cookies begin with; a position or the id of a participant follows."""
NO_SUCH = ("nothing here has this id", "Check the id; what has ended or was erased is not found either.")
"""The same words for every id that is unknown, of whatever kind and of whichever tenant."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who shows a credential."""

    tenant: str
    actor: str
    """Such as `key:0123456789abcdef`; goes into the log with what was looked at, and names nobody."""
    scopes: frozenset[Scope]
    position: Position | None = None
    seat: Seat | None = None
    """Set for a participant, who acts for themselves alone."""
    call_id: str | None = None
    """Set where the credential is for one call alone."""

    @property
    def logged(self) -> str:
        """What the log of requests says of the caller."""
        kind, _, _ = self.actor.partition(":")
        return self.actor if kind == "key" else kind

    @property
    def reviewer(self) -> bool:
        """Whether this may be the human reviewer that a ruling names."""
        return self.position in REVIEWERS and Scope.READINGS in self.scopes


def site_of(connection: HTTPConnection) -> Site:
    """The installation."""
    site: Site = connection.app.state.site
    return site


def credential_of(connection: HTTPConnection) -> str:
    """The bearer credential of a request, that of a page's session, or the second subprotocol of a WebSocket.

    Raises UnauthenticatedError.
    """
    kind, _, shown = connection.headers.get("authorization", "").partition(" ")
    if kind.lower() == BEARER and shown.strip():
        return shown.strip()
    offered: list[str] = connection.scope.get("subprotocols", [])
    said = offered[1] if connection.scope["type"] == "websocket" and len(offered) > 1 else ""
    name = connection.headers.get(SESSION) or (said[3:] if said.startswith("as.") else None)
    found = said if name is None else connection.cookies.get(cookie_of(connection, COOKIE + name), "")
    if not found:
        raise UnauthenticatedError(*INVALID)
    return found


def caller_of(connection: HTTPConnection) -> Caller:
    """Who calls; raises UnauthenticatedError, or RateError where they have called too often."""
    site = site_of(connection)
    caller = identified(site, credential_of(connection))
    # For the log of requests: a key by its id, of people only what they are.
    connection.state.tenant, connection.state.actor = caller.tenant, caller.logged
    site.limiter.take_key(caller.actor)
    return caller


def services_of(connection: HTTPConnection, caller: "Calling") -> Services:
    """The caller's own tenant."""
    return site_of(connection).tenants[caller.tenant]


Calling = Annotated[Caller, Depends(caller_of)]
Here = Annotated[Services, Depends(services_of)]


def needs(scope: Scope, *, own: bool = False) -> Any:  # noqa: ANN401
    """A dependency of a route: the scope it needs; `own`: participants may use it, for their own seat alone."""

    def check(connection: HTTPConnection, caller: Calling) -> Caller:
        path = connection.path_params
        if caller.call_id is not None and path.get("call_id", caller.call_id) != caller.call_id:
            raise NotFoundError(*NO_SUCH)
        if caller.seat is not None and own:
            if path.get("participant_id", caller.seat.participant_id) != caller.seat.participant_id:
                raise NotFoundError(*NO_SUCH)
            return caller
        if scope not in caller.scopes:
            raise ForbiddenError(f"this needs the scope {scope}", "Use a key or token that has it.")
        if caller.call_id is not None and "call_id" not in path:
            raise ForbiddenError("this credential is for one call alone", "Use a key of the deployment.")
        return caller

    return Depends(check)


def identified(site: Site, shown: str) -> Caller:
    """Who shows a credential; raises UnauthenticatedError."""
    if SHAPE.fullmatch(shown):
        return _of_key(site, site.keys.check(shown))
    services = site.tenants.get(tenant_of(shown) or "")
    if services is None:
        raise UnauthenticatedError(*INVALID)
    token = services.tokens.check(shown)
    if site.keys.has_ended(token.id):
        raise UnauthenticatedError(*INVALID)
    if token.key_id is not None:
        return _of_key(site, site.keys.named(token.key_id))
    actor = f"participant:{token.subject}" if token.seat else f"reviewer:{token.subject}"
    return Caller(services.name, actor, token.scopes, token.position, token.seat, token.call_id)


def end_session(site: Site, shown: str) -> None:
    """What a session's cookie held is refused from now on, wherever it is shown."""
    services = site.tenants.get(tenant_of(shown) or "")
    if services is None:
        return
    try:
        token = services.tokens.check(shown)
    except UnauthenticatedError:
        return  # it has ended by itself
    site.keys.end(token.id, token.ends)


def _of_key(site: Site, key: ApiKey) -> Caller:
    if key.tenant not in site.tenants:
        raise UnauthenticatedError(*INVALID)
    return Caller(key.tenant, f"key:{key.id}", key.scopes, key.position)
