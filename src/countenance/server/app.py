"""The ASGI application: one installation, its tenants, and the routes that reach them."""

from fastapi import FastAPI

from countenance import __version__
from countenance.server.api import ROUTERS
from countenance.server.tenancy import Site


def create_app(site: Site) -> FastAPI:
    """The application around an installation that is open, or that its lifespan opens."""
    app = FastAPI(title="Countenance", version=__version__, docs_url=None, redoc_url=None, openapi_url=None)
    app.state.site = site
    for router in ROUTERS:
        app.include_router(router)
    return app
