"""What leaves a live call: readings once their result is durable, in one order, each with what permitted it."""

import asyncio
import json
import logging
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from countenance.aggregation.crowd import Crowd
from countenance.audit.outcome import Outcome, Outgoing
from countenance.contracts.call import FACE, TEXT, VOICE, Modality
from countenance.contracts.errors import AuditError, StorageError
from countenance.contracts.readings import Event, Reading, Signal
from countenance.contracts.trust import Consent, Lease, LogEntry, Ruling
from countenance.control.groups import Groups
from countenance.control.health import is_of_the_store
from countenance.control.plane import Control
from countenance.control.running import RunningCall
from countenance.link.logs import extra
from countenance.link.messages import Closed, Done, Finished
from countenance.policy.vocabulary import SUBJECT_ONLY
from countenance.server.unread import Unread
from countenance.surface import blocks
from countenance.surface.blocks import Grounds
from countenance.surface.envelope import Envelope, Envelopes

READ = (FACE, VOICE, TEXT)
AGGREGATE_ONLY = "aggregate_only"
NOTHING_READ = "{}"
GROUP_ALONE = '{"aggregate_only":true}'
"""Of who counts in groups alone nothing is kept, not even for themselves."""

log = logging.getLogger(__name__)


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
        self.crowd = Crowd()
        """What is told of people as a group."""
        self._groups = Groups(control.tenant.store, control.tenant.clock)
        self._sequence = 0
        self._said: set[tuple[str, Modality, int]] = set()

    @property
    def _envelopes(self) -> Envelopes:
        return Envelopes(self._running.call)

    async def done(self, message: Done) -> Sequence[Envelope]:
        """Make what came of a window durable; returns what may be said of it now."""
        leaving = [self._leaving(one) for one in message.readings if not aggregate_only(self._running, _whose(one))]
        entries = await asyncio.to_thread(self._commit, message, leaving)
        now_us = self._control.tenant.clock.mono_us()
        stopped = {one.lease.participant_id for one in message.finished} - entries.keys()
        said = [one for one in leaving if one.participant_id not in stopped]
        for one in said:
            if one.participant_id not in entries:
                self.unread.add(one.envelope)
        told = [_told(one, entries, message.packet_mono_us, now_us) for one in said]
        return [*told, *await self._groups_of(message, entries.keys())]

    async def _groups_of(self, message: Done, durable: Collection[str]) -> Sequence[Envelope]:
        """What is told of people as a group, where a window of theirs has just ended."""
        for reading in message.readings:
            who = _whose(reading)
            if isinstance(reading, Signal) and who in durable and counts_in_groups(self._running, who):
                person = self._running.seats[who].person
                self.crowd.add(person, reading.taxonomy, reading.start_us, _values(reading))
        groups = self.crowd.close(max((one.lease.end_us for one in message.finished), default=0))
        made = [
            (blocks.group(one.taxonomy, (one.start_us, one.end_us), one.size, one.k, one.means), one.end_us)
            for one in groups
        ]
        told = []
        for said, end_us in made:
            try:
                await asyncio.to_thread(self._groups.keep, self._running.call_ref, said)
            except StorageError as fault:
                # What is not durable is not said.
                told_of = extra(call_id=self._running.call.id)
                log.error("what a group showed is lost", exc_info=fault, extra=told_of)
            else:
                told.append(self._envelopes.aggregate(self._number(), said, end_us))
        return told

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

    def media_lost(self, participant_id: str, session: str, at_us: int) -> Envelope:
        """The worker that had a WHIP session of somebody is gone."""
        return self._envelopes.media_lost(self._number(), participant_id, session, at_us)

    def _leaving(self, reading: Reading) -> Leaving:
        grounds, number = self._grounds(reading), self._number()
        if isinstance(reading, Event):
            envelope = self._envelopes.event(number, reading, grounds)
            return Leaving(reading.signal.participant_id, envelope, lasting=True)
        return Leaving(reading.participant_id, self._envelopes.sample(number, reading, grounds), lasting=False)

    def number(self) -> int:
        """The next place in the stream of the call."""
        return self._number()

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
        if aggregate_only(self._running, one.lease.participant_id):
            return Outcome(one.lease, dict(one.counts), GROUP_ALONE.encode())
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


def aggregate_only(running: RunningCall, participant_id: str) -> bool:
    """Whether the gate lets a person count in groups and in nothing else."""
    found = [one for (who, modality), one in running.rulings.items() if who == participant_id and modality in READ]
    allowed = [one for one in found if one.allowed]
    return bool(allowed) and all(one.case.consequence == AGGREGATE_ONLY for one in allowed)


def counts_in_groups(running: RunningCall, participant_id: str) -> bool:
    """Whether a person may count in groups: not where what is read is for their own eyes."""
    rulings = [one for (who, _), one in running.rulings.items() if who == participant_id and one.allowed]
    return not any(SUBJECT_ONLY in one.duties.names for one in rulings)


def _whose(reading: Reading) -> str:
    return reading.participant_id if isinstance(reading, Signal) else reading.signal.participant_id


def _values(signal: Signal) -> dict[str, float]:
    if signal.abstain is not None:
        return {}
    return {name: one.value for name, one in (*signal.labels.items(), *signal.dimensions.items())}


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
