"""The pages people see: each screen is one module here, one template and one ES module; all data comes by the API."""

from fastapi import FastAPI

from countenance.server.pages import assets, home, signing

ROUTERS = (assets.router, signing.router, signing.session, home.router)
"""Every router of the pages."""


def install(app: FastAPI) -> None:
    """Give an app its pages."""
    for router in ROUTERS:
        app.include_router(router)
