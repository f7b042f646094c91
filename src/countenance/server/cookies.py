"""What cookies are called here."""

from starlette.requests import HTTPConnection

HOST = "__Host-"
"""Under TLS: browsers take a cookie of such a name from this very host alone, not from one beside it."""


def cookie_of(connection: HTTPConnection, name: str) -> str:
    """The name of a cookie as a browser knows it."""
    encrypted: bool = connection.app.state.site.encrypted(connection.url.scheme)
    return (HOST if encrypted else "") + name
