"""Running the service: one socket, the first signal drains, the second ends at once."""

import asyncio
import logging
import signal
import socket
import ssl
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from types import FrameType
from typing import Protocol

import uvicorn
from fastapi import FastAPI

from countenance.contracts.errors import UsageError
from countenance.link.logs import extra
from countenance.server.app import create_app
from countenance.server.config import Config, ServerTable
from countenance.server.keys import NewKey
from countenance.server.opening import Media, drain
from countenance.server.openness import anybody, openness
from countenance.server.plane import of_workers
from countenance.server.tenancy import Services, Site
from countenance.storage.clocks import SystemClock

BACKLOG = 1024
SOCKET_BYTES = 1_048_576
"""The largest message that a WebSocket takes."""
CLOSE_S = 3
"""How long open connections may finish once everything has ended."""
CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"
"""Of TLS 1.2: forward secrecy and authenticated encryption, whatever a library would take. TLS 1.3 has no other."""
FIRST_KEY = "made at the first start"
NOBODY = (
    "Nothing may be read of anybody yet: for {names} nobody has said what calls are for and where. "
    "`countenance config init` asks, and writes a countenance.toml."
)

log = logging.getLogger("countenance.server")

Told = Callable[[str], None]


class Beside(Protocol):
    """Something that goes on while a service serves, such as the demo."""

    def install(self, app: FastAPI) -> None:
        """Give the app what it needs beside its own."""
        ...

    async def run(self, site: Site, url: str) -> None:
        """Begins once requests are answered; its end is the end of the service."""
        ...


class Served(uvicorn.Server):
    """A server whose first signal brings running calls to their end before it closes."""

    def __init__(self, config: uvicorn.Config, site: Site, begun: Callable[[], None]) -> None:
        """`begun` is called once requests are answered and signals are heard."""
        super().__init__(config)
        self._site = site
        self._begun = begun
        self._loop: asyncio.AbstractEventLoop | None = None
        self._draining: asyncio.Task[None] | None = None
        self.hurried = False
        """A second signal came: what ran was not brought to its end."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen."""
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets)
        self._begun()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002
        """A signal to stop; the handler runs between any two instructions, so the loop does the work."""
        if self._loop is None:
            self.should_exit = True
        else:
            self._loop.call_soon_threadsafe(self._told, sig)

    def stop(self) -> None:
        """Bring what runs to its end, and close."""
        if self._draining is None:
            self._draining = asyncio.create_task(self._drain())

    def _told(self, sig: int) -> None:
        log.info("told to stop", extra=extra(signal=signal.Signals(sig).name))
        if self._draining is None:
            self.stop()
            return
        self.hurried = self.force_exit = self.should_exit = True
        self._draining.cancel()

    async def _drain(self) -> None:
        try:
            await drain(self._site)
        finally:
            self.should_exit = True


async def serve(config: Config, tell: Told, media: Media = of_workers, beside: Beside | None = None) -> bool:
    """Serve until told to stop, or until what goes on beside it is over; True when everything was brought to its end.

    `tell` gets the address, and at the very first start an API key for each tenant: it is shown this once.
    """
    site = Site.of(config, SystemClock())
    app = create_app(site, media)
    if beside is not None:
        beside.install(app)
    settings, listening = _uvicorn(app, config.server), _listening(config.server)
    with listening:
        async with app.router.lifespan_context(app):
            works: list[asyncio.Task[None]] = []

            def begun() -> None:
                _announce(site, listening, tell)
                if beside is not None:
                    works.append(
                        asyncio.create_task(_along(server, beside.run(site, url_of(config.server, listening))))
                    )

            server = Served(settings, site, begun)
            await server.serve([listening])
            await _ended(works)
            # Told to stop before it listened, or by a second signal: leaving ends what still runs.
            return not server.hurried


async def _along(server: Served, work: Coroutine[None, None, None]) -> None:
    try:
        await work
    finally:
        server.stop()


async def _ended(works: Sequence["asyncio.Task[None]"]) -> None:
    """What goes on beside the service ends with it; what went wrong there is said."""
    for work in works:
        work.cancel()
        with suppress(asyncio.CancelledError):
            await work


def _announce(site: Site, listening: socket.socket, tell: Told) -> None:
    host, port = listening.getsockname()[:2]
    log.info("serving", extra=extra(host=host, port=port, count=site.workers()))
    begun = f"Countenance serves at {url_of(site.config.server, listening)}"
    for line in (begun, *_first_keys(site), *_unasked(site)):
        tell(line)


def url_of(table: ServerTable, listening: socket.socket) -> str:
    """Where the service can be reached."""
    if table.public_url is not None:
        return table.public_url
    host, port = listening.getsockname()[:2]
    name = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)
    return f"{'https' if table.tls_certificate else 'http'}://{name}:{port}"


def _first_keys(site: Site) -> list[str]:
    """A key for each tenant of an installation that has no key at all."""
    if site.keys.all():
        return []
    made = ((name, site.keys.make(NewKey(name, FIRST_KEY))[0]) for name in site.tenants)
    return [f"API key of {name}, shown this once: {text}" for name, text in made]


def _unasked(site: Site) -> list[str]:
    """What must be set before anybody can be read."""
    shut = [name for name, services in site.tenants.items() if _shut(services)]
    silent = [name for name, services in site.tenants.items() if name not in shut and services.deployed.terms is None]
    lines = [NOBODY.format(names=", ".join(shut))] if shut else []
    if silent:
        said = (
            f"Nobody can be asked yet, so nobody is read: set the terms of {', '.join(silent)} (`countenance doctor`)."
        )
        lines.append(said)
    return lines


def _shut(services: Services) -> bool:
    """Whether law and charter let nothing be read of anybody, as this deployment stands."""
    today = services.control.clock.utc().date()
    return not anybody(openness(services.control.gate, services.deployed, today))


def _listening(table: ServerTable) -> socket.socket:
    family = socket.AF_INET6 if ":" in table.host else socket.AF_INET
    try:
        return socket.create_server((table.host, table.port), family=family, backlog=BACKLOG)
    except OSError as fault:
        raise UsageError(
            f"cannot listen at {table.host} port {table.port}: {fault.strerror or fault}",
            "Choose another with --host and --port, or stop what listens there.",
        ) from fault


def _uvicorn(app: FastAPI, table: ServerTable) -> uvicorn.Config:
    for path in (table.tls_certificate, table.tls_key):
        if path is not None and not path.is_file():
            raise UsageError(f"TLS cannot begin: there is no file {path}", "Check tls_certificate and tls_key.")
    settings = uvicorn.Config(
        app,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        ws="websockets-sansio",
        ws_max_size=SOCKET_BYTES,
        timeout_graceful_shutdown=CLOSE_S,
        ssl_certfile=table.tls_certificate,
        ssl_keyfile=table.tls_key,
        ssl_ciphers=CIPHERS,
    )
    try:
        settings.load()
    except (OSError, ssl.SSLError) as fault:
        raise UsageError(f"TLS cannot begin: {fault}", "Check tls_certificate and tls_key.") from fault
    if isinstance(settings.ssl, ssl.SSLContext):
        settings.ssl.minimum_version = ssl.TLSVersion.TLSv1_2
    return settings
