"""What the pages of a participant show of their place in a call."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request

from countenance.contracts.errors import NotFoundError
from countenance.server.access import site_of
from countenance.server.live import LIVE
from countenance.server.pages.sessions import Me, participant


@dataclass(frozen=True, slots=True)
class Seated:
    """A participant, and the call as far as this process knows it."""

    me: Me
    call_id: str
    participant_id: str
    name: str
    """Empty once the call is over and its people are named no more."""
    controllers: tuple[str, ...]
    """Who asks."""
    purpose: str
    live: bool
    ice_servers: tuple[Mapping[str, Any], ...]
    """As browsers take them."""

    @property
    def query(self) -> str:
        """What keeps the pages of several people in one browser apart."""
        return f"me={self.participant_id}"


def seated(request: Request, call_id: str, *, over: bool = False) -> Seated:
    """Whose page this is; raises NotFoundError for a call that is gone, unless `over`: the page is for that too."""
    me = participant(request, call_id)
    own, terms = str(me.participant_id), me.services.deployed.terms
    controllers = () if terms is None else terms.controllers
    site = site_of(request)
    servers = tuple(one.told() for one in site.config.media.ice(site.clock.utc()))
    try:
        live = me.services.calls.get(call_id)
    except NotFoundError:
        if not over:
            raise
        return Seated(me, call_id, own, "", controllers, "", live=False, ice_servers=servers)
    name = next((one.name for one in live.call.participants if one.id == own), "")
    alive, purpose = live.state == LIVE, str(live.call.purpose)
    return Seated(me, call_id, own, name, controllers, purpose, alive, servers)
