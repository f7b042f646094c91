"""The media plane of this machine: its workers with the parts of every tenant, and the live calls on them."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial

from countenance.aggregation.taxonomy import load
from countenance.capture.livekitaccess import variables
from countenance.capture.transcription import KEY as DEEPGRAM_KEY
from countenance.capture.transcription import Transcription
from countenance.control.plane import Control
from countenance.fusion.head import TASK as HEAD
from countenance.inference.shelf import Shelf
from countenance.server.calls import LiveCalls
from countenance.server.config import Config, Deployed
from countenance.server.gathering import Gathering, MeasuredPool
from countenance.server.opening import worker_count
from countenance.server.process import spawn
from countenance.server.summing import Reading
from countenance.server.tenancy import Site
from countenance.server.workers import Pool
from countenance.worker.parts import Recipe


class Workers:
    """Worker processes that have loaded and checked the models of every tenant."""

    def __init__(self, pool: Pool, fps: int, counted: Callable[[str], None]) -> None:
        """`counted`: told what became of every prompt."""
        self._pool = pool
        self._fps = fps
        self._counted = counted

    @property
    def models(self) -> Mapping[str, str]:
        """sha256 by name of what all of them have loaded."""
        return self._pool.models

    def alive(self) -> int:
        """How many workers answer."""
        return sum(1 for worker in self._pool.workers if worker.line is not None)

    def calls_of(self, name: str, deployed: Deployed, control: Control) -> LiveCalls:
        """The live calls of a tenant."""
        shelf = Shelf.installed(deployed.profile, deployed.models.paths)
        taxonomies = {each: load(each, shelf.places(HEAD)) for each in deployed.taxonomies}
        cards = tuple(card for name, card in sorted(shelf.cards.items()) if name in self.models)
        return LiveCalls(name, deployed, control, self._pool, Reading(taxonomies, cards, self._fps, self._counted))


@asynccontextmanager
async def of_workers(site: Site) -> AsyncIterator[Workers]:
    """Start the workers of an installation; leaving it ends them."""
    config = site.config
    recipes = {name: _recipe(config, name, deployed) for name, deployed in config.tenants.items()}
    start = partial(spawn, secrets=_secrets(config))
    gathering = Gathering(site.metrics, site.clock, config.workers.usd_per_core_hour)
    most_bytes, spares = config.workers.memory_mib << 20, config.workers.spares
    pool = MeasuredPool(recipes, worker_count(config), spares, start, gathering=gathering, most_bytes=most_bytes)
    try:
        await pool.open()
        looking = asyncio.create_task(pool.looking())
        yield Workers(pool, config.media.fps, lambda outcome: site.metrics.prompts.labels(outcome).inc())
        looking.cancel()
    finally:
        await pool.close()


def _recipe(config: Config, name: str, deployed: Deployed) -> Recipe:
    written = config.transcription.model_dump(include=set(Transcription.model_fields))
    return Recipe(
        deployed.profile,
        deployed.models.paths,
        deployed.taxonomies,
        fps=config.media.fps,
        tenant=name if config.tenant else "",
        transcription=Transcription.model_validate(written),
        recipients=() if deployed.terms is None else deployed.terms.recipients,
    )


def _secrets(config: Config) -> dict[str, str]:
    """What workers need to enter other people's services, as environment: a command line can be seen by everybody."""
    key = config.transcription.key
    found = {DEEPGRAM_KEY: key and key.get_secret_value()}
    for name in config.tenants:
        table = config.livekit_of(name)
        given = (table.url, table.key, table.secret and table.secret.get_secret_value())
        found |= dict(zip(variables(name if config.tenant else ""), given, strict=True))
    return {name: value for name, value in found.items() if value}
