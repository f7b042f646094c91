"""The webhooks of an installation: what its configuration allows, and a sender for each tenant."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from countenance.contracts.call import Purpose
from countenance.control.delivery import Counts, Delivery
from countenance.control.webhooks import Endpoints
from countenance.server.sending import Sender, way_out
from countenance.server.tenancy import Services, Site
from countenance.surface.destinations import Allowed
from countenance.surface.webhooks import Bodies

HEALTH = (Purpose.TELEHEALTH_SUPPORT, Purpose.PSYCHOTHERAPY)
"""Purposes of deployments whose events are health data: their webhooks are always thin."""


def allowed_by(site: Site) -> Allowed:
    """Where webhooks may go beside the public internet."""
    return Allowed.of(site.config.webhooks.allow, site.config.webhooks.ports)


def endpoints_of(site: Site, services: Services) -> Endpoints:
    """The endpoints of a tenant."""
    tenant, phi = services.tenant, services.deployed.purpose in HEALTH
    return Endpoints(tenant.log, tenant.vault, services.control.clock, allowed_by(site), phi=phi)


def bodies_of(site: Site, services: Services) -> Bodies:
    """How events of a tenant are written."""
    return Bodies(services.deployed.id, (site.config.server.public_url or "").rstrip("/"))


def delivery_of(site: Site, services: Services) -> Delivery:
    """The queues of a tenant's endpoints."""
    return Delivery(services.tenant.vault, services.control.clock, bodies_of(site, services))


@asynccontextmanager
async def senders(site: Site) -> AsyncIterator[None]:
    """Send what every tenant has to send; leaving it waits for what is on its way, at most as long as one attempt."""

    def count(counts: Counts) -> None:
        for result, number in counts.items():
            site.metrics.webhooks.labels(result).inc(number)

    stop = asyncio.Event()
    async with way_out(site.clock, allowed_by(site), site.config.webhooks.timeout_seconds) as line:
        running = [
            asyncio.create_task(Sender(delivery_of(site, services), line.send, count).run(stop))
            for services in site.tenants.values()
        ]
        try:
            yield
        finally:
            stop.set()
            await asyncio.gather(*running)
