"""Making a page: the template of a screen, its words, who looks, and where they may go from here."""

from collections.abc import Callable, Coroutine, Mapping
from functools import cache
from importlib import resources
from typing import Any

from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from fastapi.routing import APIRoute
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from starlette.requests import Request

from countenance import __version__
from countenance.contracts.errors import CountenanceError, UnauthenticatedError
from countenance.policy.saying import say
from countenance.server.access import site_of
from countenance.server.pages.sessions import Me, sessions_of
from countenance.server.problems import correlation_of, problem_of
from countenance.server.scopes import Scope
from countenance.server.words import LANGUAGES, Words, language_of, words_of

NAV: tuple[tuple[str, str, Scope], ...] = (
    ("/", "Calls", Scope.CALLS_READ),
    ("/wall", "Wall", Scope.CALLS_READ),
    ("/review", "Review", Scope.READINGS),
    ("/coaching", "Coaching", Scope.CALLS_READ),
    ("/compliance", "Compliance", Scope.AUDIT),
    ("/models", "Models", Scope.MODELS),
    ("/settings", "Settings", Scope.OPERATE),
    ("/status", "Status", Scope.OPERATE),
)
"""Address, English name and needed scope of what stands at the top of every page of the staff."""


def page(
    request: Request,
    screen: str,
    me: Me | None = None,
    /,
    *,
    status: int = 200,
    **shown: Any,  # noqa: ANN401
) -> HTMLResponse:
    """The page of a screen: `templates/<screen>.html.j2`; `shown` is what its template reads."""
    language = language_of(request)
    words = words_of(language, screen)
    context: dict[str, Any] = {
        "screen": screen,
        "language": language,
        "languages": LANGUAGES,
        "path": request.url.path,
        "here": [request.url.path, request.url.query],
        "words": dict(words.by_id),
        "me": me,
        "nav": _nav(me, request),
        "retention": _retention(me, request),
        "version": __version__,
        "has_module": _exists("static", f"{screen}.js"),
        **shown,
    }
    text = _environment(words).get_template(f"{screen}.html.j2").render(context)
    return HTMLResponse(text, status, {"content-language": language, "vary": "accept-language, cookie"})


class PageRoute(APIRoute):
    """A route whose errors are pages too; who has not signed in is asked to."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler with the errors around it."""
        inner = super().get_route_handler()

        async def handler(request: Request) -> Response:
            try:
                return await inner(request)
            except UnauthenticatedError:
                return RedirectResponse(f"/sign-in?next={request.url.path}", 303)
            except CountenanceError as fault:
                problem = problem_of(fault)
                said: Mapping[str, object] = problem.body(correlation_of(request))
                return page(request, "problem", status=problem.kind.status, problem=said)

        return handler


def _nav(me: Me | None, request: Request) -> list[tuple[str, str, bool]]:
    """Where somebody of the staff may go; participants have their own pages alone."""
    if me is None or me.caller.seat is not None:
        return []
    scopes = {scope for one in sessions_of(request) if one.caller.seat is None for scope in one.caller.scopes}
    path = request.url.path
    return [
        (address, name, path == address or (address != "/" and path.startswith(f"{address}/")))
        for address, name, scope in NAV
        if scope in scopes
    ]


def _retention(me: Me | None, request: Request) -> str | None:
    """The public page on how long anything is kept; None where it is not known whose is meant."""
    tenants = site_of(request).tenants
    if len(tenants) == 1:
        return "/privacy/retention"
    return None if me is None else f"/privacy/retention/{me.services.name}"


@cache
def _exists(folder: str, name: str) -> bool:
    return (resources.files("countenance.server") / folder / name).is_file()


_ENVIRONMENTS: dict[tuple[str, int], Environment] = {}


def _environment(words: Words) -> Environment:
    """The templates as they speak one language; made once for each screen and language."""
    known = _ENVIRONMENTS.get((words.language, id(words)))
    if known is not None:
        return known
    made = Environment(
        loader=PackageLoader("countenance.server"),
        autoescape=select_autoescape(["html.j2"], default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
    )
    made.install_gettext_callables(words.one, words.many, newstyle=True)  # type: ignore[attr-defined]
    language = words.language
    made.filters["day"] = lambda moment: format_date(moment, "long", locale=language)
    made.filters["moment"] = lambda moment: format_datetime(moment, "medium", locale=language)
    made.filters["said"] = lambda reason: say(reason, language)
    made.filters["number"] = lambda value: format_decimal(value, locale=language)
    return _ENVIRONMENTS.setdefault((language, id(words)), made)
