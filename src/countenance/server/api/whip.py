"""WHIP (RFC 9725): a participant publishes camera and microphone; HTTP ends here, media in a worker."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Request, Response

from countenance.server.access import Here, needs, site_of
from countenance.server.api.paths import ID, CallId, ParticipantId
from countenance.server.idempotency import OnceRoute
from countenance.server.kinds import INVALID, TOO_LARGE, UNSUPPORTED
from countenance.server.problems import ProblemError
from countenance.server.relays import links
from countenance.server.scopes import Scope

router = APIRouter(prefix="/v1/calls/{call_id}/whip/{participant_id}", tags=["whip"], route_class=OnceRoute)

SDP = "application/sdp"
FRAGMENT = "application/trickle-ice-sdpfrag"
MOST_SDP_BYTES = 65_536

ResourceId = Annotated[str, Path(pattern=ID, description="The session, as `Location` named it.")]
BODY = {"content": {SDP: {"schema": {"type": "string"}}}, "required": True}
FRAGMENT_BODY = {"content": {FRAGMENT: {"schema": {"type": "string"}}}, "required": True}
ANSWER: dict[int | str, dict[str, Any]] = {
    201: {
        "description": "The answer; `Location` is the session",
        "content": {SDP: {"schema": {"type": "string"}}},
        "headers": {name: {"schema": {"type": "string"}} for name in ("Location", "ETag", "Accept-Patch", "Link")},
    }
}

publishing = needs(Scope.CALLS_WRITE, own=True)


@router.options("", status_code=204)
async def options(call_id: CallId, participant_id: ParticipantId) -> Response:  # noqa: ARG001
    """What may be posted here."""
    return Response(status_code=204, headers={"Accept-Post": SDP, "Allow": "POST, OPTIONS"})


@router.post(
    "",
    status_code=201,
    dependencies=[publishing],
    response_class=Response,
    responses=ANSWER,
    openapi_extra={"requestBody": BODY},
)
async def offer(request: Request, call_id: CallId, participant_id: ParticipantId, here: Here) -> Response:
    """An SDP offer; answered with an SDP answer. Nothing of it is decoded before law and consent allow it."""
    sdp = await _text(request, SDP)
    here.calls.get(call_id).person_of(participant_id)
    answer = await here.calls.signal(call_id, "offer", {"participant_id": participant_id, "sdp": sdp})
    headers = {
        "Location": f"/v1/calls/{call_id}/whip/{participant_id}/{answer['resource_id']}",
        "ETag": f'"{answer["etag"]}"',
        "Accept-Patch": FRAGMENT,
    }
    site = site_of(request)
    if link := links(site.config.media.ice(site.clock.utc())):
        headers["Link"] = link
    return Response(answer["sdp"], 201, headers, SDP)


@router.patch(
    "/{resource_id}",
    status_code=204,
    dependencies=[publishing],
    response_class=Response,
    responses={200: {"description": "ICE restarted", "content": {FRAGMENT: {"schema": {"type": "string"}}}}},
    openapi_extra={"requestBody": FRAGMENT_BODY},
)
async def patch(
    request: Request,
    call_id: CallId,
    participant_id: ParticipantId,
    resource_id: ResourceId,
    here: Here,
    if_match: Annotated[str | None, Header(max_length=200)] = None,
) -> Response:
    """More candidates (trickle), or an ICE restart."""
    fragment = await _text(request, FRAGMENT)
    table = _session(participant_id, resource_id) | {"fragment": fragment, "if_match": _tag(if_match)}
    answer = await here.calls.signal(call_id, "patch", table)
    if not answer.get("fragment"):
        return Response(status_code=204)
    return Response(answer["fragment"], 200, {"ETag": f'"{answer["etag"]}"'}, FRAGMENT)


@router.delete("/{resource_id}", status_code=200, dependencies=[publishing])
async def hang_up(
    call_id: CallId, participant_id: ParticipantId, resource_id: ResourceId, here: Here
) -> Mapping[str, str]:
    """End the session; the person stays on the call."""
    await here.calls.signal(call_id, "delete", _session(participant_id, resource_id))
    return {}


async def _text(request: Request, kind: str) -> str:
    """The body, when it is of this kind and not too large."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != kind:
        raise ProblemError(UNSUPPORTED, f"this takes {kind}", headers={"Accept-Post": kind})
    data = await request.body()
    if len(data) > MOST_SDP_BYTES:
        raise ProblemError(TOO_LARGE, f"an SDP of {len(data)} bytes", f"At most {MOST_SDP_BYTES} are taken.")
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise ProblemError(INVALID, "the body is not UTF-8", "Send SDP as text.") from error


def _session(participant_id: str, resource_id: str) -> dict[str, Any]:
    return {"participant_id": participant_id, "resource_id": resource_id}


def _tag(header: str | None) -> str | None:
    """The entity tag in an `If-Match`, without its quotes."""
    return None if header is None else header.removeprefix("W/").strip('"')
