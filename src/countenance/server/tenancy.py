"""What one tenant is served with, and the installation that holds them all."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from countenance.contracts.call import Modality
from countenance.contracts.clock import Clock
from countenance.contracts.trust import ConsentStatus
from countenance.control.opening import Tenant
from countenance.control.plane import Control
from countenance.server.calls import LiveCalls
from countenance.server.config import Config, Deployed
from countenance.server.exporting import Exporting
from countenance.server.keys import Keys
from countenance.server.limits import Limiter, Rate
from countenance.server.live import LIVE, LiveCall
from countenance.server.metrics import Metrics, Standing
from countenance.server.papers import Papers
from countenance.server.tokens import Tokens
from countenance.server.tracing import Tracing, tracing_of
from countenance.server.waves import Waves
from countenance.storage.apikeys import KeyFile


@dataclass(frozen=True, slots=True)
class Services:
    """Everything a request of one tenant can reach; nothing of another tenant is in it."""

    name: str
    deployed: Deployed
    tenant: Tenant
    control: Control
    tokens: Tokens
    calls: LiveCalls
    exporting: Exporting | None = None
    """None where no folder is configured."""


@dataclass(slots=True)
class Site:
    """The installation: `app.state.site`."""

    config: Config
    clock: Clock
    keys: Keys
    limiter: Limiter
    metrics: Metrics
    tracing: Tracing
    tenants: dict[str, Services] = field(default_factory=dict)
    models: Mapping[str, str] = field(default_factory=dict)
    """sha256 by name of the models that every worker has loaded and checked."""
    workers: Callable[[], int] = int
    """How many workers answer."""
    draining: bool = False
    """True: nothing new begins, what runs is brought to its end."""
    broken: bool = False
    """True: what is to be done every second or every day has ended by an error that nobody foresaw."""

    daily: dict[str, tuple[date, Any]] = field(default_factory=dict)
    """Public papers by name, with the day on which they were made."""
    waves: Waves = field(default_factory=Waves)
    """Of recordings that were looked at."""
    papers: Papers = field(default_factory=Papers)
    _exported: dict[str, float] = field(default_factory=dict, init=False, repr=False)

    @classmethod
    def of(cls, config: Config, clock: Clock) -> "Site":
        """An installation of which no tenant is open yet."""
        limits = config.limits
        limiter = Limiter(
            Rate(limits.requests_per_second, limits.requests_at_once),
            Rate(limits.address_per_second, limits.address_at_once),
            clock,
        )
        keys = Keys(KeyFile(config.data.folder), clock)
        metrics = Metrics(
            priced=config.workers.usd_per_core_hour is not None, exporting=config.audit.export is not None
        )
        site = cls(config, clock, keys, limiter, metrics, tracing_of(config.otel))
        site.metrics.watch(site.standing, site.rows, site.live_calls)
        return site

    def encrypted(self, scheme: str) -> bool:
        """Whether a request came over TLS: by its own scheme, or because a proxy is the only way in."""
        return scheme in ("https", "wss") or (self.config.server.public_url or "").startswith("https:")

    def exported(self, name: str) -> None:
        """The log of a tenant was exported now."""
        self._exported[name] = self.clock.utc().timestamp()
        if self._exported.keys() >= self.tenants.keys():
            self.metrics.exported.set(min(self._exported.values()))

    def close(self) -> None:
        """Let go of everything but the tenants."""
        self.tracing.close()
        self.keys.close()

    def standing(self) -> Standing:
        """The answers that stand in running calls, one per person and modality."""
        for services in self.tenants.values():
            for live in services.calls.all():
                if live.state == LIVE:
                    yield from _standing(live)

    def rows(self) -> int:
        """Entries of all logs."""
        return sum(services.tenant.log.size for services in self.tenants.values())

    def live_calls(self) -> int:
        """Calls that are running."""
        return sum(1 for services in self.tenants.values() for live in services.calls.all() if live.state == LIVE)


def _standing(live: LiveCall) -> Iterator[tuple[Modality, ConsentStatus]]:
    last = {(one.participant_id, one.modality): one.status for one in live.running.register.records}
    yield from ((modality, status) for (_, modality), status in last.items())
