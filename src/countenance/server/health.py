"""Routes for machines and for anybody: alive, ready, metrics, version, what is deployed."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import TypeVar

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from starlette.requests import Request

from countenance import __version__
from countenance.contracts.errors import NotFoundError
from countenance.server import metrics
from countenance.server.access import NO_SUCH, needs, site_of
from countenance.server.public import advert
from countenance.server.scopes import Scope
from countenance.server.tenancy import Services, Site

router = APIRouter(tags=["service"])

OK, NO = "ok", "no"
Said = TypeVar("Said")


@router.get("/healthz")
async def healthz() -> Mapping[str, str]:
    """The process is alive."""
    return {"status": OK}


@router.get("/readyz", responses={503: {"description": "Not ready; `checks` says why"}})
async def readyz(request: Request) -> JSONResponse:
    """Calls can begin: models loaded with the right hashes, policy loaded, log writable, a worker alive."""
    checks = await asyncio.to_thread(lambda: dict(checks_of(site_of(request))))
    ready = set(checks.values()) == {OK}
    return JSONResponse({"status": OK if ready else NO, "checks": checks}, 200 if ready else 503)


@router.get("/metrics", dependencies=[needs(Scope.OPERATE)], response_class=Response)
async def prometheus(request: Request) -> Response:
    """Everything that is counted here, as Prometheus reads it; of the whole installation."""
    text = await asyncio.to_thread(site_of(request).metrics.text)
    return Response(text, headers={"content-type": metrics.MEDIA_TYPE})


@router.get("/version")
async def version(request: Request) -> Mapping[str, object]:
    """The program and the models it has loaded, by sha256."""
    return {"version": __version__, "models": dict(site_of(request).models)}


@router.get("/.well-known/countenance")
async def well_known(request: Request) -> Mapping[str, object]:
    """What the only deployment here can read, of whom only after consent."""
    return await _advert(site_of(request), None)


@router.get("/.well-known/countenance/{tenant}")
async def well_known_of(request: Request, tenant: str) -> Mapping[str, object]:
    """The same of one of several."""
    return await _advert(site_of(request), tenant)


async def _advert(site: Site, tenant: str | None) -> Mapping[str, object]:
    services = public_of(site, tenant)
    return await daily(site, f"advert {services.name}", lambda today: advert(services, site.models, today))


async def daily(site: Site, name: str, make: Callable[[date], Said]) -> Said:
    """Made once a day: anybody may ask, and making it takes a while."""
    today = site.clock.utc().date()
    kept = site.daily.get(name)
    if kept is None or kept[0] != today:
        kept = site.daily[name] = (today, await asyncio.to_thread(make, today))
    said: Said = kept[1]
    return said


def checks_of(site: Site) -> Iterator[tuple[str, str]]:
    """By name, whether it is well; of which tenant something is wrong, metrics and logs say."""
    tenants = site.tenants.values()
    log = bool(tenants) and all(one.control.health().writes for one in tenants)
    yield "draining", NO if site.draining else OK
    yield "log", OK if log else NO
    yield "policy", OK if tenants and all(one.control.gate.rules for one in tenants) else NO
    yield "models", OK if site.models else NO
    yield "workers", OK if site.workers() else NO
    yield "regular work", NO if site.broken else OK
    yield "accounted", OK if all(one.control.health().unaccounted == 0 for one in tenants) else NO


def public_of(site: Site, name: str | None) -> Services:
    """The tenant whose public page is asked for; the only one needs no name. Raises NotFoundError."""
    if name is None and len(site.tenants) == 1:
        return next(iter(site.tenants.values()))
    found = site.tenants.get(name or "")
    if found is None:
        raise NotFoundError(*NO_SUCH)
    return found
