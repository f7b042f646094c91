"""A control plane with workers, in this process, for measurements."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from countenance.aggregation.taxonomy import load
from countenance.consent.evidence import Evidence
from countenance.consent.terms import Terms
from countenance.contracts.call import Purpose
from countenance.control.opening import Tenant, open_tenant
from countenance.control.plane import Control
from countenance.policy.gate import Gate
from countenance.server.asking import Form
from countenance.server.calls import LiveCalls
from countenance.server.config import Deployed
from countenance.server.summing import Reading
from countenance.server.workers import Pool
from countenance.worker.parts import Recipe

TERMS = Terms(
    controllers=("Example Ltd",),
    contact="privacy@example.org",
    storage_locations=("Frankfurt",),
    retention_url="https://example.org/privacy/retention",
)
DEPLOYED = Deployed(
    purpose=Purpose.SUPPORT_QA,
    jurisdictions=("US-CA",),
    facts={"minor": "adult", "b2b": "no"},
    terms=TERMS,
    taxonomies=("engagement.v1",),
)
SIGNED = Form(evidence=Evidence("typed_name", "A. Person"))


@dataclass(frozen=True, slots=True)
class Site:
    """One tenant, and its workers."""

    tenant: Tenant
    control: Control
    pool: Pool
    calls: LiveCalls


@asynccontextmanager
async def site(folder: Path, workers: int = 1, spares: int = 0, fps: int = 10) -> AsyncIterator[Site]:
    """Open and close it."""
    pool = Pool({"local": Recipe(taxonomies=DEPLOYED.taxonomies, fps=fps)}, workers, spares)
    with open_tenant(folder) as tenant:
        control = Control(tenant, Gate.load())
        await pool.open()
        control.loaded(pool.models, "bench")
        reading = Reading({name: load(name) for name in DEPLOYED.taxonomies}, (), fps)
        try:
            yield Site(tenant, control, pool, LiveCalls("local", DEPLOYED, control, pool, reading))
        finally:
            await pool.close()
