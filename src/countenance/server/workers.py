"""The media workers of this machine: started, given calls, watched, and replaced when they die."""

import asyncio
import logging
import os
import socket
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol

from pydantic import TypeAdapter

from countenance.contracts.errors import CountenanceError, LinkError, NotFoundError, OverloadError
from countenance.link.frames import LONGEST
from countenance.link.line import OK, Line
from countenance.link.messages import Ask, Closed, Done, HangUp, Host, Left, Load, Message, Ready
from countenance.worker.parts import Recipe

SILENT_S = 10.0
"""A worker that says nothing for so long hangs; it says how it is doing once a second."""
START_S = 60.0
"""A worker that has not loaded its models by then never will."""
SETTINGS = "COUNTENANCE__"
"""Begins the names of the variables that configure the control plane."""
PLACE_S = 3.0
"""How long a call that begins waits for a worker where all have just died."""
AGAIN_S = 1.0
"""After a worker could not be started, another is tried."""
RECIPES = TypeAdapter(dict[str, Recipe])

log = logging.getLogger(__name__)


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
        """Kill it; its calls go on with another."""
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


@dataclass(slots=True)
class Pool:
    """So many workers, and one more that has its models loaded and waits for another to die."""

    recipes: Mapping[str, Recipe]
    count: int = 1
    spare: int = 1
    start: Spawn = spawn
    workers: list[Worker] = field(default_factory=list)
    restarts: int = 0
    models: Mapping[str, str] = field(default_factory=dict)
    """sha256 by name of what the workers have loaded, the same in all of them."""
    _waiting: list[Worker] = field(default_factory=list)
    _owners: dict[str, Owner] = field(default_factory=dict)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _left: asyncio.Event = field(default_factory=asyncio.Event)
    _grown: asyncio.Event = field(default_factory=asyncio.Event)
    _stopping: bool = False

    async def open(self) -> Mapping[str, str]:
        """Start them all, and wait until they have loaded their models; returns sha256 by name of these."""
        self.workers = list(await asyncio.gather(*(self._begin() for _ in range(self.count))))
        self.models = self.workers[0].ready.result().models
        self._refill()
        self._keep(self._listen())
        return self.models

    async def host(self, host: Host, owner: Owner) -> Worker:
        """Place a call on the worker with the least to do; where that dies over it, on the next."""
        call_id = host.admitted.call_id
        while True:
            worker = await self._freest()
            self._owners[call_id] = owner
            worker.calls.add(call_id)
            try:
                await worker.ask(host)
                return worker
            except LinkError:
                worker.calls.discard(call_id)
                if worker.line is not None:
                    raise  # it lives, and may have taken the call: no other must have it too

    def forget(self, call_id: str) -> None:
        """A call is over."""
        self._owners.pop(call_id, None)
        for worker in self.workers:
            worker.calls.discard(call_id)
        self._left.set()

    async def close(self, within_s: float = 5.0) -> None:
        """Tell every worker to leave its calls, wait for what they still hand over, and end them."""
        self._stopping = True
        for worker in self.workers:
            for call_id in tuple(worker.calls):
                worker.tell(HangUp(call_id, "draining"))
        try:
            async with asyncio.timeout(within_s):
                while any(worker.calls for worker in self.workers):
                    self._left.clear()
                    await self._left.wait()
        except TimeoutError:
            log.warning("workers did not leave their calls in time")
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for worker in (*self.workers, *self._waiting):
            if worker.line is not None:
                worker.line.close()
            await _end(worker.process)
        self.workers, self._waiting = [], []

    async def _freest(self) -> Worker:
        """The worker with the least to do; waits a moment for one that takes a dead one's place."""
        with suppress(TimeoutError):
            async with asyncio.timeout(PLACE_S):
                while not self._stopping:
                    if living := [one for one in self.workers if one.line is not None]:
                        return min(living, key=lambda one: (len(one.calls), one.load.cpu_share))
                    self._grown.clear()
                    await self._grown.wait()
        raise OverloadError("no media worker is running", "Try again in a moment.")

    async def _begin(self) -> Worker:
        ours, theirs = socket.socketpair()
        process = await self.start(self.recipes, theirs.fileno())
        theirs.close()
        try:
            return await self._greeted(process, ours)
        except TimeoutError as error:
            await _end(process)
            raise LinkError("a worker did not load its models in time", "See its log.") from error
        except asyncio.CancelledError:
            process.kill()
            await process.wait()
            raise

    async def _greeted(self, process: asyncio.subprocess.Process, ours: socket.socket) -> Worker:
        """A worker that has said it is ready."""
        worker = Worker(process, self._owners, self._left)
        reader, writer = await asyncio.open_connection(sock=ours, limit=LONGEST)
        worker.line = Line(reader, writer, worker.hear)
        self._keep(self._watch(worker))
        async with asyncio.timeout(START_S):
            await worker.ready
        return worker

    async def _another(self) -> Worker:
        """A worker in place of one that died, however often it takes."""
        while True:
            try:
                return await self._begin()
            except (LinkError, OSError) as fault:
                log.error("a worker could not be started: %s", fault)
                await asyncio.sleep(AGAIN_S)

    async def _watch(self, worker: Worker) -> None:
        """Until it dies; then its calls go on elsewhere."""
        assert worker.line is not None
        try:
            await worker.line.run()
        except LinkError as fault:
            log.error("a worker said what is no message: %s", fault.problem)
        worker.line = None
        if not worker.ready.done():
            worker.ready.set_exception(LinkError("a worker died while it loaded its models", "See its log."))
        if self._stopping:
            return
        await _end(worker.process)
        if worker in self._waiting:
            self._waiting.remove(worker)
            self._refill()
        elif worker in self.workers:
            await self._replace(worker)

    async def _listen(self) -> None:
        """End workers that hang; their lines close, and others take their place."""
        while not self._stopping:
            await asyncio.sleep(SILENT_S / 5)
            for worker in (*self.workers, *self._waiting):
                if time.monotonic() - worker.heard_s > SILENT_S and worker.process.returncode is None:
                    log.error("a worker has said nothing for %g s: it is ended", SILENT_S)
                    worker.process.kill()

    async def _replace(self, dead: Worker) -> None:
        self.restarts += 1
        log.error("a worker died with %d calls (exit %s); another follows", len(dead.calls), dead.process.returncode)
        self.workers.remove(dead)
        self.workers.append(self._waiting.pop() if self._waiting else await self._another())
        self._grown.set()
        self._refill()
        # Side by side: one call that cannot be taken up holds up no other.
        await asyncio.gather(*(self._lose(call_id) for call_id in sorted(dead.calls)))

    async def _lose(self, call_id: str) -> None:
        if (owner := self._owners.get(call_id)) is not None:
            try:
                await owner.lost(call_id)
            except CountenanceError as fault:
                log.error("a call could not be taken up: %s", fault.problem)

    def _refill(self) -> None:
        async def refill() -> None:
            while len(self._waiting) < self.spare and not self._stopping:
                self._waiting.append(await self._another())

        self._keep(refill())

    def _keep(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _end(process: asyncio.subprocess.Process) -> None:
    """The process whose line is closed ends by itself; one that does not is killed."""
    try:
        async with asyncio.timeout(3.0):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
