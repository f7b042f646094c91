"""What the service says of itself to programs and their authors; nobody need be known to read it."""

import json
from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response

from countenance.contracts.errors import NotFoundError
from countenance.server.access import NO_SUCH
from countenance.server.api.asyncapi import asyncapi
from countenance.server.kinds import KINDS
from countenance.server.openapi import openapi
from countenance.surface.schemas import schemas

router = APIRouter(tags=["descriptions"], include_in_schema=False)

SCHEMA_TYPE = "application/schema+json"
FOR_ASSISTANTS = """# Countenance

> Expression and engagement estimates for video calls: by law, by charter, and only with each person's consent.
> Readings are probabilities over visible, audible and written correlates; say "expression estimate".

## Descriptions
- [OpenAPI 3.1](/openapi.json): every route, its scopes and its problems
- [AsyncAPI 3.0](/asyncapi.json): the events of a call, the wall, the words and the meeting
- [Capabilities](/.well-known/countenance): purposes, models, policy, verifier key of the log

## Schemas
{schemas}

## Problems
{problems}

## In short
1. POST /v1/calls begins a call; POST /v1/calls/{call}/participants seats a person and returns what the gate says.
2. GET .../notice is what the person must be shown; POST .../consent is their answer, one per modality.
3. POST /v1/calls/{call}/whip/{participant} takes an SDP offer (RFC 9725).
4. GET /v1/calls/{call}/events is a WebSocket (subprotocol `cloudevents.json`) and an event stream.
5. DELETE .../consent stops at once; DELETE .../data stops and deletes, and answers with a signed receipt.
"""


@router.get("/openapi.json")
async def openapi_json(request: Request) -> dict[str, Any]:
    """OpenAPI 3.1."""
    return openapi(request.app)


@router.get("/asyncapi.json")
async def asyncapi_json() -> dict[str, Any]:
    """AsyncAPI 3.0."""
    return asyncapi()


@router.get("/schemas/{name}")
async def schema(name: Annotated[str, Path(max_length=100)]) -> Response:
    """The JSON Schema of a type: what `dataschema` of an event names."""
    found = _schemas().get(name.removesuffix(".json")) if name.endswith(".json") else None
    if found is None:
        raise NotFoundError(*NO_SUCH)
    return Response(found, media_type=SCHEMA_TYPE)


@router.get("/problems/{slug}")
async def problem(slug: Annotated[str, Path(max_length=100)]) -> Mapping[str, Any]:
    """What a kind of problem means, and what to do about it."""
    kind = KINDS.get(slug)
    if kind is None:
        raise NotFoundError(*NO_SUCH)
    return {"type": f"/problems/{slug}", "title": kind.title, "status": kind.status, "fix": kind.fix}


@router.get("/llms.txt")
async def llms_txt() -> Response:
    """The documents, for coding assistants."""
    files = "\n".join(f"- [{name}](/schemas/{name}.json)" for name in sorted(schemas()))
    problems = "\n".join(f"- [{slug}](/problems/{slug}): {kind.status}, {kind.title}" for slug, kind in KINDS.items())
    text = FOR_ASSISTANTS.replace("{schemas}", files).replace("{problems}", problems)
    return Response(text, media_type="text/plain; charset=utf-8")


@cache
def _schemas() -> Mapping[str, str]:
    return {name: json.dumps(schema) for name, schema in schemas().items()}
