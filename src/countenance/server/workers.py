"""The media workers of this machine: given calls, watched, and replaced when they die by one that waits for it."""

import asyncio
import logging
import socket
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from countenance.contracts.errors import CountenanceError, LinkError, OverloadError
from countenance.link.frames import LONGEST
from countenance.link.line import Line
from countenance.link.logs import extra
from countenance.link.messages import HangUp, Host
from countenance.server.places import Places
from countenance.server.process import Owner, Spawn, Worker, ended, spawn
from countenance.worker.parts import Recipe

SILENT_S = 10.0
"""A worker that says nothing for so long hangs; it says how it is doing once a second."""
START_S = 60.0
"""A worker that has not loaded its models by then never will."""
PLACE_S = 3.0
"""How long a call that begins waits for a worker where all have just died."""
AGAIN_S = 1.0
"""After a worker could not be started, another is tried."""
CALM_S = 2.0
"""A spare is loaded once the calls of the dead are read again: it would take the cores that they come back on."""

log = logging.getLogger(__name__)

Offer = Callable[[Worker], Host]
"""What holds of a call at this moment; whatever its owner says to the worker from now on comes after it."""


@dataclass(slots=True)
class Pool:
    """So many workers, and spares that have their models loaded and wait for one of them to die.

    The calls of a dead worker wait for a place of its own: on the workers beside it they would be too many for a core.
    A call that may be what it died of is read apart from then on, and no more once its workers have died there too.
    """

    recipes: Mapping[str, Recipe]
    count: int = 1
    spares: int = 1
    start: Spawn = spawn
    workers: list[Worker] = field(default_factory=list)
    cells: list[Worker] = field(default_factory=list)
    """Workers beside these, each for a few suspected calls alone."""
    restarts: int = 0
    places: Places = field(default_factory=Places)
    models: Mapping[str, str] = field(default_factory=dict)
    """sha256 by name of what the workers have loaded, the same in all of them."""
    waiting: list[Worker] = field(default_factory=list)
    """Spares that are ready."""
    _owners: dict[str, Owner] = field(default_factory=dict)
    _placing: set[str] = field(default_factory=set)
    """Calls that are on their way to a worker; where it dies over one, whoever places it finds the next."""
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _raising: asyncio.Task[None] | None = None
    _left: asyncio.Event = field(default_factory=asyncio.Event)
    _grown: asyncio.Event = field(default_factory=asyncio.Event)
    _urgent: asyncio.Event = field(default_factory=asyncio.Event)
    _stopping: bool = False

    async def open(self) -> Mapping[str, str]:
        """Start them all, and wait until they have loaded their models; returns sha256 by name of these."""
        begun = await asyncio.gather(*(self._begin() for _ in range(self.count)))
        self.models = begun[0].ready.result().models
        self.workers = [one for one in begun if one.line is not None]
        for _ in range(self.count - len(self.workers)):
            self.places.vacate()
        self._fill()
        self._keep(self._listen())
        return self.models

    async def host(self, call_id: str, offer: Offer, owner: Owner, *, patient: bool = False) -> Worker:
        """Place a call on the worker with the least to do; where that dies over it, on the next.

        `patient`: however long it takes until there is one; else OverloadError after a moment. MediaError where so many
        have died of it that it gets no other.
        """
        self._placing.add(call_id)
        try:
            while True:
                worker = await self._free(call_id, None if patient else PLACE_S)
                self._owners[call_id] = owner
                worker.calls.add(call_id)
                try:
                    await worker.ask(offer(worker))
                    return worker
                except LinkError:
                    # It may have taken the call and be stuck: it is ended, for no other may have it too.
                    worker.end()
                    self.places.blame(worker)
                    worker.calls.discard(call_id)
                except CountenanceError:
                    worker.calls.discard(call_id)
                    self._owners.pop(call_id, None)
                    raise
        finally:
            self._placing.discard(call_id)

    def forget(self, call_id: str) -> None:
        """A call is over."""
        self._owners.pop(call_id, None)
        self.places.forget(call_id)
        for worker in self.reading:
            worker.calls.discard(call_id)
        for cell in [one for one in self.cells if one.line is not None and not self.places.sent_to(one)]:
            self.cells.remove(cell)
            cell.end()
        self._left.set()
        self._grown.set()

    async def close(self, within_s: float = 5.0) -> None:
        """Tell every worker to leave its calls, wait for what they still hand over, and end them."""
        self._stopping = True
        for worker in self.reading:
            for call_id in tuple(worker.calls):
                worker.tell(HangUp(call_id, "draining"))
        try:
            async with asyncio.timeout(within_s):
                while any(worker.calls for worker in self.reading if worker.line is not None):
                    self._left.clear()
                    await self._left.wait()
        except TimeoutError:
            log.warning("workers did not leave their calls in time")
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for worker in self.everyone:
            if worker.line is not None:
                worker.line.close()
            await ended(worker.process)
        self.workers, self.cells, self.waiting = [], [], []

    @property
    def reading(self) -> Sequence[Worker]:
        """Those that have calls, or may get some."""
        return (*self.workers, *self.cells)

    @property
    def everyone(self) -> Sequence[Worker]:
        """Those that wait, too."""
        return (*self.reading, *self.waiting)

    async def _free(self, call_id: str, within_s: float | None) -> Worker:
        """The worker that a call goes to; waits for one that takes a dead one's place."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                while not self._stopping:
                    if (found := self._home(call_id)) is not None:
                        return found
                    self._grown.clear()
                    await self._grown.wait()
        raise OverloadError("no media worker is running", "Try again in a moment.")

    def _home(self, call_id: str) -> Worker | None:
        """The worker of the place that a call has for itself, or else the one with the least to do."""
        if (place := self.places.of(call_id)) is not None:
            return place.worker
        living = [one for one in self.workers if one.line is not None]
        return min(living, key=lambda one: (len(one.calls), one.load.cpu_share), default=None)

    async def _begin(self) -> Worker:
        ours, theirs = socket.socketpair()
        try:
            process = await self.start(self.recipes, theirs.fileno())
        except OSError:
            ours.close()
            raise
        finally:
            theirs.close()
        try:
            return await self._greeted(process, ours)
        except TimeoutError as error:
            await ended(process)
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
        """A fresh worker, however often it takes."""
        while True:
            try:
                fresh = await self._begin()
            except (LinkError, OSError) as fault:
                log.error("a worker could not be started", exc_info=fault)
                await asyncio.sleep(AGAIN_S)
            else:
                if fresh.line is not None:
                    return fresh

    async def _watch(self, worker: Worker) -> None:
        """Until it dies; then its calls go on elsewhere."""
        assert worker.line is not None
        try:
            await worker.line.run()
        except LinkError as fault:
            log.error("a worker said what is no message", exc_info=fault)
        worker.line = None
        if not worker.ready.done():
            worker.ready.set_exception(LinkError("a worker died while it loaded its models", "See its log."))
        if self._stopping:
            self._left.set()
            return
        # It can hand nothing over any more, so it must not go on reading either.
        worker.end()
        await worker.process.wait()
        if worker in self.waiting:
            self.waiting.remove(worker)
            self._fill()
        elif worker in self.reading:
            await self._replace(worker)

    async def _listen(self) -> None:
        """End workers that hang; their lines close, and others take their place."""
        while not self._stopping:
            await asyncio.sleep(SILENT_S / 5)
            for worker in self.everyone:
                silent_s = time.monotonic() - worker.heard_s
                if silent_s > SILENT_S and worker.process.returncode is None:
                    told = extra(pid=worker.process.pid, seconds=round(silent_s))
                    log.error("a worker says nothing any more: it is ended", extra=told)
                    worker.end()

    async def _replace(self, dead: Worker) -> None:
        self.restarts += 1
        exited = extra(count=len(dead.calls), pid=dead.process.pid, reason=f"exit:{dead.process.returncode}")
        log.error("a worker died: its calls go on with another", extra=exited)
        self.places.blame(dead)
        place = self.places.vacate() if dead in self.workers else None
        (self.workers if place else self.cells).remove(dead)
        self._urgent.set()
        self._promote()
        self._fill()
        if place is not None:
            await place.taken
        # Side by side: one call that cannot be taken up holds up no other.
        await asyncio.gather(*(self._lose(call_id) for call_id in sorted(dead.calls - self._placing)))

    async def _lose(self, call_id: str) -> None:
        if (owner := self._owners.get(call_id)) is not None:
            try:
                await owner.lost(call_id)
            except CountenanceError as fault:
                log.error("a call could not be taken up", exc_info=fault, extra=extra(call_id=call_id))

    def _promote(self) -> None:
        """Give vacant places to spares, as far as there are any."""
        living = [one for one in self.waiting if one.line is not None]
        while self.places and living:
            spare = living.pop(0)
            self.waiting.remove(spare)
            (self.cells if self.places.take(spare).alone else self.workers).append(spare)
        self._grown.set()

    def _fill(self) -> None:
        """See to it that so many wait as should: one is loaded after the other."""
        if self._raising is None or self._raising.done():
            self._raising = self._keep(self._raise())

    async def _raise(self) -> None:
        while len(self.waiting) < self.spares + len(self.places) and not self._stopping:
            self._urgent.clear()
            if not self.places:
                with suppress(TimeoutError):
                    async with asyncio.timeout(CALM_S):
                        await self._urgent.wait()
            self.waiting.append(await self._another())
            self._promote()
        for _ in range(len(self.waiting) - self.spares - len(self.places)):
            self.waiting.pop().end()  # the call that it was meant for has ended meanwhile

    def _keep(self, work: Awaitable[None]) -> asyncio.Task[None]:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
