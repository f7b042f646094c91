"""The service that pictures are taken of: a tenant on an ordinary morning.

Gate, consents, log and streams are the real ones, what is read is written here second by second. Nothing was read of
anybody.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.server.api.scene import START, Scene
from tests.server.api.served import Service, at_work
from tests.server.coached import NO_HOLDOUT, CoachedCall, keep_prompts, reading_of
from tests.server.pages.told import Told, tell

from countenance.contracts.call import Role
from countenance.contracts.media import Utterance
from countenance.contracts.readings import Event, Phase
from countenance.server.keys import NewKey
from countenance.server.live import Joining, LiveCall, NewCall
from countenance.server.scopes import Position
from countenance.surface.blocks import Grounds
from countenance.surface.envelope import Envelopes

NOW = START + timedelta(seconds=115)
"""When one looks: the call that is coached has run for as long as it was read."""
WALL = ("Bea", "Chloé", "Dmitri", "Esra", "Femi", "Greta", "Hiro")
"""Who is on the calls beside the one that is coached."""
PRESSING = 1
"""Which of them needs somebody."""


@dataclass(frozen=True)
class Stage:
    """A service at work, a call that is over and one that runs."""

    scene: Scene
    service: Service
    told: Told
    coached: CoachedCall
    keys: dict[Position, str] = field(default_factory=dict)

    def staff(self, position: Position) -> str:
        """One key for everybody of a position, by its name."""
        if position not in self.keys:
            self.keys[position], _ = self.scene.site.keys.make(NewKey("one", f"{position.value} desk", position, None))
        return self.keys[position]

    def ana(self) -> str:
        return self.scene.token(self.coached.live, self.coached.ana)["Authorization"].removeprefix("Bearer ")

    @cached_property
    def beginning(self) -> LiveCall:
        """A call on which nobody has answered yet; it is on the wall from when it is first asked for."""
        people = (Joining("Iris", Role.PROSPECT, "crm-iris"), Joining("Ben", Role.AGENT, "crm-ben"))
        return self.service.run(self.scene.one.calls.open(NewCall(participants=people)))

    def iris(self) -> str:
        iris = self.beginning.call.participants[0].id
        return self.scene.token(self.beginning, iris)["Authorization"].removeprefix("Bearer ")


@contextmanager
def staged() -> Iterator[Stage]:
    """A tenant on an ordinary morning."""
    with TemporaryDirectory() as folder:
        scene = Scene(Path(folder), coaching=NO_HOLDOUT)
        with at_work(scene.app) as service:
            told = tell(scene, service.address, 90)
            gone = tell(scene, service.address, 12, ben="agent-5")
            service.run(_erased(scene, gone))
            for number, name in enumerate(WALL):
                one = service.run(CoachedCall.begin(scene, person=f"crm-{number}", name=name))
                service.run(one.fall(10 + number, high=4 if number % 3 == 1 else 20))
                if number == PRESSING:
                    service.run(_presses(one))
            keep_prompts(scene, 60)
            coached = service.run(CoachedCall.begin(scene))
            said = Utterance("", coached.ana, 18_000_000, 21_000_000, "And what would change for the contract we have?")
            service.run(coached.fall(22))
            service.run(coached.pass_second(0.3, words=(said,)))
            yield Stage(scene, service, told, coached)


async def _presses(one: CoachedCall) -> None:
    """An event that runs."""
    reading = reading_of(one.ana, 9_000_000, 10_000_000, 0.3)
    event = Event("engagement_low", Phase.STARTED, "s_1", 2_000_000, 10_000_000, reading, "disengaged")
    one.live.stream.publish(Envelopes(one.live.call).event(9_000, event, Grounds()))


async def _erased(scene: Scene, told: Told) -> None:
    async with scene.client() as client:
        path = f"/v1/calls/{told.call_id}/participants/{told.ben}/data"
        (await client.delete(path)).raise_for_status()
