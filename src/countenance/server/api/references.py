"""The address in a thin webhook: the receiver fetches the event with a credential of its own, and the log knows."""

import asyncio
import json
from typing import Annotated

from fastapi import APIRouter, Path, Response
from starlette.requests import HTTPConnection

from countenance.contracts.errors import NotFoundError, VaultError
from countenance.control.delivery import call_named
from countenance.control.references import References, Referred
from countenance.control.roster import Roster
from countenance.server.access import NO_SUCH, Caller, Here, needs, site_of
from countenance.server.api.readings import may_see
from countenance.server.kinds import REVIEWER
from countenance.server.problems import ProblemError
from countenance.server.scopes import Scope
from countenance.server.tenancy import Services
from countenance.server.webhooks import bodies_of
from countenance.surface.envelope import is_individual
from countenance.surface.webhooks import CONTENT_TYPE

router = APIRouter(prefix="/v1/events", tags=["webhooks"])

EventId = Annotated[str, Path(description="The event, as `webhook-id` names it.", pattern="^[0-9a-f]{32}$")]
Reader = Annotated[Caller, needs(Scope.CALLS_READ)]


@router.get("/{event_id}", response_class=Response, responses={200: {"content": {CONTENT_TYPE: {}}}})
async def event(event_id: EventId, here: Here, caller: Reader, connection: HTTPConnection) -> Response:
    """An event with its data. What was read of a person is for the human reviewer whom the ruling names."""
    tenant = here.tenant
    known = References(tenant.log, tenant.vault, bodies_of(site_of(connection), here))
    found = await asyncio.to_thread(known.find, event_id)
    if is_individual(found.row.topic) and not await asyncio.to_thread(_may, here, caller, found):
        raise ProblemError(REVIEWER)
    try:
        body = await asyncio.to_thread(known.open, found, caller.actor)
    except VaultError as gone:
        raise NotFoundError(*NO_SUCH) from gone
    return Response(json.dumps(body), media_type=CONTENT_TYPE)


def _may(here: Services, caller: Caller, found: Referred) -> bool:
    roster, vault = Roster(here.tenant.vault), here.tenant.vault
    with here.tenant.store.reading() as tx:
        call_id = call_named(vault, tx, found.row.call_ref)
    if call_id is None or found.held is None or found.row.call_ref is None:
        raise NotFoundError(*NO_SUCH)
    people = roster.people(found.row.call_ref)
    who = next((one for one in people if one.subject_ref == found.held.subject_ref), None)
    return who is not None and may_see(here, caller, roster.call(call_id), who)
