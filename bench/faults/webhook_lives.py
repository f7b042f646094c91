"""One life of a sender: it puts events out and sends them, with a clock that jumps to whatever is due next."""

import asyncio
import json
import secrets
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
from sqlalchemy import func

from bench.faults.tenant import Tenant
from bench.faults.truth import Teller
from countenance.contracts.trust import LogEntry
from countenance.control.delivery import Answer, Delivery, Parcel
from countenance.control.webhooks import Endpoints, NewEndpoint
from countenance.server.sending import Line, Sender
from countenance.storage import outbox
from countenance.storage.clocks import SystemClock, micros
from countenance.storage.endpoints import Status
from countenance.storage.outbox import Event
from countenance.storage.points import Points, nowhere
from countenance.storage.store import Transaction
from countenance.storage.tables import dispatches
from countenance.storage.tables import endpoints as endpoint_rows
from countenance.storage.tables import outbox as outbox_rows
from countenance.surface.destinations import Allowed
from countenance.surface.webhooks import Bodies

CALLS = ("a", "b", "c", "d")
PATHS = ("one", "two", "three")
TOPIC = "io.countenance.consent.changed.v1"
TIMEOUT_S = 0.5
LOOKED_AFTER_S = 0.01
MOST_WAITING = 36
"""No more is put out while so much waits: a sender has to be killed while it sends."""
LOOK_EVERY_S = 0.005
PLANTS = ("settled_before_sent", "new_id_each_time", "calls_without_order")


class Jumping:
    """The wall clock, pushed ahead at will; it never goes back, not even from life to life."""

    boot_id = "jumping"

    def __init__(self, from_utc_us: int) -> None:
        self._real = SystemClock()
        self._ahead = timedelta()
        self.reach(from_utc_us)

    def utc(self) -> datetime:
        """The wall clock, in UTC."""
        return self._real.utc() + self._ahead

    def mono_us(self) -> int:
        """Microseconds since the machine started."""
        return self._real.mono_us()

    def reach(self, utc_us: int) -> None:
        """Let it be this late at least."""
        late = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=utc_us) - self.utc()
        self._ahead += max(timedelta(), late)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a life does."""

    folder: Path
    port: int
    puts: int = 1 << 30
    """So many rounds of one event for each call."""
    plant: str = ""

    def begin(self) -> None:
        """Make the tenant, its calls' keys and its endpoints, and tell the receiver their secrets."""
        with closing(Tenant.open(self.folder / "tenant")) as tenant:
            with tenant.store.transaction() as tx:
                for call in CALLS:
                    tenant.vault.enrol(tx, call)
            shared = {}
            for path in PATHS:
                new = NewEndpoint(f"http://hooks.example.com:{self.port}/{path}", ("io.countenance.*",), full=True)
                shared[path] = Endpoints(tenant.log, tenant.vault, SystemClock(), self.allowed).add(new)[1]
        (self.folder / "secrets").write_text(json.dumps(shared), encoding="utf-8")

    def live(self, teller: Teller, points: Points = nowhere) -> None:
        """Put out and send until killed, or until everything is put out and nothing waits."""
        tenant = Tenant.open(self.folder / "tenant")
        asyncio.run(_Life(self, tenant, teller, points).run())
        tenant.close()

    @property
    def allowed(self) -> Allowed:
        """The receiver is on this machine."""
        return Allowed.of(["127.0.0.0/8"], [self.port])


class _Life:
    """A sender at work."""

    def __init__(self, plan: Plan, tenant: Tenant, teller: Teller, points: Points) -> None:
        self._plan, self._tenant, self._teller = plan, tenant, teller
        self._clock = Jumping(_latest(tenant))
        self._delivery = Delivery(tenant.vault, self._clock, Bodies("bench"), points)
        self._endpoints = Endpoints(tenant.log, tenant.vault, self._clock, plan.allowed)
        self._flying = 0
        self._stop = asyncio.Event()

    async def run(self) -> None:
        async with httpx.AsyncHTTPTransport(trust_env=False, limits=httpx.Limits(max_keepalive_connections=0)) as http:
            self._line = Line(http, _here, SystemClock(), self._plan.allowed, TIMEOUT_S)
            async with asyncio.TaskGroup() as group:
                group.create_task(Sender(self._delivery, self._send, idle_s=LOOK_EVERY_S).run(self._stop))
                group.create_task(self._move_on(group.create_task(self._put())))

    async def _send(self, parcel: Parcel) -> Answer:
        if self._plan.plant == "settled_before_sent":
            await asyncio.to_thread(self._delivery.settle, [(parcel, Answer(200))])
        if self._plan.plant == "new_id_each_time":
            parcel = replace(parcel, dispatch=replace(parcel.dispatch, event_id=secrets.token_hex(16)))
        self._flying += 1
        try:
            return await self._line.send(parcel)
        finally:
            self._teller.note("sent")
            self._flying -= 1

    async def _move_on(self, putting: asyncio.Task[None]) -> None:
        """Be the time that passes, and the operator who brings back an endpoint that was gone."""
        while not self._stop.is_set():
            await asyncio.sleep(LOOK_EVERY_S)
            if self._flying:
                continue
            for one in await asyncio.to_thread(self._endpoints.every):
                if one.row.status is Status.DISABLED:
                    await asyncio.to_thread(self._endpoints.enable, one.row.endpoint_id)
            due_us = await asyncio.to_thread(self._delivery.next_due_us)
            if due_us is not None:
                self._clock.reach(due_us)
            elif putting.done():
                self._stop.set()

    async def _put(self) -> None:
        with self._tenant.store.reading() as tx:
            found = Counter(row.topic for row in tx.rows(tx.select(outbox_rows)))
        numbers = {topic.removeprefix(f"{TOPIC}."): count for topic, count in found.items()}
        for _ in range(self._plan.puts):
            while await asyncio.to_thread(self._waiting) >= MOST_WAITING:  # noqa: ASYNC110
                await asyncio.sleep(LOOKED_AFTER_S)
            for call in CALLS:
                number = numbers[call] = numbers.get(call, 0) + 1
                await asyncio.to_thread(self._put_one, call, number - 1)

    def _waiting(self) -> int:
        with self._tenant.store.reading() as tx:
            return outbox.waiting(tx)

    def _put_one(self, call: str, n: int) -> None:
        tenant, now = self._tenant, micros(self._clock.utc())
        lane = None if self._plan.plant == "calls_without_order" else call

        def also(tx: Transaction, entries: Sequence[LogEntry]) -> None:
            said = json.dumps({"call": call, "n": n}).encode()
            sealed = tenant.vault.seal(tx, call, said, "event", call)
            outbox.put(tx, entries[0].seq, [Event(f"{TOPIC}.{call}", lane, sealed)], now)

        tenant.log.append_all([("CONFIG", {})], also)
        self._teller.note(f"put {call} {n}")


async def _here(_: str, __: int) -> Sequence[str]:
    return ("127.0.0.1",)


def _latest(tenant: Tenant) -> int:
    """How late it was when the life before ended."""
    with tenant.store.reading() as tx:
        times = [
            tx.execute(tx.select(table, func.max(column))).scalar()
            for table, column in (
                (dispatches, dispatches.c.tried_utc_us), (outbox_rows, outbox_rows.c.handed_utc_us),
                (endpoint_rows, endpoint_rows.c.failing_utc_us),
            )
        ]  # fmt: skip
    return max((int(at) for at in times if at is not None), default=0)
