"""Webhooks of a LiveKit server: who came, who left, which room is over; believed once the signature is checked."""

import os

from fastapi import APIRouter, Request, Response

from countenance.contracts.errors import UnauthenticatedError
from countenance.server.access import site_of
from countenance.server.kinds import UNSUPPORTED
from countenance.server.problems import ProblemError
from countenance.server.rooms import STRANGER, heard, tenant_of

router = APIRouter(prefix="/livekit", tags=["livekit"])

MEDIA_TYPE = "application/webhook+json"
BODY = {"content": {MEDIA_TYPE: {"schema": {"type": "string"}}}, "required": True}
SIGNATURE = {
    "name": "Authorization",
    "in": "header",
    "required": True,
    "description": "A token of the LiveKit server over the sha256 of the body.",
    "schema": {"type": "string"},
}


@router.post(
    "/webhook", status_code=204, response_class=Response, openapi_extra={"requestBody": BODY, "parameters": [SIGNATURE]}
)
async def webhook(request: Request) -> Response:
    """What a room's server says of it. Who left is read no more; a room that is over ends its call; nothing is joined.

    The tenant is the one whose key signed it.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != MEDIA_TYPE:
        raise ProblemError(UNSUPPORTED, f"this takes {MEDIA_TYPE}", headers={"Accept-Post": MEDIA_TYPE})
    site, shown = site_of(request), request.headers.get("authorization", "")
    signature = shown.removeprefix("Bearer ")
    name, access = tenant_of(site.config, signature, os.environ)
    news = access.webhook(await request.body(), signature, int(site.clock.utc().timestamp()))
    if (services := site.tenants.get(name)) is None:
        raise UnauthenticatedError(*STRANGER)
    await heard(services.calls, news)
    return Response(status_code=204)
