"""The pages people see: each screen is one module here, one template and one ES module; all data comes by the API."""

from typing import Any, cast

from fastapi import FastAPI
from starlette.exceptions import HTTPException

from countenance.server.pages import (
    assets,
    call,
    coach,
    coaching,
    compliance,
    home,
    join,
    lost,
    mine,
    models,
    retention,
    review,
    running,
    signing,
    wall,
)

ROUTERS = (
    assets.router,
    signing.router,
    signing.session,
    home.router,
    join.router,
    retention.router,
    call.router,
    mine.router,
    coach.router,
    coaching.router,
    wall.router,
    models.router,
    review.router,
    compliance.router,
    running.router,
)
"""Every router of the pages."""


def install(app: FastAPI) -> None:
    """Give an app its pages."""
    for router in ROUTERS:
        app.include_router(router)
    # Starlette's types know handlers of requests and handlers of sockets; this one is both.
    app.add_exception_handler(HTTPException, cast("Any", lost.lost))
