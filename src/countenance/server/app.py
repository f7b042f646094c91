"""The ASGI application: one installation, its tenants, and the routes that reach them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

from countenance import __version__
from countenance.server import health, pages
from countenance.server.api import install
from countenance.server.boundary import Boundary
from countenance.server.opening import Media, opened
from countenance.server.plane import of_workers
from countenance.server.tenancy import Site

EXPOSED = ("ETag", "Link", "Location", "Retry-After", "X-Correlation-ID")


class App(FastAPI):
    """An application whose boundary lies around everything, the answer to an unforeseen error included."""

    def build_middleware_stack(self) -> ASGIApp:
        """The layers, from the outside in."""
        return Boundary(super().build_middleware_stack())


def create_app(site: Site, media: Media = of_workers) -> FastAPI:
    """The application of an installation; its lifespan opens the tenants and starts the workers."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with opened(site, media):
            yield

    app = App(
        title="Countenance", version=__version__, docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan
    )
    app.state.site = site
    if origins := site.config.server.cors_origins:
        # Credentials are bearer tokens that a page holds itself: nothing is sent along by the browser.
        app.add_middleware(
            CORSMiddleware, allow_origins=origins, allow_methods=["*"], allow_headers=["*"], expose_headers=EXPOSED
        )
    app.include_router(health.router)
    install(app, site)
    pages.install(app)
    return app
