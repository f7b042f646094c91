"""Errors as HTTP answers them: RFC 9457 problem details, made from what an error says of itself, and nothing more."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast
from uuid import uuid4

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError, WebSocketRequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.routing import Match
from starlette.websockets import WebSocket

from countenance.contracts.errors import (
    AuditError,
    ConsentError,
    CountenanceError,
    DrainingError,
    ForbiddenError,
    LinkError,
    MediaError,
    NotFoundError,
    OverloadError,
    PreconditionError,
    PreconditionMissingError,
    RateError,
    RefusedError,
    StorageError,
    TapError,
    UnauthenticatedError,
    UsageError,
)
from countenance.contracts.trust import Verdict
from countenance.inference.tables import keys_of, near
from countenance.server.kinds import (
    AUDIT,
    BY_STATUS,
    CONSENT_INVALID,
    DRAINING,
    FORBIDDEN,
    INTERNAL,
    INVALID,
    MEDIA_SERVER,
    NOT_ALLOWED,
    NOT_FOUND,
    OVERLOADED,
    POLICY,
    PRECONDITION,
    PRECONDITION_REQUIRED,
    RATE,
    UNAUTHENTICATED,
    UNAVAILABLE,
    Kind,
)
from countenance.surface.blocks import Block, verdict

MEDIA_TYPE = "application/problem+json"
DOCS = "/problems/"
RETRY_S = 1

OF_ERRORS: tuple[tuple[type[CountenanceError], Kind], ...] = (
    (UnauthenticatedError, UNAUTHENTICATED),
    (ForbiddenError, FORBIDDEN),
    (NotFoundError, NOT_FOUND),
    (RateError, RATE),
    (DrainingError, DRAINING),
    (PreconditionError, PRECONDITION),
    (PreconditionMissingError, PRECONDITION_REQUIRED),
    (TapError, MEDIA_SERVER),
    (MediaError, INVALID),
    (OverloadError, OVERLOADED),
    (LinkError, UNAVAILABLE),
    (AuditError, AUDIT),
    (StorageError, AUDIT),
    (ConsentError, CONSENT_INVALID),
    (RefusedError, POLICY),
    (UsageError, INVALID),
)


@dataclass(frozen=True, slots=True)
class Fault:
    """One value of a request that is wrong."""

    path: str
    message: str


class ProblemError(CountenanceError):
    """An error that knows how HTTP is to answer it."""

    def __init__(
        self,
        kind: Kind,
        problem: str = "",
        remedy: str = "",
        *,
        faults: Iterable[Fault] = (),
        instance: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(problem or kind.title, remedy or kind.fix)
        self.kind = kind
        self.faults = tuple(faults)
        self.instance = instance
        self.headers = dict(headers or {})


@dataclass(frozen=True, slots=True)
class Problem:
    """What is answered."""

    kind: Kind
    detail: str
    fix: str
    faults: tuple[Fault, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    instance: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def body(self, correlation_id: str) -> Block:
        """The members of the answer."""
        said = {
            "type": DOCS + self.kind.slug,
            "title": self.kind.title,
            "status": self.kind.status,
            "detail": self.detail,
            "instance": self.instance or f"urn:uuid:{correlation_id}",
            "correlation_id": correlation_id,
            "docs": DOCS + self.kind.slug,
            "fix": self.fix,
        }
        rulings = [verdict(one) for one in self.verdicts]
        errors = [{"path": one.path, "message": one.message} for one in self.faults]
        return said | ({"rulings": rulings} if rulings else {}) | ({"errors": errors} if errors else {})


def problem_of(error: CountenanceError) -> Problem:
    """How HTTP answers one of our errors."""
    if isinstance(error, ProblemError):
        return Problem(error.kind, error.problem, error.remedy, error.faults, (), error.instance, error.headers)
    kind = next((kind for known, kind in OF_ERRORS if isinstance(error, known)), INTERNAL)
    if kind in (NOT_FOUND, INTERNAL):
        # Nothing of our own inside is told, and of what exists elsewhere nothing either: the same words for all.
        return Problem(kind, kind.title, kind.fix)
    verdicts = error.verdicts if isinstance(error, RefusedError) else ()
    return Problem(kind, error.problem, error.remedy or kind.fix, verdicts=verdicts, headers=_headers(kind, error))


def _headers(kind: Kind, error: CountenanceError) -> dict[str, str]:
    if kind is UNAUTHENTICATED:
        return {"WWW-Authenticate": "Bearer"}
    wait_s = getattr(error, "retry_after_s", RETRY_S if kind.status == 503 else None)
    return {} if wait_s is None else {"Retry-After": str(wait_s)}


def answer(connection: HTTPConnection, problem: Problem) -> JSONResponse:
    """The answer itself."""
    body = problem.body(correlation_of(connection))
    return JSONResponse(body, problem.kind.status, dict(problem.headers), MEDIA_TYPE)


def correlation_of(connection: HTTPConnection) -> str:
    """The id under which the logs know this request."""
    found: str | None = getattr(connection.state, "correlation_id", None)
    if found is None:
        found = connection.state.correlation_id = str(uuid4())
    return found


def install(app: FastAPI) -> None:
    """Answer every error of an app with a problem."""
    # Starlette's types know handlers of requests and handlers of sockets; this one is both.
    for kind in (CountenanceError, RequestValidationError, WebSocketRequestValidationError, HTTPException, Exception):
        app.add_exception_handler(kind, cast("Any", answered))


async def answered(connection: HTTPConnection, error: Exception) -> JSONResponse | None:
    """Any error as a problem; None where it is sent already, because what is returned is sent, too."""
    response = answer(connection, _problem(connection, error))
    if isinstance(connection, WebSocket):
        await connection.send_denial_response(response)
        return None
    return response


def _problem(connection: HTTPConnection, error: Exception) -> Problem:
    match error:
        case CountenanceError():
            return problem_of(error)
        case RequestValidationError() | WebSocketRequestValidationError():
            faults = tuple(_fault(one, _body_of(connection)) for one in error.errors())
            detail = f"{faults[0].path}: {faults[0].message}".removeprefix("path.")
            return Problem(INVALID, detail, INVALID.fix, faults)
        case HTTPException():
            kind = BY_STATUS.get(error.status_code) or Kind(
                "http-error", error.status_code, "The request cannot be answered", "See /openapi.json."
            )
            headers = {"Allow": _allowed(connection)} if kind is NOT_ALLOWED else error.headers
            return Problem(kind, kind.title, kind.fix, headers=headers or {})
    return Problem(INTERNAL, INTERNAL.title, INTERNAL.fix)


def _allowed(connection: HTTPConnection) -> str:
    """All methods that an address takes, whichever route takes them."""
    found = set[str]()
    for route in connection.app.state.operations:
        match, _ = route.matches(connection.scope)
        if match is not Match.NONE:
            found |= route.methods
    return ", ".join(sorted(found - {"HEAD"}))


def _body_of(connection: HTTPConnection) -> type[BaseModel] | None:
    """The model of the body that the route takes."""
    field = getattr(connection.scope.get("route"), "body_field", None)
    model = None if field is None else field.field_info.annotation
    return model if isinstance(model, type) and issubclass(model, BaseModel) else None


def _fault(found: Mapping[str, Any], model: type[BaseModel] | None) -> Fault:
    """What is wrong, without the value: it may be somebody's."""
    where = [str(part) for part in found["loc"]]
    path = ".".join(where[1:] if where[:1] == ["body"] and len(where) > 1 else where)
    if found["type"] == "json_invalid":
        return Fault("body", "this is not valid JSON")
    if found["type"] == "model_attributes_type" and path == "body":
        return Fault("body", "a JSON object is wanted, sent with `Content-Type: application/json`")
    if where[:1] == ["path"] and found["type"] == "string_pattern_mismatch":
        return Fault(path, "no id of this service looks like that")
    if found["type"] == "extra_forbidden" and model is not None:
        known = keys_of(model, found["loc"][1:-1])
        return Fault(path[:200], f"unknown key. {near(where[-1], known)}")
    return Fault(path[:200], str(found["msg"]).removeprefix("Value error, ")[:500])


def unknown(word: str, known: Iterable[str], what: str, remedy: str | None = None) -> ProblemError:
    """A word that should be one of a few; the answer names the nearest."""
    shown = re.sub(r"[^\w.:-]", "?", word[:40])
    fix = remedy or near(word, known)
    return ProblemError(INVALID, f"unknown {what} `{shown}`", fix, faults=[Fault(what, fix)])
