"""The live calls of one tenant: who is on them, what they answered, which worker reads them, and what comes of it.

Everything here happens on the event loop's thread; what waits for the disk is done in threads of its own.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from countenance.audit.outcome import Terms
from countenance.audit.timekeeping import text_of
from countenance.consent.answers import Shown
from countenance.consent.notice import Notice
from countenance.contracts.call import Call, Modality, Participant
from countenance.contracts.errors import CountenanceError, LinkError, NotFoundError, RefusedError, UsageError
from countenance.contracts.trust import ConsentStatus
from countenance.control.access import Access
from countenance.control.plane import Control
from countenance.link.messages import Answered, Ok, Said, Signalling
from countenance.server.asking import USUAL, Asking, Form
from countenance.server.coaching import Act, coaching_of
from countenance.server.config import Deployed
from countenance.server.hosting import Hosting, admitted
from countenance.server.kept import kept_events
from countenance.server.live import ENDED, LIVE, UNKNOWN, Joining, LiveCall, NewCall
from countenance.server.noes import Noes
from countenance.server.outgoing import READ, Outgoings
from countenance.server.stream import Stream
from countenance.server.summing import Reading, Summaries
from countenance.server.telling import Telling, check_tell
from countenance.server.workers import Pool
from countenance.storage.consents import ConsentRow
from countenance.storage.outbox import random_id
from countenance.surface.blocks import Block
from countenance.surface.envelope import Envelopes
from countenance.surface.record import Line

REMEMBERED_S = 600.0
"""How long a call that has ended can still be followed from memory; the store keeps what is kept of it."""


class LiveCalls:
    """Opens calls, seats people, and stands between workers and the control plane."""

    def __init__(self, name: str, deployed: Deployed, control: Control, pool: Pool, reading: Reading) -> None:
        """`name`: of the tenant, under which the workers know its recipe."""
        self._counted = reading.counted
        self._deployed = deployed
        self._control = control
        self._noes = Noes()
        self._asking = Asking(deployed, control, reading.taxonomies, self._noes)
        self._summaries = Summaries(deployed, control, reading)
        self._pool = pool
        self._taxonomies = reading.taxonomies
        self._calls: dict[str, LiveCall] = {}
        self._telling: set[asyncio.Task[None]] = set()
        self._hosting = Hosting(name, control, pool, self._calls)

    def get(self, call_id: str) -> LiveCall:
        """A call by its id; raises NotFoundError."""
        return self._hosting.get(call_id)

    def all(self) -> Sequence[LiveCall]:
        """Every call that this process knows, the oldest first."""
        return tuple(self._calls.values())

    def labels(self, taxonomy: str) -> Sequence[str]:
        """The labels of a taxonomy that is configured; raises UsageError."""
        if taxonomy not in self._taxonomies:
            raise UsageError(f"unknown taxonomy {taxonomy!r}", f"Configured: {', '.join(self._taxonomies)}.")
        return tuple(one.name for one in self._taxonomies[taxonomy].label)

    async def open(self, new: NewCall) -> LiveCall:
        """Begin a call: on the disk, on a worker, and nobody is read yet."""
        taxonomies = new.taxonomies or self._deployed.taxonomies
        for name in taxonomies:
            if name not in self._taxonomies:
                raise UsageError(f"unknown taxonomy {name!r}", f"Configured: {', '.join(self._taxonomies)}.")
        check_tell(new.tell, new.source.get("kind"))
        purpose, call_id = new.purpose or self._deployed.purpose, random_id()
        if (no := self._control.gate.bars(purpose)) is not None:
            raise RefusedError.by((no,), "No call is begun for this.")
        call = Call(call_id, self._deployed.id, purpose, (), text_of(self._control.clock.utc()))
        terms = Terms(model_digests=tuple(self._pool.models.values()))
        running = await asyncio.to_thread(
            self._control.open_call, call, {}, terms, lambda who, modality: self._stopped(call_id, who, modality)
        )
        out = Outgoings(self._control, running)
        stream = Stream(Envelopes(call).source, kept_events(self._control.tenant, running.call_ref))
        live = LiveCall(running, stream, out, dict(new.source), taxonomies, new.tell)
        live.coaching = coaching_of(self._deployed.coaching, new.coaching, self._control, running, self._counted)
        self._calls[call_id] = live
        for who in new.participants:
            await self.join(call_id, who)
        try:
            await self._hosting.place(live)
        except CountenanceError:
            await self.end(call_id)
            raise
        if live.tell != "nothing":
            access = Access(self._control.tenant.log, self._control.tenant.vault)
            task = asyncio.create_task(Telling(live, self._hosting, access).run())
            self._telling.add(task)
            task.add_done_callback(self._telling.discard)
        return live

    async def join(self, call_id: str, who: Joining) -> Participant:
        """Seat a person, and put each modality of them to the gate; what they answered before holds again."""
        live = self._alive(call_id)
        participant = Participant(random_id(), who.name, who.role)
        await asyncio.to_thread(self._control.admit, live.running, participant, who.person)
        for ruling in await self._asking.rule(live, participant, who):
            if not ruling.allowed:
                async with live.turn:
                    live.stream.publish(live.out.refused(participant.id, ruling))
            live.out.crowd.need(ruling.duties.aggregate_k or 0)
        await self._asking.carry(live, participant.id)
        self._hosting.tell(live, admitted(live))
        for modality in READ:
            await self._answered(live, participant.id, modality)
        return participant

    async def leave(self, call_id: str, participant_id: str) -> None:
        """Somebody has gone: nothing is asked for or read of them until they come back; what they published ends."""
        live = self._alive(call_id)
        live.person_of(participant_id)
        live.running.left.add(participant_id)
        if live.source.get("kind") == "whip" and live.worker is not None:
            # Where the worker dies over it, its sessions have ended as well.
            with suppress(LinkError):
                await self.signal(live.id, "leave", {"participant_id": participant_id})

    async def forget(self, person: str) -> None:
        """A person was erased: nothing of them is told any more, and they have left the calls that go on."""
        for live in self.all():
            for seat in tuple(live.running.seats.values()):
                if seat.person == person:
                    live.stream.forget(f"participants/{seat.participant_id}")
                    live.out.crowd.forget(person)
                    if live.coaching is not None:
                        live.coaching.coach.forget(seat.participant_id)
                    if live.state == LIVE:
                        await self.leave(live.id, seat.participant_id)

    def back(self, call_id: str, participant_id: str) -> None:
        """Somebody who had gone is there again, by the same id."""
        live = self._alive(call_id)
        live.person_of(participant_id)
        live.running.left.discard(participant_id)

    async def resume(self, call_id: str) -> None:
        """Take a call up again whose worker had nothing more to read, such as a room that was closed and is open."""
        live = self._alive(call_id)
        if live.worker is None and live.ending is None and not live.unreadable:
            live.problem = None
            await self._hosting.place(live)

    async def show(
        self, call_id: str, participant_id: str, language: str = "en", *, own_wish: bool = False
    ) -> tuple[Notice, Mapping[Modality, Shown]]:
        """The notice as this person must see it, and that it was shown; an answer refers to it."""
        return await self._asking.show(self._alive(call_id), participant_id, language, own_wish=own_wish)

    async def answer(
        self, call_id: str, participant_id: str, modality: Modality, status: ConsentStatus, form: Form = USUAL
    ) -> ConsentRow:
        """A person's answer to what they were shown; a yes needs the notice, a no is heard in any case."""
        live = self._alive(call_id)
        live.person_of(participant_id)
        row = await self._asking.answer(live, participant_id, modality, status, form)
        await self._answered(live, participant_id, modality)
        await self._hosting.heard(live)
        return row

    async def stop(
        self, call_id: str, participant_id: str, modalities: Sequence[Modality] | None = None
    ) -> Sequence[ConsentRow]:
        """A person stops: the worker has been told before the disk is waited for, and it is durable on return."""
        return await self.stop_person(self._alive(call_id).person_of(participant_id), modalities)

    async def stop_person(self, person: str, modalities: Sequence[Modality] | None = None) -> Sequence[ConsentRow]:
        """The same, by the deployment's own id: every call that the person sits in is told."""
        rows = await self._noes.run(self._control.stop, person, modalities)
        seats = [
            (live, seat.participant_id)
            for live in self.all()
            for seat in tuple(live.running.seats.values())
            if live.state == LIVE and seat.person == person
        ]
        for live, who in seats:
            for modality in READ if modalities is None else modalities:
                await self._answered(live, who, modality)
            await self._hosting.heard(live)
        return rows

    async def pause(self, call_id: str, participant_id: str, *, on: bool) -> LiveCall:
        """Nothing is read of a person until they resume; nobody but they ends it, and what they answered stands."""
        live = self._alive(call_id)
        live.person_of(participant_id)
        change = self._control.pause if on else self._control.resume
        await asyncio.to_thread(change, live.running, participant_id)
        await self._hosting.heard(live)
        self._hosting.tell(live, admitted(live))
        return live

    async def coach(self, call_id: str, act: Act) -> None:
        """Do something with the coaching of a call, in its turn, and tell its readers what came of it."""
        live = self._alive(call_id)
        if live.coaching is None:
            raise NotFoundError(*UNKNOWN)
        async with live.turn:
            at_us = live.now_us(self._control.tenant.clock.mono_us())
            for prompt in await act(live.coaching, at_us, live.out.number):
                live.stream.publish(prompt)

    async def said(self, call_id: str, words: Said) -> None:
        """Words that a client hands in for a participant."""
        await self._hosting.ask(self._alive(call_id), replace(words, call_id=call_id))

    async def signal(self, call_id: str, verb: str, table: Mapping[str, Any]) -> Mapping[str, Any]:
        """Hand something to the connector of a call: an offer (`participant_id`, `sdp`), a `patch`, a `delete`."""
        live = self._alive(call_id)
        worker, answer = live.worker, await self._hosting.ask(live, Signalling(call_id, verb, table))
        told = answer.table if isinstance(answer, Ok) else {}
        live.signalled(worker, verb, table, told)
        return told

    async def end(self, call_id: str, reason: str = "hang_up") -> LiveCall:
        """End a call; what was read is handed over first. Ending twice changes nothing, also at the same time."""
        live = self.get(call_id)
        if live.state == LIVE:
            if live.ending is None:
                live.ending = asyncio.create_task(self._end(live, reason))
            # Whoever asked may go away meanwhile: the end is not left half done.
            await asyncio.shield(live.ending)
        return live

    async def summary(self, call_id: str, actor: str, reason: str) -> Block:
        """What can be said of a call; the log says who asked. A call that goes on is summed up as far as it is."""
        live = self._calls.get(call_id)
        if live is None:
            return await self._summaries.kept(call_id, actor, reason)
        return await self._summaries.of(live, actor, reason)

    def transcript(self, call_id: str) -> Sequence[Line] | None:
        """The words of a call; None once it is not remembered any more."""
        live = self._calls.get(call_id)
        return None if live is None else self._summaries.transcript(live)

    async def close(self) -> None:
        """End every call."""
        await asyncio.gather(*(self.end(live.id, "draining") for live in self.all() if live.state == LIVE))
        self._noes.close()

    def _alive(self, call_id: str) -> LiveCall:
        live = self.get(call_id)
        if live.state != LIVE:
            raise NotFoundError(*UNKNOWN)
        return live

    async def _answered(self, live: LiveCall, participant_id: str, modality: Modality) -> None:
        """Pass on the answer that holds now, once; the worker does not wait for the turn of the stream."""
        consent = live.running.register.current(participant_id, modality, live.running.at_us)
        if consent is not None and live.out.is_news(consent):
            self._hosting.tell(live, Answered(live.id, consent))
            if consent.status is not ConsentStatus.GIVEN:
                live.out.crowd.withdraw(live.person_of(participant_id))
            async with live.turn:
                live.stream.publish(live.out.consent_changed(consent))

    def _stopped(self, call_id: str, participant_id: str, modality: Modality) -> None:
        """Called from any thread, before the disk is waited for."""
        live = self._calls.get(call_id)
        if live is not None and live.worker is not None:
            live.out.loop.call_soon_threadsafe(self._hosting.stop, live, participant_id, modality)

    async def _end(self, live: LiveCall, reason: str) -> None:
        try:
            await self._hosting.leave(live, reason)
            await self._forget(live)
        finally:
            # Where the disk failed it is still running, and may be ended again.
            live.ending = None

    async def _forget(self, live: LiveCall) -> None:
        self._pool.forget(live.id)
        async with live.asking, live.turn:
            if live.coaching is not None:
                for prompt in await live.coaching.finish(live.out.number):
                    live.stream.publish(prompt)
            await self._summaries.keep(live)
            await asyncio.to_thread(self._control.end_call, live.running)
            live.state = ENDED
            live.stream.publish(live.out.summarised(live.media_us))
            live.stream.end()
        live.out.loop.call_later(REMEMBERED_S, self._calls.pop, live.id, None)
