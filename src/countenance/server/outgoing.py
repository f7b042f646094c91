"""What leaves a live call: readings once their result is durable, in one order, each with what permitted it."""

import asyncio
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from countenance.audit.outcome import Outcome, Outgoing
from countenance.contracts.call import Modality
from countenance.contracts.errors import AuditError
from countenance.contracts.readings import Event, Reading, Signal
from countenance.contracts.trust import Consent, Lease, LogEntry, Ruling
from countenance.control.health import is_of_the_store
from countenance.control.plane import Control
from countenance.control.running import RunningCall
from countenance.link.messages import Closed, Done, Finished
from countenance.server.unread import Unread
from countenance.surface.blocks import Grounds
from countenance.surface.envelope import Envelope, Envelopes

NOTHING_READ = "{}"


@dataclass(frozen=True, slots=True)
class Leaving:
    """An envelope on its way out."""

    participant_id: str
    envelope: Envelope
    lasting: bool
    """Whether it also goes into the outbox; samples do not."""


class Outgoings:
    """Makes, numbers and commits the envelopes of one call."""

    def __init__(self, control: Control, running: RunningCall) -> None:
        self.loop = asyncio.get_running_loop()
        self._control = control
        self._running = running
        self.unread = Unread()
        """What was said without a result: of people who were not read."""
        self._sequence = 0
        self._said: set[tuple[str, Modality, int]] = set()

    @property
    def _envelopes(self) -> Envelopes:
        return Envelopes(self._running.call)

    async def done(self, message: Done) -> Sequence[Envelope]:
        """Make what came of a window durable; returns what may be said of it now."""
        leaving = [self._leaving(reading) for reading in message.readings]
        entries = await asyncio.to_thread(self._commit, message, leaving)
        now_us = self._control.tenant.clock.mono_us()
        stopped = {one.lease.participant_id for one in message.finished} - entries.keys()
        said = [one for one in leaving if one.participant_id not in stopped]
        for one in said:
            if one.participant_id not in entries:
                self.unread.add(one.envelope)
        return [_told(one, entries, message.packet_mono_us, now_us) for one in said]

    async def closed(self, message: Closed) -> None:
        """A lease ended without a word."""
        lease = self._open(message.lease)
        if lease is not None:
            self._control.ran(message.counts)
            await asyncio.to_thread(self._control.close_lease, self._running, lease, message.reason, message.counts)

    def is_news(self, consent: Consent) -> bool:
        """Whether this answer was not told yet."""
        key = (consent.participant_id, consent.modality, consent.version)
        known = key in self._said
        self._said.add(key)
        return not known

    def consent_changed(self, consent: Consent) -> Envelope:
        """Somebody answered."""
        return self._envelopes.consent_changed(self._number(), consent)

    def refused(self, participant_id: str, ruling: Ruling) -> Envelope:
        """The gate refuses a modality of somebody; what it allows of them instead is named."""
        rulings = self._running.rulings.items()
        instead = tuple(modality for (who, modality), one in rulings if who == participant_id and one.allowed)
        return self._envelopes.refused(self._number(), participant_id, ruling, instead)

    def summarised(self, end_us: int) -> Envelope:
        """The call is over and can be asked for its summary."""
        return self._envelopes.summary(self._number(), end_us, f"/v1/calls/{self._running.call.id}/summary")

    def _leaving(self, reading: Reading) -> Leaving:
        grounds, number = self._grounds(reading), self._number()
        if isinstance(reading, Event):
            envelope = self._envelopes.event(number, reading, grounds)
            return Leaving(reading.signal.participant_id, envelope, lasting=True)
        return Leaving(reading.participant_id, self._envelopes.sample(number, reading, grounds), lasting=False)

    def _number(self) -> int:
        self._sequence += 1
        return self._sequence

    def _commit(self, message: Done, leaving: Sequence[Leaving]) -> Mapping[str, LogEntry]:
        """Result entries by participant, on the disk; a participant whose lease was overtaken by a no has none."""
        by_person: dict[str, list[Leaving]] = defaultdict(list)
        for one in leaving:
            by_person[one.participant_id].append(one)
        outcomes = [self._outcome(one, by_person[one.lease.participant_id]) for one in message.finished]
        outcomes += self._late(message, by_person)
        for ended in message.finished:
            self._control.ran(ended.counts)
        wanted = [one for one in outcomes if self._open(one.lease) is not None]
        try:
            results = self._control.results(self._running, wanted)
        except AuditError as fault:
            if is_of_the_store(fault):
                raise
            return self._one_by_one(wanted)
        return {one.lease.participant_id: result.entry for one, result in zip(wanted, results, strict=True)}

    def _one_by_one(self, outcomes: Iterable[Outcome]) -> Mapping[str, LogEntry]:
        """A no has overtaken somebody's result: theirs is thrown away, everybody else's stands."""
        kept = {}
        for one in outcomes:
            try:
                kept[one.lease.participant_id] = self._control.results(self._running, [one])[0].entry
            except AuditError as fault:
                if is_of_the_store(fault):
                    raise
                self._control.close_lease(self._running, one.lease, "stopped", one.counts)
        return kept

    def _outcome(self, one: Finished, leaving: Sequence[Leaving]) -> Outcome:
        numbers = json.loads(one.payload)
        numbers["readings"] = [{"type": each.envelope["type"], "data": each.envelope["data"]} for each in leaving]
        payload = json.dumps(numbers, sort_keys=True, separators=(",", ":"))
        return Outcome(one.lease, dict(one.counts), payload.encode(), _events(leaving))

    def _late(self, message: Done, by_person: Mapping[str, Sequence[Leaving]]) -> list[Outcome]:
        """At hang-up events end without a window of their own: they go out with the lease that is still open."""
        ended = {one.lease.participant_id for one in message.finished}
        late = {who for who, leaving in by_person.items() if who not in ended and any(one.lasting for one in leaving)}
        free = {lease.participant_id: lease for lease in self._running.open_leases if lease.participant_id in late}
        return [Outcome(lease, {}, NOTHING_READ.encode(), _events(by_person[who])) for who, lease in free.items()]

    def _open(self, lease: Lease) -> Lease | None:
        """The lease as it stands here; None when it has ended, as leases do whose worker took too long."""
        return next((one for one in self._running.open_leases if one == lease), None)

    def _grounds(self, reading: Reading) -> Grounds:
        signal = reading if isinstance(reading, Signal) else reading.signal
        who = signal.participant_id
        read: list[Modality] = [m for m, use in signal.modalities.items() if use.used]
        permissions = self._running.permissions()
        consents = {one.modality: one for one in permissions.consents(who, read, signal.start_us)}
        return Grounds(
            consents=consents,
            policy_digest=self._control.gate.digest,
            decision_id=",".join(f"{who}/{modality}" for modality in sorted(read)),
            lease=f"{who}/{signal.start_us}" if read else None,
        )


def _events(leaving: Iterable[Leaving]) -> tuple[Outgoing, ...]:
    lasting = (one.envelope for one in leaving if one.lasting)
    return tuple(Outgoing(str(one["type"]), json.dumps(one, separators=(",", ":")).encode()) for one in lasting)


def _told(one: Leaving, entries: Mapping[str, LogEntry], packets: Mapping[str, int], now_us: int) -> Envelope:
    """The envelope with its place in the log, and how long ago its last packet came."""
    entry, packet_us = entries.get(one.participant_id), packets.get(one.participant_id)
    data = dict(one.envelope["data"])  # type: ignore[call-overload]
    if entry is not None:
        data["audit"] = {**data.get("audit", {}), "seq": entry.seq, "hash": entry.hash}
    if packet_us is not None:
        data["latency_us"] = max(0, now_us - packet_us)
    return {**one.envelope, "data": data}
