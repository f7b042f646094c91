"""One media process, seen from the control plane: how it is started, what it says, and how it is ended."""

import asyncio
import os
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

from pydantic import TypeAdapter

from countenance.contracts.errors import LinkError, NotFoundError
from countenance.link.line import OK, Line
from countenance.link.messages import Ask, Closed, Done, Left, Load, Message, Ready
from countenance.worker.parts import Recipe

SETTINGS = "COUNTENANCE__"
"""Begins the names of the variables that configure the control plane."""
END_S = 3.0
"""How long a process whose line was closed may take to end by itself."""
RECIPES = TypeAdapter(dict[str, Recipe])


class Owner(Protocol):
    """Whoever placed a call, and hears what its worker says."""

    async def hear(self, message: Ask | Done | Closed | Left) -> Message:
        """What a worker says of the call."""
        ...

    async def lost(self, call_id: str) -> None:
        """The worker of the call died."""
        ...


class Worker:
    """One process, seen from the control plane."""

    def __init__(self, process: asyncio.subprocess.Process, owners: dict[str, Owner], news: asyncio.Event) -> None:
        self.process = process
        self.ready: asyncio.Future[Ready] = asyncio.get_running_loop().create_future()
        self.load = Load(0.0, 0, {})
        self.heard_s = time.monotonic()
        self.calls: set[str] = set()
        self.blamed = False
        """Whether its death has been held against its calls."""
        self.line: Line | None = None
        self._owners = owners
        self._news = news

    async def hear(self, message: Message) -> Message:
        """What it says, passed on to whoever owns the call."""
        self.heard_s = time.monotonic()
        match message:
            case Ready():
                self.ready.set_result(message)
            case Load():
                self.load = message
            case Ask() if self.line is None:
                raise LinkError("the worker is gone", "What it asked for would be held by nobody.")
            case Ask() | Done() | Closed() | Left():
                owner = self._owners.get(message.call_id)
                if owner is None:
                    raise NotFoundError(f"call {message.call_id} is not running", "It has ended.")
                answer = await owner.hear(message)
                if isinstance(message, Left):
                    self.calls.discard(message.call_id)
                    self._news.set()
                return answer
        return OK

    async def ask(self, message: Message, timeout_s: float = 10.0) -> Message:
        """Say something and wait for the answer."""
        if self.line is None:
            raise LinkError("the worker is gone", "Another takes its place.")
        return await self.line.ask(message, timeout_s)

    def end(self) -> None:
        """Kill it, and say no more to it; its calls go on with another."""
        self.line = None
        if self.process.returncode is None:
            self.process.kill()

    def tell(self, message: Message) -> None:
        """Say something."""
        if self.line is not None:
            self.line.tell(message)


Spawn = Callable[[Mapping[str, Recipe], int], Awaitable[asyncio.subprocess.Process]]


async def spawn(
    recipes: Mapping[str, Recipe], descriptor: int, secrets: Mapping[str, str] | None = None
) -> asyncio.subprocess.Process:
    """A fresh interpreter that holds one end of the line and nothing else of ours; `secrets` by name of a variable."""
    told = RECIPES.dump_json(dict(recipes)).decode()
    command = (sys.executable, "-m", "countenance.worker", str(descriptor), told)
    environment = environment_of(os.environ, secrets or {})
    return await asyncio.create_subprocess_exec(
        *command, pass_fds=(descriptor,), stdin=asyncio.subprocess.DEVNULL, env=environment
    )


def environment_of(ours: Mapping[str, str], secrets: Mapping[str, str]) -> dict[str, str]:
    """What a worker finds around it: the secrets it needs, and none of the control plane's, such as its database."""
    inherited = {name: value for name, value in ours.items() if not name.startswith(SETTINGS)}
    return {**inherited, **secrets, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


async def ended(process: asyncio.subprocess.Process) -> None:
    """The process whose line is closed ends by itself; one that does not is killed."""
    try:
        async with asyncio.timeout(END_S):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
