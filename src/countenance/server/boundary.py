"""The edge of the service: every request is numbered, bounded, answered with hardened headers, counted and logged."""

import logging
from collections.abc import Iterable
from time import perf_counter
from typing import Any
from uuid import uuid4

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from countenance.contracts.errors import CountenanceError, DrainingError
from countenance.link.logs import extra
from countenance.server.headers import hardened
from countenance.server.kinds import TOO_LARGE
from countenance.server.problems import ProblemError, answer, problem_of
from countenance.server.tenancy import Site

log = logging.getLogger("countenance.server")

METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})
NOWHERE = "unmatched"
QUIET = frozenset({"/healthz", "/readyz", "/metrics"})
"""Asked all the time by machines; logged only when they fail."""
BEGINNING = "/v1/calls"
"""Where a call begins: nothing else is refused while the service stops."""


class Boundary:
    """The outermost layer; even an answer to an unforeseen error passes through it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        site: Site = scope["app"].state.site
        passage = Passage(scope, site, send)
        with site.tracing.span(passage.method, scope["headers"]) as span:
            try:
                await self._served(scope, passage.bounded(receive), passage)
            finally:
                passage.done()
                span.ended(passage.route, passage.status, passage.correlation_id)

    async def _served(self, scope: Scope, receive: Receive, passage: "Passage") -> None:
        try:
            passage.admit()
        except CountenanceError as refusal:
            if scope["type"] == "websocket":
                await passage.send({"type": "websocket.close", "code": 1013})
            else:
                await answer(Request(scope), problem_of(refusal))(scope, receive, passage.send)
            return
        await self._app(scope, receive, passage.send)


class Passage:
    """One request on its way through."""

    def __init__(self, scope: Scope, site: Site, send: Send) -> None:
        self.correlation_id = str(uuid4())
        self.method = _method(scope)
        self.status = 0
        self._scope = scope
        self._site = site
        self._send = send
        self._began = perf_counter()
        self._tls = site.encrypted(scope.get("scheme", "http"))
        scope.setdefault("state", {})["correlation_id"] = self.correlation_id

    @property
    def route(self) -> str:
        """The pattern of the route, never the path: ids stand in that."""
        return str(getattr(self._scope.get("route"), "path", NOWHERE))

    def admit(self) -> None:
        """Raise where this address asks too often, the body is too large, or a call would begin while we stop."""
        site, scope = self._site, self._scope
        client = scope.get("client")
        site.limiter.take_address(str(client[0]) if client else "unknown")
        if _length(scope["headers"]) > site.config.limits.body_bytes:
            raise ProblemError(TOO_LARGE)
        if site.draining and self.method == "POST" and scope["path"] == BEGINNING:
            wait_s = site.config.server.drain_seconds
            raise DrainingError("the service is stopping and begins no call", "Ask again soon.", wait_s)

    def bounded(self, receive: Receive) -> Receive:
        """The body, up to its limit, whatever its length was said to be."""
        most, taken = self._site.config.limits.body_bytes, 0

        async def bounded() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b"")) if message["type"] == "http.request" else 0
            if taken > most:
                raise HTTPException(TOO_LARGE.status)
            return message

        return bounded

    async def send(self, message: Message) -> None:
        """Harden an answer and note its status."""
        if message["type"] in ("http.response.start", "websocket.http.response.start"):
            self.status = message["status"]
            headers: list[Any] = list(message.get("headers", ()))
            shared = any(name.lower() == b"access-control-allow-origin" for name, _ in headers)
            headers.append((b"x-correlation-id", self.correlation_id.encode()))
            message = {**message, "headers": hardened(headers, tls=self._tls, shared=shared)}
        elif message["type"] == "websocket.accept":
            self.status = 101
        await self._send(message)

    def done(self) -> None:
        """Count and log."""
        seconds = perf_counter() - self._began
        self._site.metrics.request(self.method, self.route, self.status, seconds)
        level = logging.DEBUG if self.route in QUIET and self.status < 500 else logging.INFO
        fields = extra(
            correlation_id=self.correlation_id,
            method=self.method,
            route=self.route,
            status=self.status,
            duration_ms=round(seconds * 1000, 1),
            actor=self._scope["state"].get("actor"),
            tenant=self._scope["state"].get("tenant"),
        )
        log.log(level, "request", extra=fields)


def _method(scope: Scope) -> str:
    if scope["type"] == "websocket":
        return "WEBSOCKET"
    return str(scope["method"]) if scope["method"] in METHODS else "OTHER"


def _length(headers: Iterable[tuple[bytes, bytes]]) -> int:
    """What a request says of its length; nothing where that is no number."""
    stated = next((value for name, value in headers if name == b"content-length"), b"0")
    return int(stated) if stated.isdigit() else 0
