"""The media process: it hosts calls for the control plane at the other end of the line, and dies with it."""

import asyncio
import gc
import logging
import resource
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from countenance.contracts.errors import NotFoundError, UsageError
from countenance.link.line import OK, Line
from countenance.link.messages import (
    Admitted,
    Answered,
    HangUp,
    Host,
    Load,
    Message,
    Ok,
    Ready,
    Said,
    Signalling,
    Stop,
)
from countenance.storage.clocks import SystemClock
from countenance.worker.call import Clock, HostedCall, LiveConnector
from countenance.worker.parts import Parts, Recipe
from countenance.worker.sources import connector_of, load_sources
from countenance.worker.timing import Timings

LOAD_EVERY_S = 1.0
PAGE = resource.getpagesize()

log = logging.getLogger(__name__)

Connect = Callable[[Mapping[str, object], Recipe, Clock], LiveConnector]


class Worker:
    """The calls of one process."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        recipes: Mapping[str, Recipe],
        connect: Connect = connector_of,
    ) -> None:
        self._line = Line(reader, writer, self._hear)
        self._recipes = recipes
        self._connect = connect
        self._clock = SystemClock()
        self._timings = Timings(self._clock.mono_us)
        self._parts: dict[str, Parts] = {}
        self._calls: dict[str, HostedCall] = {}
        self._running: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Load the models, say so, and serve until the control plane is gone."""
        for name, recipe in self._recipes.items():
            same = [
                parts for parts in self._parts.values() if parts.recipe == replace(recipe, tenant=parts.recipe.tenant)
            ]
            self._parts[name] = same[0] if same else (await asyncio.to_thread(Parts.load, recipe)).timed(self._timings)
        await asyncio.to_thread(load_sources)
        gc.freeze()  # what was loaded stays for good: no collection need look at it again
        digests = {model: digest for parts in self._parts.values() for model, digest in parts.digests.items()}
        self._line.tell(Ready(digests))
        beating = asyncio.create_task(self._beat())
        try:
            await self._line.run()
        finally:
            beating.cancel()
            for call in self._calls.values():
                call.hang_up("control_lost")
            if self._running:
                await asyncio.wait(self._running, timeout=2.0)

    async def _hear(self, message: Message) -> Message:
        match message:
            case Host():
                self._host(message)
            case Admitted():
                self._call(message.call_id).admit(message)
            case Answered():
                await self._call(message.call_id).answered(message.consent)
            case Stop():
                await self._call(message.call_id).stop(message.participant_id, message.modality)
            case Signalling():
                return Ok(await self._call(message.call_id).signal(message))
            case Said():
                self._call(message.call_id).said(message)
            case HangUp():
                self._call(message.call_id).hang_up(message.reason)
            case _:
                raise UsageError(
                    f"a worker does not take {type(message).__name__}", "Both ends must be of one version."
                )
        return OK

    def _host(self, host: Host) -> None:
        name = host.admitted.call_id
        if name in self._calls:
            raise UsageError(f"call {name} is hosted already", "Host a call once.")
        recipe = self._recipes[host.recipe]
        clock = Clock(self._clock.mono_us, self._clock.mono_us() - host.media_us)
        connector = self._connect(host.source, recipe, clock)
        call = HostedCall(self._line, self._parts[host.recipe], host, connector, clock)
        self._calls[name] = call
        task = asyncio.create_task(call.run())
        self._running.add(task)
        task.add_done_callback(lambda done: self._over(name, done))

    def _over(self, name: str, done: asyncio.Task[None]) -> None:
        self._running.discard(done)
        self._calls.pop(name, None)
        if not done.cancelled() and (fault := done.exception()) is not None:
            # Not an error that the product understands: this process is no longer sound, another takes its place.
            log.critical("a call broke its worker", exc_info=fault)
            self._line.close()

    def _call(self, name: str) -> HostedCall:
        call = self._calls.get(name)
        if call is None:
            raise NotFoundError(f"this worker does not host call {name}", "It has ended, or was taken over.")
        return call

    async def _beat(self) -> None:
        wall, used = time.monotonic(), time.process_time()
        while True:
            await asyncio.sleep(LOAD_EVERY_S)
            now, spent = time.monotonic(), time.process_time()
            calls = {name: call.load() for name, call in self._calls.items()}
            self._line.tell(Load((spent - used) / (now - wall), rss_bytes(), calls, self._timings.take()))
            wall, used = now, spent


def rss_bytes() -> int:
    """Resident memory of this process."""
    return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * PAGE
