"""The summary of a live call, made anew each time out of what the store still keeps: nothing erased is in it."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from countenance import __version__
from countenance.aggregation.taxonomy import Taxonomy
from countenance.aggregation.telemetry import measure
from countenance.capture.transcripts import turns
from countenance.contracts.call import FACE, TELEMETRY, TEXT, VOICE, Participant
from countenance.contracts.card import Card
from countenance.contracts.media import Utterance
from countenance.contracts.telemetry import CallTelemetry, Stretch
from countenance.contracts.trust import ConsentStatus
from countenance.control.access import Access
from countenance.control.plane import Control
from countenance.server.config import Deployed
from countenance.server.live import LiveCall
from countenance.storage.holdings import holdings
from countenance.storage.wiping import Seat
from countenance.surface.blocks import Block
from countenance.surface.envelope import SAMPLE
from countenance.surface.gaps import gaps_in
from countenance.surface.record import AuditState, CallRecord, Line, LineStatus, ModalityRecord, ParticipantRecord
from countenance.surface.series import episodes_of_halves, series_of_blocks
from countenance.surface.summary import summarise

RESULT = "result"
LOG = "log"
VERIFY = "countenance audit verify DATA_FOLDER --completeness"

Sealed = Mapping[str, Any]
"""A reading as its result holds it: `type` and `data`."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How a tenant's calls are read."""

    taxonomies: Mapping[str, Taxonomy]
    cards: tuple[Card, ...]
    """Of every bundle that its workers have loaded."""
    fps: int


class Summaries:
    """What a deployment may know of a call that is over."""

    def __init__(self, deployed: Deployed, control: Control, reading: Reading) -> None:
        self._deployed = deployed
        self._control = control
        self._reading = reading

    async def of(self, live: LiveCall, actor: str, reason: str) -> Block:
        """Open what was read of everybody on the call, which the log says first, and put it together."""
        return summarise(await asyncio.to_thread(self._record, live, actor, reason))

    def transcript(self, live: LiveCall) -> Sequence[Line]:
        """The words of a call that is still remembered; they are stored nowhere."""
        return tuple(self._line(live, said) for said in _words(live))

    def _record(self, live: LiveCall, actor: str, reason: str) -> CallRecord:
        call, end_us = live.call, live.left.media_us if live.left is not None else live.media_us
        readings = [*self._sealed(live, actor, reason), *live.out.unread.readings()]
        samples = [one["data"] for one in readings if one["type"] == SAMPLE]
        samples.sort(key=lambda data: (data["window"]["start_us"], data["subject"]["participant_id"]))
        chosen = [self._reading.taxonomies[name] for name in live.taxonomies]
        return CallRecord(
            call=call,
            duration_us=end_us,
            participants=tuple(_person(live, one, samples) for one in call.participants),
            taxonomies={t.name: (*(one.name for one in t.label), *(d.name for d in t.dimension)) for t in chosen},
            series=series_of_blocks(samples),
            episodes=episodes_of_halves(_halves(readings)),
            telemetry=self._telemetry(live, end_us),
            gaps=gaps_in(samples, chosen[0].name),
            transcript=tuple(self.transcript(live)),
            models=self._reading.cards,
            jurisdictions=self._deployed.jurisdictions,
            audit=self._audit(live),
            settings={
                "frames per second": str(self._reading.fps),
                "profile": self._deployed.profile.value,
                "smoothing (seconds)": f"{chosen[0].smoothing_s:g}",
            },
            version=__version__,
        )

    def _sealed(self, live: LiveCall, actor: str, reason: str) -> Iterator[Sealed]:
        vault = self._control.tenant.vault
        seats = [Seat(subject, live.running.call_ref) for subject in live.running.subjects.values()]
        with vault.store.reading() as tx:
            kept = holdings(tx, [seat.subject_ref for seat in seats])
        found = [one for one in kept if one.context == RESULT and one.call_ref == live.running.call_ref]
        opened = Access(self._control.tenant.log, vault).open(found, seats, actor, reason)
        for one in sorted(opened, key=lambda reading: reading.seq or 0):
            yield from one.data.get("readings", ())

    def _telemetry(self, live: LiveCall, end_us: int) -> CallTelemetry:
        """Speech activity where the voice was read for the whole call, else the times of the words."""
        running, permissions = live.running, live.running.permissions()
        measured = [one.id for one in live.call.participants if running.rulings[one.id, TELEMETRY].allowed]
        written, stretches = turns(_words(live)), list[Stretch]()
        for who in measured:
            spoken = [Stretch(start, end, who) for start, end in (live.left.spoke.get(who, ()) if live.left else ())]
            own = [one for one in written if one.participant_id == who]
            throughout = all(permissions.barred(who, VOICE, at) is None for at in (0, max(0, end_us - 1)))
            stretches += spoken if spoken and throughout else own or spoken
        words = [one for one in _words(live) if self._line(live, one).status is LineStatus.READ]
        return measure(end_us, measured, stretches, words)

    def _line(self, live: LiveCall, said: Utterance) -> Line:
        """What somebody said before they took it back is not shown."""
        who, permissions = said.participant_id, live.running.permissions()
        last = permissions.register.current(who, TEXT, live.media_us)
        if last is not None and last.status is not ConsentStatus.GIVEN:
            return Line(who, said.start_us, said.end_us, "", LineStatus.HIDDEN, last.status.value)
        return Line(who, said.start_us, said.end_us, said.text, LineStatus.READ)

    def _audit(self, live: LiveCall) -> AuditState:
        log, running = self._control.tenant.log, live.running
        counts: dict[str, int] = {}
        for entry in log.of_call(running.call_ref):
            counts[entry.kind] = counts.get(entry.kind, 0) + 1
        ordered = dict(sorted(counts.items()))
        return AuditState(LOG, log.size, log.root.hex(), running.call_ref, running.subjects, ordered, VERIFY)


def _words(live: LiveCall) -> tuple[Utterance, ...]:
    return () if live.left is None else live.left.words


def _halves(readings: Iterable[Sealed]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for one in readings:
        parts = str(one["type"]).split(".")
        if one["type"] != SAMPLE and parts[2] == "signal":
            yield parts[3], parts[4], one["data"]


def _person(live: LiveCall, person: Participant, samples: Iterable[Mapping[str, Any]]) -> ParticipantRecord:
    running, who = live.running, person.id
    used = (data["modalities"].items() for data in samples if data["subject"]["participant_id"] == who)
    read = {TELEMETRY, *(modality for uses in used for modality, use in uses if use["used"])}
    records = []
    for modality in (FACE, VOICE, TEXT, TELEMETRY):
        given = tuple(c for c in running.register.records if (c.participant_id, c.modality) == (who, modality))
        records.append(ModalityRecord(modality, running.rulings[who, modality], given, modality in read))
    return ParticipantRecord(person, tuple(records))
