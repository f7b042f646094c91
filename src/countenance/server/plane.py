"""The media plane of this machine: its workers with the parts of every tenant, and the live calls on them."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from countenance.aggregation.taxonomy import Taxonomy, load
from countenance.control.plane import Control
from countenance.fusion.head import TASK as HEAD
from countenance.inference.shelf import Shelf
from countenance.server.calls import LiveCalls
from countenance.server.config import Config, Deployed
from countenance.server.opening import worker_count
from countenance.server.tenancy import Site
from countenance.server.workers import Pool
from countenance.worker.parts import Recipe


class Workers:
    """Worker processes that have loaded and checked the models of every tenant."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    @property
    def models(self) -> Mapping[str, str]:
        """sha256 by name of what all of them have loaded."""
        return self._pool.models

    def alive(self) -> int:
        """How many workers answer."""
        return sum(1 for worker in self._pool.workers if worker.line is not None)

    def calls_of(self, name: str, deployed: Deployed, control: Control) -> LiveCalls:
        """The live calls of a tenant."""
        return LiveCalls(name, deployed, control, self._pool, _taxonomies(deployed))


@asynccontextmanager
async def of_workers(site: Site) -> AsyncIterator[Workers]:
    """Start the workers of an installation; leaving it ends them."""
    config = site.config
    recipes = {name: _recipe(config, deployed) for name, deployed in config.tenants.items()}
    pool = Pool(recipes, worker_count(config))
    try:
        await pool.open()
        yield Workers(pool)
    finally:
        await pool.close()


def _recipe(config: Config, deployed: Deployed) -> Recipe:
    return Recipe(deployed.profile, deployed.models.paths, deployed.taxonomies, fps=config.media.fps)


def _taxonomies(deployed: Deployed) -> Mapping[str, Taxonomy]:
    places = Shelf.installed(deployed.profile, deployed.models.paths).places(HEAD)
    return {name: load(name, places) for name in deployed.taxonomies}
