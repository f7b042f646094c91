"""The live calls of one tenant on their workers: placed, listened to, and taken up again when a worker dies.

Everything here happens on the event loop's thread; what waits for the disk is done in threads of its own.
"""

import asyncio
import logging
from collections.abc import Mapping

from countenance.contracts.call import Modality
from countenance.contracts.errors import (
    AuditError,
    CountenanceError,
    LinkError,
    MediaError,
    NotFoundError,
    OverloadError,
    StorageError,
    UsageError,
)
from countenance.control.plane import Control
from countenance.link.line import OK
from countenance.link.logs import extra
from countenance.link.messages import Admitted, Ask, Closed, Done, Granted, HangUp, Host, Left, Message, Stop
from countenance.server.kinds import UNREADABLE
from countenance.server.live import LIVE, UNKNOWN, LiveCall
from countenance.server.problems import ProblemError
from countenance.server.process import Worker
from countenance.server.workers import Pool

LEAVE_S = 5.0
"""How long a worker may take to hand over what it has read of a call that ends."""

HEARD_S = 5.0
"""A worker that has not carried out a no by then is ended; it is meant to take some milliseconds."""

log = logging.getLogger(__name__)


class Hosting:
    """Stands between the workers and the control plane."""

    def __init__(self, name: str, control: Control, pool: Pool, calls: Mapping[str, LiveCall]) -> None:
        """`name`: of the tenant, under which the workers know its recipe; `calls`: kept by whoever opens them."""
        self._name = name
        self._control = control
        self._pool = pool
        self._calls = calls

    def get(self, call_id: str) -> LiveCall:
        """A call by its id; raises NotFoundError."""
        live = self._calls.get(call_id)
        if live is None:
            raise NotFoundError(*UNKNOWN)
        return live

    async def place(self, live: LiveCall, *, patient: bool = False) -> None:
        """Give the call to a worker, with everything that holds by now; `patient`: however long it takes."""
        live.over.clear()
        try:
            await self._pool.host(live.id, lambda worker: self._offer(live, worker), self, patient=patient)
        except CountenanceError:
            live.worker = None
            raise
        if live.ending is None and live.state == LIVE:
            await self._tell_publishers(live)
        elif live.worker is not None:
            live.worker.tell(HangUp(live.id))

    def _offer(self, live: LiveCall, worker: Worker) -> Host:
        """The call as it stands; what is said of it from now on goes to this worker, after it."""
        if live.ending is not None or live.state != LIVE:
            raise NotFoundError(*UNKNOWN)
        mono_us = self._control.tenant.clock.mono_us()
        if live.began_us is None:
            live.began_us = mono_us
        live.worker = worker
        consents, coached = tuple(live.running.register.records), live.coaching is not None
        at_us, noes = mono_us - live.began_us, tuple(live.running.undurable_noes)
        return Host(admitted(live), consents, live.source, live.taxonomies, self._name, at_us, coached, noes)

    async def leave(self, live: LiveCall, reason: str) -> None:
        """Let the worker of a call hand over what it has read, and leave."""
        if live.worker is None:
            return
        live.worker.tell(HangUp(live.id, reason))
        try:
            async with asyncio.timeout(LEAVE_S):
                await live.over.wait()
        except TimeoutError:
            log.warning("the worker of a call did not leave in time", extra=extra(call_id=live.id))

    async def hear(self, message: Ask | Done | Closed | Left) -> Message:
        """What the worker of a call says."""
        live = self.get(message.call_id)
        running = live.running
        match message:
            case Ask():
                async with live.asking:
                    if live.state != LIVE:
                        raise NotFoundError(*UNKNOWN)
                    leases = await asyncio.to_thread(self._control.grant, running, message.start_us, message.end_us)
                return Granted(tuple(leases))
            case Done():
                async with live.turn:
                    live.media_us = max([live.media_us, *(one.lease.end_us for one in message.finished)])
                    told = await live.out.done(message)
                    for envelope in told:
                        live.stream.publish(envelope)
                    if live.coaching is not None:
                        for prompt in await live.coaching.heard(message, told, live.out.number):
                            live.stream.publish(prompt)
            case Closed():
                async with live.turn:
                    await live.out.closed(message)
            case Left():
                async with live.turn:
                    pass  # what came before it is dealt with
                live.has_left(message)
                if message.reason not in ("hang_up", "draining") or message.problem:
                    log.warning("a call is read no more", extra=extra(call_id=live.id, reason=message.reason))
        return OK

    async def lost(self, call_id: str) -> None:
        """The worker died: the call goes on, and another worker takes it up where it is now."""
        live = self.get(call_id)
        live.worker = None
        async with live.asking, live.turn:
            await self._end_leases(live)
        try:
            await self.place(live, patient=True)
        except NotFoundError:
            live.over.set()  # nobody takes up what is about to end
        except MediaError as fault:
            live.problem, live.unreadable = fault.problem, True
            await self._tell_publishers(live)
        except (LinkError, OverloadError, UsageError) as fault:
            live.problem = fault.problem
            log.error("a call found no other worker", exc_info=fault, extra=extra(call_id=call_id))

    async def _end_leases(self, live: LiveCall) -> None:
        """What a dead worker held gives no result; the one that follows asks for the same window again."""
        for lease in live.running.open_leases:
            try:
                await asyncio.to_thread(self._control.close_lease, live.running, lease, "worker_lost")
            except (AuditError, StorageError) as fault:
                # It has ended meanwhile, or the disk fails: then it ends when it lapses. The call does not wait for it.
                log.warning("a lease of a dead worker was not closed", exc_info=fault, extra=extra(call_id=live.id))

    async def _tell_publishers(self, live: LiveCall) -> None:
        """Those whose sessions are gone; a browser would notice it by itself only after many seconds."""
        at_us = live.now_us(self._control.tenant.clock.mono_us())
        async with live.turn:
            for session, who in live.gone().items():
                live.stream.publish(live.out.media_lost(who, session, at_us))

    def stop(self, live: LiveCall, participant_id: str, modality: Modality) -> None:
        """Say a no to the worker of a call at once; `heard` waits until it is carried out."""
        if live.worker is not None:
            task = asyncio.create_task(_said_no(live.worker, Stop(live.id, participant_id, modality)))
            live.noes.add(task)
            task.add_done_callback(live.noes.discard)

    async def heard(self, live: LiveCall) -> None:
        """Every no that was said so far is carried out: nothing more is decoded or read of it when this returns."""
        if live.noes:
            await asyncio.wait(tuple(live.noes))

    def tell(self, live: LiveCall, message: Message) -> None:
        """Say something to the worker of a call, if it has one."""
        if live.worker is not None:
            live.worker.tell(message)

    async def ask(self, live: LiveCall, message: Message) -> Message:
        """Say something to the worker of a call and wait for the answer; raises OverloadError where it has none."""
        if live.unreadable:
            raise ProblemError(UNREADABLE)
        if live.worker is None:
            raise OverloadError("no media worker reads this call now", "Try again in a moment.")
        return await live.worker.ask(message)


async def _said_no(worker: Worker, message: Stop) -> None:
    try:
        await worker.ask(message, HEARD_S)
    except NotFoundError:
        pass  # it reads the call no more
    except LinkError as fault:
        # A worker that is gone decodes nothing; one that does not hear a no is ended.
        if worker.line is not None:
            log.error("a worker does not carry out a no: it is ended", exc_info=fault)
            worker.end()


def admitted(live: LiveCall) -> Admitted:
    """Who is on a call, and what the gate said of them."""
    rulings = tuple((who, ruling) for (who, _), ruling in live.running.rulings.items())
    known_as = tuple((seat.participant_id, seat.person) for seat in live.running.seats.values())
    return Admitted(live.id, live.call, rulings, known_as, tuple(sorted(live.running.paused)))
