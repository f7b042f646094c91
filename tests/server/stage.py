"""A media plane without media, in this process and as a program of its own that serves until it is told to stop."""

import asyncio
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

from countenance.contracts.errors import StorageError
from countenance.control.plane import Control
from countenance.link.logs import set_up
from countenance.server.config import Config, Deployed
from countenance.server.opening import MediaPlane
from countenance.server.serving import serve
from countenance.server.tenancy import Site

MODELS = {"face-finder.v1": "0" * 64}


@dataclass
class StageCall:
    """A call of which only the state is known."""

    id: str
    state: str = "live"

    @property
    def running(self) -> SimpleNamespace:
        return SimpleNamespace(register=SimpleNamespace(records=()))


@dataclass
class StageCalls:
    """Calls that end when they are told to; `stuck`: never; `faulty`: with an error."""

    name: str
    stuck: bool = False
    faulty: bool = False
    calls: list[StageCall] = field(default_factory=lambda: [StageCall("c_1")])

    def all(self) -> list[StageCall]:
        return self.calls

    async def close(self) -> None:
        if self.faulty:
            raise StorageError("the disk is full", "Make room.")
        if self.stuck:
            await asyncio.Event().wait()
        for call in self.calls:
            call.state = "ended"


@dataclass
class Stage:
    """A media plane; notes what was done to it."""

    stuck: bool = False
    faulty: bool = False
    made: dict[str, StageCalls] = field(default_factory=dict)
    running: bool = False
    ended: list[str] = field(default_factory=list)
    models: Mapping[str, str] = field(default_factory=lambda: MODELS)

    def alive(self) -> int:
        return 1

    def calls_of(self, name: str, deployed: Deployed, control: Control) -> StageCalls:
        self.made[name] = StageCalls(name, self.stuck, self.faulty)
        return self.made[name]

    @asynccontextmanager
    async def open(self, site: Site) -> AsyncIterator[MediaPlane]:
        self.running = True
        yield self
        self.running = False
        # In which state the calls were when the workers ended.
        self.ended = [call.state for calls in self.made.values() for call in calls.calls]


def main(folder: str, stuck: str) -> int:
    """Serve from a folder; 0 when everything was brought to its end."""
    config = Config.model_validate({"server": {"port": 0, "drain_seconds": 60}, "data": {"folder": Path(folder)}})
    set_up("json", "info")
    stage = Stage(stuck == "stuck")
    done = asyncio.run(serve(config, lambda line: print(line, flush=True), stage.open))
    print(*stage.ended, flush=True)
    return 0 if done else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
