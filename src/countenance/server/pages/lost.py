"""An address that nothing answers: a page for whoever asks with a browser, a problem for a program."""

from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from countenance.server.kinds import NOT_FOUND
from countenance.server.pages.rendering import page
from countenance.server.problems import Problem, answered, correlation_of


async def lost(connection: HTTPConnection, error: Exception) -> Response | None:
    """The answer to an `HTTPException`, in the form that is asked for; None where it is sent already."""
    if not isinstance(connection, Request) or not _by_browser(connection, error):
        return await answered(connection, error)
    said = Problem(NOT_FOUND, NOT_FOUND.title, NOT_FOUND.fix).body(correlation_of(connection))
    return page(connection, "problem", status=NOT_FOUND.status, problem=said)


def _by_browser(request: Request, error: Exception) -> bool:
    wanted = isinstance(error, HTTPException) and error.status_code == NOT_FOUND.status
    return wanted and request.method == "GET" and "text/html" in request.headers.get("accept", "")
