"""The summary of a live call, made anew each time out of what the store still keeps: nothing erased is in it."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from countenance import __version__
from countenance.aggregation.taxonomy import Taxonomy
from countenance.aggregation.telemetry import measure
from countenance.capture.transcripts import turns
from countenance.contracts.call import FACE, TELEMETRY, TEXT, VOICE, Participant
from countenance.contracts.card import Card
from countenance.contracts.errors import UsageError
from countenance.contracts.media import Utterance
from countenance.contracts.telemetry import CallTelemetry, Stretch
from countenance.contracts.trust import ConsentStatus
from countenance.control.access import Access
from countenance.control.plane import Control
from countenance.permission import Permissions
from countenance.server.config import Deployed
from countenance.server.keeping import Keeping, Matter, matter_of
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
    counted: Callable[[str], None] = lambda _outcome: None
    """Told what became of every prompt, for the metrics."""


class Summaries:
    """What a deployment may know of a call that is over."""

    def __init__(self, deployed: Deployed, control: Control, reading: Reading) -> None:
        self._deployed = deployed
        self._control = control
        self._reading = reading
        self._keeping = Keeping(control.tenant, control.clock)

    async def keep(self, live: LiveCall) -> None:
        """Seal what a summary will need once this process has forgotten the call."""
        await asyncio.to_thread(self._keeping.keep, live)

    async def of(self, live: LiveCall, actor: str, reason: str) -> Block:
        """Open what was read of everybody on the call, which the log says first, and put it together."""
        return summarise(await asyncio.to_thread(lambda: self._record(matter_of(live), actor, reason)))

    async def kept(self, call_id: str, actor: str, reason: str) -> Block:
        """The same of a call that this process does not remember; raises NotFoundError where nothing is kept."""
        matter = await asyncio.to_thread(self._keeping.find, call_id)
        return summarise(await asyncio.to_thread(self._record, matter, actor, reason))

    def transcript(self, live: LiveCall) -> Sequence[Line]:
        """The words of a call that is still remembered; they are stored nowhere."""
        return tuple(_lines(matter_of(live)))

    def _record(self, it: Matter, actor: str, reason: str) -> CallRecord:
        readings = [*self._sealed(it, actor, reason), *it.unread]
        samples = [one["data"] for one in readings if one["type"] == SAMPLE]
        samples.sort(key=lambda data: (data["window"]["start_us"], data["subject"]["participant_id"]))
        chosen = [self._reading.taxonomies[name] for name in it.taxonomies if name in self._reading.taxonomies]
        if not chosen:
            raise UsageError(f"{', '.join(it.taxonomies)}: not configured any more", "Name it in `taxonomies`.")
        return CallRecord(
            call=it.call,
            duration_us=it.end_us,
            participants=tuple(_person(it.permissions, one, samples) for one in it.call.participants),
            taxonomies={t.name: (*(one.name for one in t.label), *(d.name for d in t.dimension)) for t in chosen},
            series=series_of_blocks(samples),
            episodes=episodes_of_halves(_halves(readings)),
            telemetry=_telemetry(it),
            gaps=gaps_in(samples, chosen[0].name),
            transcript=tuple(_lines(it)),
            models=self._reading.cards,
            jurisdictions=self._deployed.jurisdictions,
            audit=self._audit(it),
            settings={
                "frames per second": str(self._reading.fps),
                "profile": self._deployed.profile.value,
                "smoothing (seconds)": f"{chosen[0].smoothing_s:g}",
            },
            version=__version__,
        )

    def _sealed(self, it: Matter, actor: str, reason: str) -> Iterator[Sealed]:
        vault = self._control.tenant.vault
        seats = [Seat(subject, it.call_ref) for subject in it.subjects.values()]
        with vault.store.reading() as tx:
            kept = holdings(tx, [seat.subject_ref for seat in seats])
        found = [one for one in kept if one.context == RESULT and one.call_ref == it.call_ref]
        opened = Access(self._control.tenant.log, vault).open(found, seats, actor, reason)
        for one in sorted(opened, key=lambda reading: reading.seq or 0):
            yield from one.data.get("readings", ())

    def _audit(self, it: Matter) -> AuditState:
        log = self._control.tenant.log
        counts: dict[str, int] = {}
        for entry in log.of_call(it.call_ref):
            counts[entry.kind] = counts.get(entry.kind, 0) + 1
        ordered = dict(sorted(counts.items()))
        return AuditState(LOG, log.size, log.root.hex(), it.call_ref, it.subjects, ordered, VERIFY)


def _telemetry(it: Matter) -> CallTelemetry:
    """Speech activity where the voice was read for the whole call, else the times of the words."""
    measured = [one.id for one in it.call.participants if it.permissions.counts(one.id, it.end_us)]
    written, stretches = turns(it.words), list[Stretch]()
    for who in measured:
        spoken = [Stretch(start, end, who) for start, end in it.spoke.get(who, ())]
        own = [one for one in written if one.participant_id == who]
        throughout = all(it.permissions.barred(who, VOICE, at) is None for at in (0, max(0, it.end_us - 1)))
        stretches += spoken if spoken and throughout else own or spoken
    words = [one for one in it.words if _line(it, one).status is LineStatus.READ]
    return measure(it.end_us, measured, stretches, words)


def _lines(it: Matter) -> Iterator[Line]:
    """What was said, or, where that is not remembered, only that and when."""
    for said in it.words:
        line = _line(it, said)
        yield line if it.quotes else replace(line, text="")


def _line(it: Matter, said: Utterance) -> Line:
    """What somebody said before they took it back is not shown."""
    who = said.participant_id
    last = it.permissions.register.current(who, TEXT, it.end_us)
    if last is not None and last.status is not ConsentStatus.GIVEN:
        return Line(who, said.start_us, said.end_us, "", LineStatus.HIDDEN, last.status.value)
    return Line(who, said.start_us, said.end_us, said.text, LineStatus.READ)


def _halves(readings: Iterable[Sealed]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for one in readings:
        parts = str(one["type"]).split(".")
        if one["type"] != SAMPLE and parts[2] == "signal":
            yield parts[3], parts[4], one["data"]


def _person(permissions: Permissions, person: Participant, samples: Iterable[Mapping[str, Any]]) -> ParticipantRecord:
    who = person.id
    used = (data["modalities"].items() for data in samples if data["subject"]["participant_id"] == who)
    read = {TELEMETRY, *(modality for uses in used for modality, use in uses if use["used"])}
    records = []
    for modality in (FACE, VOICE, TEXT, TELEMETRY):
        given = tuple(c for c in permissions.register.records if (c.participant_id, c.modality) == (who, modality))
        records.append(ModalityRecord(modality, permissions.rulings[who, modality], given, modality in read))
    return ParticipantRecord(person, tuple(records))
