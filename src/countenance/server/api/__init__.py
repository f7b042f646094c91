"""The routes under /v1, how they answer what goes wrong, and the descriptions of them."""

from fastapi import FastAPI

from countenance.server import problems
from countenance.server.api import events
from countenance.server.readers import Readers
from countenance.server.tenancy import Site

ROUTERS = (events.router,)
"""Every router of the API, in the order of its description."""


def install(app: FastAPI, site: Site) -> None:
    """Give an app the whole API."""
    problems.install(app)
    app.state.readers = Readers(site.config.limits.sockets)
    for router in ROUTERS:
        app.include_router(router)
