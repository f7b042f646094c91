"""For the compliance officer: decide, rulings, consents, erasures, retention, log, evidence; each at its address."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Path
from fastapi.responses import HTMLResponse
from starlette.requests import Request

from countenance.contracts.call import Purpose, Role
from countenance.contracts.trust import ConsentStatus
from countenance.policy.vocabulary import CONSEQUENCES, FACTS, JURISDICTIONS, OUTPUTS
from countenance.server.pages.rendering import PageRoute, page
from countenance.server.pages.sessions import staff
from countenance.server.scopes import Position, Scope

router = APIRouter(include_in_schema=False, route_class=PageRoute)

PART = "^(rulings|consents|erasures|retention|audit|evidence)$"
OFFICERS = (Position.COMPLIANCE,)
WORDS: Mapping[str, Any] = {
    "purposes": [one.value for one in Purpose],
    "roles": [one.value for one in Role],
    "places": JURISDICTIONS,
    "outputs": OUTPUTS,
    "consequences": CONSEQUENCES,
    "facts": FACTS,
    "statuses": [one.value for one in ConsentStatus],
    "modalities": ("face", "voice", "text", "telemetry"),
}
"""What forms choose from: the closed lists of the policy."""


@router.get("/compliance")
async def decide(request: Request) -> HTMLResponse:
    """Five questions, one decision."""
    return _page(request, "decide")


@router.get("/compliance/{part}")
async def one(request: Request, part: Annotated[str, Path(pattern=PART)]) -> HTMLResponse:
    """One of the other parts."""
    return _page(request, part)


def _page(request: Request, part: str) -> HTMLResponse:
    return page(request, "compliance", staff(request, Scope.AUDIT, prefer=OFFICERS), part=part, **WORDS)
