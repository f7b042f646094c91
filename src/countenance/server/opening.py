"""Bringing an installation up and down: stores, gates, workers, calls, and what happens every second and every day."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from countenance import __version__
from countenance.audit.log import Log
from countenance.audit.witnessing import witnesses_of
from countenance.consent.retention import LEAST_LOG_DAYS
from countenance.contracts.errors import CountenanceError, UsageError
from countenance.control.opening import KEYS, Tenant, open_tenant
from countenance.control.plane import Control
from countenance.control.retention import Retention
from countenance.link.logs import extra
from countenance.policy.gate import Gate
from countenance.server.config import Config, DataTable, Deployed
from countenance.server.exporting import Exporting
from countenance.server.tenancy import Services, Site
from countenance.server.tokens import Tokens
from countenance.server.webhooks import senders

TICK_S = 0.5
"""It must be once a second at least, however long it takes."""
DAY_S = 86_400.0
FIRST_S = 60.0
"""After a start, before the first run of the retention."""

log = logging.getLogger("countenance.server")


class MediaPlane(Protocol):
    """The workers, as the control plane sees them."""

    @property
    def models(self) -> Mapping[str, str]:
        """sha256 by name of what all of them have loaded."""
        ...

    def alive(self) -> int:
        """How many workers answer."""
        ...

    def calls_of(self, name: str, deployed: Deployed, control: Control) -> Any:  # noqa: ANN401
        """The live calls of a tenant."""
        ...


Media = Callable[[Site], AbstractAsyncContextManager[MediaPlane]]


@asynccontextmanager
async def opened(site: Site, media: Media) -> AsyncIterator[None]:
    """An installation at work; leaving it ends its calls, its workers and its stores, in this order."""
    async with AsyncExitStack() as stack:
        stack.callback(site.close)
        found: dict[str, tuple[Tenant, Control]] = {}
        for name, deployed in site.config.tenants.items():
            gate = Gate.load(overlays=deployed.overlays)
            if (no := gate.bars(deployed.purpose)) is not None:
                said = f"the purpose {deployed.purpose} is refused by {no.rule_id}: {no.reason} [{no.citation}]"
                raise UsageError(said, "No configuration allows it; choose another purpose.")
            tenant = stack.enter_context(await asyncio.to_thread(_tenant, site, name))
            found[name] = tenant, Control(tenant, gate)
        plane = await stack.enter_async_context(media(site))
        site.models, site.workers = plane.models, plane.alive
        for name, (tenant, control) in found.items():
            await asyncio.to_thread(control.loaded, plane.models, f"countenance/{__version__}")
            site.tenants[name] = _services(site, name, plane, tenant, control)
        # These outlast the calls: what their end has to say is handed on, and exported, too.
        await stack.enter_async_context(senders(site))
        for services in site.tenants.values():
            if services.exporting is not None:
                stack.push_async_callback(services.exporting.once)
        stack.push_async_callback(drain, site)
        for services in site.tenants.values():
            for work in _works(services, 60.0 * site.config.audit.export_minutes):
                task = asyncio.create_task(work)
                task.add_done_callback(partial(_noted, site))
                stack.push_async_callback(_ended, task)
        yield


async def drain(site: Site) -> None:
    """Begin nothing new and bring what runs to its end, once: results written, leases closed."""
    if site.draining:
        return
    site.draining = True
    log.info("stopping: running calls are brought to their end", extra=extra(count=site.live_calls()))
    try:
        async with asyncio.timeout(site.config.server.drain_seconds):
            await _end_calls(site)
    except TimeoutError:
        log.error("calls did not end in time", extra=extra(count=site.live_calls()))


def place_of(data: DataTable, name: str) -> Path | str:
    """Where a tenant's store is."""
    return data.folder / name if data.url is None else data.url.get_secret_value()


def keys_of(data: DataTable, name: str) -> Path:
    """Where a tenant's keys are."""
    return data.folder / name / KEYS if data.keys is None else data.keys / name


def worker_count(config: Config) -> int:
    """As configured, or one per core that the control plane does not need."""
    return config.workers.count or max(1, (os.cpu_count() or 1) - 1)


def _tenant(site: Site, name: str) -> Tenant:
    data = site.config.data
    return open_tenant(place_of(data, name), name, keys_of(data, name), site.clock)


def _services(site: Site, name: str, plane: MediaPlane, tenant: Tenant, control: Control) -> Services:
    deployed = site.config.tenants[name]
    tokens = Tokens(name, tenant.keys.token_secret(), site.clock)
    calls = plane.calls_of(name, deployed, control)
    exporting = _exporting(site, name, tenant.log)
    return Services(name, deployed, tenant, control, tokens, calls, exporting)


def _exporting(site: Site, name: str, of: Log) -> Exporting | None:
    asked = site.config.audit
    if asked.export is None:
        return None
    folder = asked.export / name
    witnesses = None if asked.witnesses is None else witnesses_of(asked.witnesses, folder)
    return Exporting(name, of, folder, site.exported, witnesses)


def _works(services: Services, each_export_s: float) -> Iterator[Coroutine[None, None, None]]:
    """What is done every so often for as long as the service runs."""
    yield _regularly(services, _ticking(), TICK_S, TICK_S)
    yield _regularly(services, _retain, DAY_S, FIRST_S)
    if services.exporting is not None:
        yield services.exporting.regularly(each_export_s)


async def _end_calls(site: Site) -> None:
    for services in site.tenants.values():
        try:
            await services.calls.close()
        except CountenanceError as fault:
            # What this leaves open, the next start closes: the log knows every lease.
            log.error("calls could not be ended", exc_info=fault, extra=extra(tenant=services.name))


async def _regularly(
    services: Services, work: Callable[[Services], Awaitable[None]], each_s: float, first_s: float
) -> None:
    wait_s = first_s
    while True:
        await asyncio.sleep(wait_s)
        wait_s = each_s
        try:
            await work(services)
        except CountenanceError as fault:
            log.error("regular work failed", exc_info=fault, extra=extra(tenant=services.name))


def _ticking() -> Callable[[Services], Awaitable[None]]:
    """The tick of one tenant; that its store can not, and can again be written is said when it changes."""
    writes = True

    async def tick(services: Services) -> None:
        nonlocal writes
        health = await asyncio.to_thread(services.control.tick)
        if health.writes == writes:
            return
        writes = health.writes
        told = extra(tenant=services.name)
        if writes:
            log.warning("the store can be written again: people are read again", extra=told)
        else:
            log.error("the store cannot be written: nothing is read until it can; ask `countenance doctor`", extra=told)

    return tick


async def _retain(services: Services) -> None:
    tenant, terms = services.tenant, services.deployed.terms
    days = LEAST_LOG_DAYS if terms is None else terms.log_days
    await asyncio.to_thread(Retention(tenant.log, tenant.vault, services.control.clock, days).run)


def _noted(site: Site, task: "asyncio.Task[None]") -> None:
    """Regular work ends with the service; where it ends before, `readyz` says so until the service is begun anew."""
    if not task.cancelled() and (fault := task.exception()) is not None:
        site.broken = True
        log.critical("regular work has ended", exc_info=fault)


async def _ended(task: "asyncio.Task[None]") -> None:
    task.cancel()
    await asyncio.wait({task})
