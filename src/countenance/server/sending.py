"""Sending webhooks: what is due goes out over connections whose address was checked, and is noted in portions."""

import asyncio
import logging
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import httpx

from countenance import __version__
from countenance.contracts.clock import Clock
from countenance.contracts.errors import CountenanceError, DeliveryError, UsageError
from countenance.control.delivery import Answer, Counts, Delivery, Key, Parcel
from countenance.surface.destinations import Address, Allowed, Destination, destination
from countenance.surface.webhooks import headers, pause_asked

MOST_FLYING = 32
IDLE_S = 0.25
"""How long an idle sender waits before it looks again."""
TIMEOUT_S = 20.0
RESOLVERS = 4
"""Threads of their own: names that take long to resolve hold up nothing else."""
AGENT = f"Countenance-Webhooks/{__version__}"

log = logging.getLogger("countenance.server")

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""All addresses of a name."""
Send = Callable[[Parcel], Coroutine[None, None, Answer]]
"""One attempt; it never raises."""


@dataclass(frozen=True, slots=True)
class Line:
    """How webhooks get out: over which transport, to which addresses, within which time."""

    http: httpx.AsyncBaseTransport
    resolve: Resolve
    clock: Clock
    allowed: Allowed
    timeout_s: float = TIMEOUT_S

    async def send(self, parcel: Parcel) -> Answer:
        """One attempt; whatever goes wrong on the way is an answer too."""
        try:
            place = destination(parcel.url, self.allowed)
            async with asyncio.timeout(self.timeout_s):
                addresses = place.check(await self.resolve(place.host, place.port))
                return await self._post(place, addresses[parcel.dispatch.attempts % len(addresses)], parcel)
        except TimeoutError:
            return Answer(None, f"no answer within {self.timeout_s:g} s")
        except (DeliveryError, UsageError) as fault:
            return Answer(None, fault.problem)
        except (httpx.TransportError, OSError) as fault:
            return Answer(None, f"the connection failed ({type(fault).__name__})")

    async def _post(self, place: Destination, address: Address, parcel: Parcel) -> Answer:
        now = self.clock.utc()
        signed = headers(parcel.dispatch.event_id, parcel.body, parcel.secrets, now)
        # The transport itself: no redirection, no cookie, no proxy of the environment.
        request = httpx.Request(
            "POST",
            place.pinned(address),
            headers={**signed, "host": place.authority, "user-agent": AGENT},
            content=parcel.body,
            extensions={"sni_hostname": place.host, "timeout": httpx.Timeout(self.timeout_s).as_dict()},
        )
        response = await self.http.handle_async_request(request)
        # The status is the answer: whatever else the receiver says is not read.
        with suppress(httpx.TransportError):
            await response.aclose()
        return Answer(response.status_code, "", pause_asked(response.headers.get("retry-after"), now))


class Sender:
    """Sends what one tenant has to send, until it is told to stop."""

    def __init__(
        self, delivery: Delivery, send: Send, count: Callable[[Counts], None] = lambda _: None, idle_s: float = IDLE_S
    ) -> None:
        self._delivery = delivery
        self._send = send
        self._idle_s = idle_s
        self._count = count
        self._flying: dict[Key, asyncio.Task[Answer]] = {}
        self._parcels: dict[Key, Parcel] = {}
        """What was sent and is not noted: until it is, it is not sent a second time."""
        self._well = True

    async def run(self, stop: asyncio.Event) -> None:
        """Send until stopped; what is on its way then is waited for and noted."""
        stopping = asyncio.create_task(stop.wait())
        try:
            while not stop.is_set():
                if not await self._quietly(self.round):
                    flying = (task for task in self._flying.values() if not task.done())
                    await asyncio.wait((*flying, stopping), timeout=self._idle_s, return_when=asyncio.FIRST_COMPLETED)
            if self._flying:
                await asyncio.wait(self._flying.values())
            await self._quietly(self.note)
        finally:
            for task in (*self._flying.values(), stopping):
                task.cancel()

    async def round(self) -> int:
        """Note what has come back, hand out what is new and send what is due; returns how much moved."""
        moved = await self.note()
        moved += await asyncio.to_thread(self._delivery.hand_out)
        parcels = await asyncio.to_thread(self._delivery.due, frozenset(self._parcels))
        room = max(0, MOST_FLYING - len(self._parcels))
        for parcel in parcels[:room]:
            self._parcels[parcel.key] = parcel
            self._flying[parcel.key] = asyncio.create_task(self._send(parcel))
            moved += 1
        return moved

    async def note(self) -> int:
        """Note what has come back; returns how much."""
        back = {key: task.result() for key, task in self._flying.items() if task.done()}
        if back:
            answers = [(self._parcels[key], answer) for key, answer in back.items()]
            counts = await asyncio.to_thread(self._delivery.settle, answers)
            for key in back:
                del self._flying[key], self._parcels[key]
            self._count(counts)
        return len(back)

    async def _quietly(self, work: Callable[[], Awaitable[int]]) -> int:
        try:
            moved = await work()
        except CountenanceError as fault:
            if self._well:
                log.error("webhooks wait for the store", exc_info=fault)
            self._well = False
            return 0
        self._well = True
        return moved


@asynccontextmanager
async def way_out(clock: Clock, allowed: Allowed, timeout_s: float = TIMEOUT_S) -> AsyncIterator[Line]:
    """A line to the real network."""
    # Each connection is made for one address that was just checked, and none is used again.
    limits = httpx.Limits(max_connections=MOST_FLYING * 4, max_keepalive_connections=0)
    threads = ThreadPoolExecutor(RESOLVERS, "webhook-names")
    async with httpx.AsyncHTTPTransport(verify=ssl.create_default_context(), trust_env=False, limits=limits) as http:
        try:
            yield Line(http, resolver(threads), clock, allowed, timeout_s)
        finally:
            threads.shutdown(wait=False, cancel_futures=True)


def resolver(threads: ThreadPoolExecutor) -> Resolve:
    """The system's own resolver."""

    async def resolve(host: str, port: int) -> Sequence[str]:
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(threads, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        return tuple(dict.fromkeys(str(address[0]) for *_, address in found))

    return resolve
