"""How a deployment is set up and how it fares: settings in force, taxonomies with their thresholds, keys, the state."""

import asyncio
import shutil
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path
from pydantic import SecretStr
from starlette.requests import Request

from countenance import __version__
from countenance.aggregation import taxonomy
from countenance.contracts.errors import NotFoundError
from countenance.inference.onnx import CPU
from countenance.server.access import NO_SUCH, Here, needs, site_of
from countenance.server.api.shapes import Given, utc_text
from countenance.server.configfile import leaves
from countenance.server.health import checks_of
from countenance.server.idempotency import OnceRoute
from countenance.server.live import LIVE
from countenance.server.scopes import Scope
from countenance.server.tenancy import Services, Site
from countenance.storage.apikeys import KeyRow

router = APIRouter(prefix="/v1", tags=["deployment"], route_class=OnceRoute, dependencies=[needs(Scope.OPERATE)])

KeyId = Annotated[str, Path(pattern="^[0-9a-f]{16}$", description="Of an API key; its text is nowhere.")]
FAULTS = 5
"""Problems of calls that are named."""


class SettingView(Given):
    """One key of the configuration."""

    key: str
    value: str
    secret: bool


class LabelView(Given):
    """A label and from which probability on it leads."""

    name: str
    enter: float


class EventView(Given):
    """An event: enough of a label for so long begins it, and less than `leave` ends it."""

    name: str
    label: str
    enter: float
    leave: float
    hold_s: int


class TaxonomyView(Given):
    """A taxonomy that is in use."""

    name: str
    denotes: str
    smoothing_s: float
    min_certainty: float
    labels: Sequence[LabelView]
    dimensions: Sequence[str]
    events: Sequence[EventView]


class SettingsView(Given):
    """What is set; it changes with the configuration file and a restart, never over the network."""

    tenant: str
    settings: Sequence[SettingView]
    taxonomies: Sequence[TaxonomyView]


class KeyView(Given):
    """An API key, without its secret."""

    key_id: str
    label: str
    position: str
    scopes: Sequence[str]
    made_at: str
    expires_at: str | None
    state: Literal["valid", "ended", "revoked"]


class KeyList(Given):
    """The keys of a tenant, the oldest first."""

    items: Sequence[KeyView]


class StatusView(Given):
    """How the service fares."""

    version: str
    checks: dict[str, str]
    writes: bool
    why_not: str | None
    log_entries: int | None
    open_leases: int
    undelivered: int | None
    live_calls: int
    people: int
    workers: int
    models: dict[str, str]
    providers: Sequence[str]
    disk_free_bytes: int | None
    problems: Sequence[str]


@router.get("/settings")
async def settings(request: Request, here: Here) -> SettingsView:
    """What is configured, secrets left out, and the taxonomies with their thresholds."""
    site = site_of(request)
    found = await asyncio.to_thread(lambda: [taxonomy.load(name) for name in here.deployed.taxonomies])
    return SettingsView(
        tenant=here.name, settings=list(_settings(site, here)), taxonomies=[_taxonomy(one) for one in found]
    )


@router.get("/keys")
async def keys(request: Request, here: Here) -> KeyList:
    """API keys of this tenant. They are made on the machine itself, with `countenance keys add`."""
    site = site_of(request)
    return KeyList(items=[_key(site, row) for row in site.keys.all() if row.tenant == here.name])


@router.delete("/keys/{key_id}", status_code=204)
async def revoke(key_id: KeyId, request: Request, here: Here) -> None:
    """End a key at once, and every session of the pages that came from it."""
    site = site_of(request)
    if not any(row.key_id == key_id and row.tenant == here.name for row in site.keys.all()):
        raise NotFoundError(*NO_SUCH)
    site.keys.revoke(key_id)


@router.get("/status")
async def status(request: Request, here: Here) -> StatusView:
    """The state of the service as this tenant sees it."""
    site = site_of(request)
    health = await asyncio.to_thread(here.control.health)
    live = [one for one in here.calls.all() if one.state == LIVE]
    return StatusView(
        version=__version__,
        checks=await asyncio.to_thread(lambda: dict(checks_of(site))),
        writes=health.writes,
        why_not=health.why,
        log_entries=health.log_size,
        open_leases=health.open_leases,
        undelivered=health.waiting,
        live_calls=len(live),
        people=sum(len(one.running.seats) - len(one.running.left) for one in live),
        workers=site.workers(),
        models=dict(site.models),
        providers=CPU,
        disk_free_bytes=_free(site),
        problems=[f"{one.id}: {one.problem}" for one in live if one.problem][:FAULTS],
    )


def _settings(site: Site, here: Services) -> Iterator[SettingView]:
    """Of an installation with several tenants each sees its own part alone."""
    table: Any = site.config if len(site.tenants) == 1 and not site.config.tenant else here.deployed
    for key, value in leaves(table):
        secret = isinstance(value, SecretStr)
        yield SettingView(key=key, value="set" if secret else _text(value), secret=secret)


def _text(value: object) -> str:
    """A value as people read it: a list with commas, a table as pairs."""
    if value is None:
        return ""
    if isinstance(value, Mapping):
        return ", ".join(f"{name} = {_text(one)}" for name, one in value.items())
    return ", ".join(map(_text, value)) if isinstance(value, tuple | list | frozenset) else str(value)


def _taxonomy(found: taxonomy.Taxonomy) -> TaxonomyView:
    return TaxonomyView(
        name=found.name,
        denotes=found.denotes,
        smoothing_s=found.smoothing_s,
        min_certainty=found.min_certainty,
        labels=[LabelView(name=one.name, enter=one.enter) for one in found.label],
        dimensions=[one.name for one in found.dimension],
        events=[
            EventView(name=one.name, label=one.label, enter=one.enter, leave=one.leave, hold_s=one.hold_s)
            for one in found.event
        ],
    )


def _key(site: Site, row: KeyRow) -> KeyView:
    state: Literal["valid", "ended", "revoked"] = "valid" if site.keys.valid(row) else "ended"
    return KeyView(
        key_id=row.key_id,
        label=row.label,
        position=row.position,
        scopes=row.scopes.split(),
        made_at=utc_text(row.made_utc_us),
        expires_at=None if row.expires_utc_us is None else utc_text(row.expires_utc_us),
        state="revoked" if row.revoked_utc_us is not None else state,
    )


def _free(site: Site) -> int | None:
    folder = site.config.data.folder
    return shutil.disk_usage(folder).free if folder.exists() else None
