"""Whose pages may open a socket: those of this service, and those the operator names; programs send no origin."""

from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

from countenance.contracts.errors import ForbiddenError
from countenance.server.access import site_of


def check_origin(connection: HTTPConnection) -> None:
    """Raise ForbiddenError where a page of somebody else's asks: browsers send cookies and tokens along for it."""
    origin = connection.headers.get("origin")
    if origin is None:
        return
    server = site_of(connection).config.server
    if origin in server.cors_origins or _host(origin) == connection.headers.get("host", "").lower():
        return
    if server.public_url is not None and _host(origin) == _host(server.public_url):
        return
    raise ForbiddenError("a page of another origin asks", "Name its origin in [server] cors_origins.")


def _host(url: str) -> str | None:
    """Host and port of an address; None where it has none, as the origin `null` of a sandboxed page."""
    parts = urlsplit(url)
    return parts.netloc.lower() if parts.scheme in ("http", "https") and parts.netloc else None
