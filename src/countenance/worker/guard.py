"""Leases over the line: asked for ahead of time, held by the worker's own clock, ended with what came of them.

The lease of a window is asked for a little before the window begins. So one that is alive covers every moment, also
that in which the window before is read, a little after its own end.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Mapping, Sequence

from countenance.audit.holder import LeaseHolder
from countenance.audit.outcome import Outcome
from countenance.contracts.call import Modality
from countenance.contracts.errors import (
    AuditError,
    CountenanceError,
    LinkError,
    NotFoundError,
    RefusedError,
    StorageError,
)
from countenance.contracts.readings import Reading, Signal
from countenance.contracts.trust import Consent, Lease
from countenance.link.line import Line
from countenance.link.logs import extra
from countenance.link.messages import Ask, Closed, Done, Finished, Granted
from countenance.worker.heard import SILENT, Heard

AHEAD_US = 200_000
"""How long before its window a lease is asked for; a window is read at the latest 300 ms after its end."""
HELD = 3
"""Leases of one person that may be held: the one being read, the one whose media come in, the one ahead."""

log = logging.getLogger(__name__)


class LinkGuard:
    """The guard of one call, at the far end of the line from the log."""

    def __init__(self, line: Line, call_id: str, media_us: Callable[[], int], mono_us: Callable[[], int]) -> None:
        """`media_us`: how far the call has come by its clock; `mono_us`: the monotonic clock of this machine."""
        self.packets: Callable[[int, int], Mapping[str, int]] = lambda _start_us, _end_us: {}
        """Set by who watches the media: when the last packet of each participant in a window had come (monotonic)."""
        self.heard: Callable[[int, int], Heard] = lambda _start_us, _end_us: SILENT
        """Set where the call is coached: who spoke in a window, and what was read of their words."""
        self.granted: Callable[[], None] = lambda: None
        """Set by who reads: called when leases have come; one ends when the next is asked for, so pictures may wait."""
        self.trouble: str | None = None
        """Why nothing may be read now."""
        self.unasked_us = 0
        """Start of the first window whose leases were not asked for yet."""
        self._line = line
        self._call_id = call_id
        self._media_us = media_us
        self._mono_us = mono_us
        self._held: dict[str, deque[tuple[Lease, LeaseHolder]]] = {}
        self._stopped_us: dict[tuple[str, Modality], int] = {}
        """When a no was heard last, by the monotonic clock."""
        self._ahead: dict[int, asyncio.Task[Sequence[Lease]]] = {}
        self._timer: asyncio.TimerHandle | None = None

    async def grant(self, start_us: int, end_us: int) -> Sequence[Lease]:
        """The leases of a window, mostly asked for already; empty when the control plane cannot be reached or write."""
        if self._timer is not None:
            self._timer.cancel()  # where it comes too late, a window is not asked for twice
        waiting = self._ahead.pop(start_us, None) or self._begin(start_us, end_us)
        leases = await waiting
        due_us = end_us - AHEAD_US - self._media_us()
        following = (end_us, 2 * end_us - start_us)
        self._timer = asyncio.get_running_loop().call_later(max(0, due_us) / 1e6, self._prepare, *following)
        return leases

    def check(self, lease: Lease, modality: Modality) -> None:
        """Raises RefusedError unless a lease that is alive covers the modality, and nobody has stopped this one."""
        refusal: RefusedError | None = None
        for held, holder in reversed(self._held.get(lease.participant_id, ())):
            if held == lease and holder.has_stopped(modality):
                holder.check(modality, 0)  # refuses: a yes that came later is one to later windows
            try:
                holder.check(modality, 0)
            except RefusedError as error:
                refusal = refusal or error
            else:
                return
        raise refusal or RefusedError(f"no lease is held for {lease.participant_id}", "Ask the control plane for one.")

    def stop(self, participant_id: str, modality: Modality) -> None:
        """A person's no: it holds for every lease in hand, and for those on their way."""
        self._stopped_us[participant_id, modality] = self._mono_us()
        for _, holder in self._held.get(participant_id, ()):
            holder.stop(modality)

    async def results(self, outcomes: Sequence[Outcome], readings: Sequence[Reading], span_us: tuple[int, int]) -> None:
        """Hand over what came of a window; what a no has overtaken is dropped here already."""
        stopped = {one.lease.participant_id for one in outcomes if self._was_stopped(one)}
        finished = []
        for one in outcomes:
            if one.lease.participant_id in stopped:
                self._line.tell(Closed(self._call_id, one.lease, "stopped", dict(one.counts)))
            else:
                finished.append(Finished(one.lease, dict(one.counts), {}, one.payload.decode()))
        kept = tuple(reading for reading in readings if _whose(reading) not in stopped)
        if finished or kept:
            heard = self.heard(*span_us).without(stopped)
            packets = self.packets(*span_us)
            message = Done(self._call_id, tuple(finished), kept, packets, heard.talk, heard.words, heard.floor)
            try:
                await self._line.ask(message)
                self.trouble = None
            except (LinkError, AuditError, StorageError, NotFoundError) as fault:
                # Nothing of it has left: what is not durable is not said.
                self._in_trouble(fault)
        for one in outcomes:
            self._let_go(one.lease)

    async def close(self, lease: Lease, reason: str) -> None:
        """End a lease that gives no output."""
        self._line.tell(Closed(self._call_id, lease, reason))
        self._let_go(lease)

    def answered(self, consent: Consent) -> None:
        """The control plane knows: it is where answers come from."""

    def leave(self) -> None:
        """The call is over: nothing more is asked for."""
        if self._timer is not None:
            self._timer.cancel()
        for waiting in self._ahead.values():
            waiting.cancel()
        self._ahead.clear()

    def _prepare(self, start_us: int, end_us: int) -> None:
        self._ahead[start_us] = self._begin(start_us, end_us)

    def _begin(self, start_us: int, end_us: int) -> asyncio.Task[Sequence[Lease]]:
        self.unasked_us = max(self.unasked_us, end_us)
        return asyncio.create_task(self._ask(start_us, end_us))

    async def _ask(self, start_us: int, end_us: int) -> Sequence[Lease]:
        asked_us = self._mono_us()
        try:
            granted = await self._line.ask(Ask(self._call_id, start_us, end_us), timeout_s=1.0)
        except NotFoundError:
            return ()  # the call is over, and its end is on its way here
        except (LinkError, AuditError, StorageError) as fault:
            self._in_trouble(fault)
            return ()
        assert isinstance(granted, Granted)
        for lease in granted.leases:
            holder = LeaseHolder(self._mono_us)
            holder.hold(lease, asked_us)
            for modality in lease.modalities:
                # It was asked for before the no, and granted before the control plane had heard that.
                if self._stopped_us.get((lease.participant_id, modality), -1) >= asked_us:
                    holder.stop(modality)
            self._held.setdefault(lease.participant_id, deque(maxlen=HELD)).append((lease, holder))
        self.granted()
        return granted.leases

    def _was_stopped(self, outcome: Outcome) -> bool:
        mine = [holder for lease, holder in self._held.get(outcome.lease.participant_id, ()) if lease == outcome.lease]
        return any(holder.has_stopped(modality) for holder in mine for modality, n in outcome.counts.items() if n)

    def _let_go(self, lease: Lease) -> None:
        held = self._held.get(lease.participant_id, deque())
        self._held[lease.participant_id] = deque((one for one in held if one[0] != lease), maxlen=HELD)

    def _in_trouble(self, fault: CountenanceError) -> None:
        if fault.problem != self.trouble:
            log.warning("nothing is read for now", exc_info=fault, extra=extra(call_id=self._call_id))
        self.trouble = fault.problem


def _whose(reading: Reading) -> str:
    return reading.participant_id if isinstance(reading, Signal) else reading.signal.participant_id
