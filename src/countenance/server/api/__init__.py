"""The routes under /v1, how they answer what goes wrong, and the descriptions of them."""

from fastapi import FastAPI
from starlette.routing import Route

from countenance.server import problems
from countenance.server.api import (
    audit,
    calls,
    captions,
    coaching,
    consent,
    deployment,
    descriptions,
    drafts,
    events,
    kpis,
    labels,
    livekit,
    meeting,
    models,
    oversight,
    paper,
    participants,
    playbooks,
    policy,
    readings,
    references,
    review,
    spoken,
    subjects,
    wall,
    webhooks,
    whip,
)
from countenance.server.echo import ClientRequestId
from countenance.server.meeting import Meetings
from countenance.server.openapi import operation_id
from countenance.server.readers import Readers
from countenance.server.tenancy import Site

ROUTERS = (
    calls.router,
    wall.router,
    participants.router,
    participants.tokens,
    whip.router,
    consent.router,
    captions.router,
    events.router,
    meeting.router,
    livekit.router,
    readings.router,
    paper.router,
    drafts.router,
    coaching.router,
    playbooks.router,
    spoken.router,
    kpis.router,
    labels.router,
    review.router,
    subjects.router,
    subjects.own,
    policy.router,
    models.router,
    models.gate,
    deployment.router,
    audit.router,
    oversight.router,
    webhooks.router,
    references.router,
    descriptions.router,
)
"""Every router of the API, in the order of its description."""


def install(app: FastAPI, site: Site) -> None:
    """Give an app the whole API."""
    problems.install(app)
    app.add_middleware(ClientRequestId)
    # An address is right or it is not: a redirect would be to whatever host the request names.
    app.router.redirect_slashes = False
    app.state.operations = [one for router in ROUTERS for one in router.routes if isinstance(one, Route)]
    app.state.readers = Readers(site.config.limits.sockets)
    app.state.meetings = Meetings()
    include(app)


def include(app: FastAPI) -> None:
    """The routes alone."""
    for router in ROUTERS:
        app.include_router(router, generate_unique_id_function=operation_id)
