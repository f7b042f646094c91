"""The OpenAPI 3.1 description: what the routes say of themselves, and what all of them share."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from countenance import __version__
from countenance.server.api.shapes import ProblemView
from countenance.server.problems import MEDIA_TYPE

SUMMARY = "Expression and engagement estimates for video calls, by law, by charter, and by consent."
ABOUT = """Readings are calibrated probabilities over what is visible, audible or written; they are no claim about what
anybody has inside. Nothing is read of a person before the gate allows it and they have said yes.

Errors are problem details (RFC 9457) with a `fix`. A POST with an `Idempotency-Key` is done once. Lists go on at
`next`. `X-Client-Request-Id` comes back as it came; `X-Correlation-ID` is how the logs know a request."""
REF = {"$ref": "#/components/schemas/Problem"}
KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "The same key with the same request gets the same answer, for a day.",
    "schema": {"type": "string", "pattern": "^[A-Za-z0-9_.:-]{16,128}$"},
}
SECURITY = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "An API key of the deployment, a participant's token, or a named reviewer's token.",
    }
}
PROBLEMS = {
    "401": "Who asks is not known",
    "403": "Not allowed: by scope, by consent, or by law",
    "404": "Nothing here has this id",
    "422": "Something in the request is not as it should be",
    "429": "Too many requests",
    "503": "The store or the workers cannot do it now",
}
OPEN = {name: PROBLEMS[name] for name in ("404", "422", "429")}
ALWAYS = ("/healthz", "/readyz", "/version")
TWICE = {"409": "Another request came under this key before, or the state does not allow it"}
GATEWAY = {"502": "The media server does not do what was asked"}
BESIDE: dict[str, dict[str, str]] = {
    "calls_begin": GATEWAY,
    "whip_offer": GATEWAY,
    "whip_patch": {"412": "The ETag is not the present one", "428": "An ICE restart needs `If-Match`"} | GATEWAY,
    "consent_receipt": {"410": "It was erased"},
    "livekit_webhook": {"401": "No server of ours signed it"},
}
ONE_OFF = {"413": "Too large", "415": "Not a media type that is taken here"}
Described = dict[str, Any]


def openapi(app: FastAPI) -> Described:
    """The description of an app, made once."""
    if app.openapi_schema is None:
        made = get_openapi(
            title="Countenance",
            version=__version__,
            summary=SUMMARY,
            description=ABOUT,
            routes=app.routes,
            license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
            separate_input_output_schemas=False,
        )
        app.openapi_schema = _completed(made)
    return app.openapi_schema


def operation_id(route: APIRoute) -> str:
    """The module and function of a route, such as `consent_answer`."""
    room = route.endpoint.__module__.rpartition(".")[2]
    return f"{room}_{route.endpoint.__name__}"


def _completed(made: Described) -> Described:
    schemas = made.setdefault("components", {}).setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    problem = ProblemView.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(problem.pop("$defs", {}))
    schemas["Problem"] = problem | {"title": "Problem"}
    made["components"]["securitySchemes"] = SECURITY
    for path, operations in made["paths"].items():
        for method, operation in operations.items():
            _complete(path, method, operation)
    return made


def _complete(path: str, method: str, operation: Described) -> None:
    answers = operation["responses"]
    answers.pop("422", None)
    guarded = (path.startswith("/v1/") and method != "options") or path == "/metrics"
    shared = PROBLEMS if guarded else {} if path in ALWAYS else OPEN
    own = ONE_OFF if "requestBody" in operation else {}
    beside = BESIDE.get(operation["operationId"], {})
    for status, words in (shared | own | beside | (TWICE if guarded and method == "post" else {})).items():
        answers[status] = {"description": words, "content": {MEDIA_TYPE: {"schema": REF}}}
    if guarded:
        operation["security"] = [{"bearer": []}]
    if guarded and method == "post":
        operation.setdefault("parameters", []).append(KEY)
