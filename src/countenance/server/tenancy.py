"""What one tenant is served with, and the installation that holds them all."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from countenance.control.opening import Tenant
from countenance.control.plane import Control
from countenance.server.config import Config, Deployed
from countenance.server.keys import Keys
from countenance.server.limits import Limiter
from countenance.server.tokens import Tokens


@dataclass(frozen=True, slots=True)
class Services:
    """Everything a request of one tenant can reach; nothing of another tenant is in it."""

    name: str
    deployed: Deployed
    tenant: Tenant
    control: Control
    tokens: Tokens
    calls: Any
    """`LiveCalls` of server.calls."""


@dataclass(slots=True)
class Site:
    """The installation: `app.state.site`."""

    config: Config
    keys: Keys
    limiter: Limiter
    tenants: Mapping[str, Services] = field(default_factory=dict)
    draining: bool = False
    """True: nothing new begins, what runs is brought to its end."""
