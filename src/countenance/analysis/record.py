"""What the report is told about a finished run, gathered from the job, the session and the files it wrote."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from countenance import __version__
from countenance.aggregation.telemetry import measure
from countenance.analysis.coached import advised
from countenance.assembly import Job
from countenance.audit.log import Log
from countenance.capture.speech import VoiceSampler
from countenance.capture.transcripts import turns
from countenance.contracts.call import FACE, TELEMETRY, TEXT, VOICE, Modality, Participant
from countenance.contracts.media import Utterance
from countenance.contracts.telemetry import CallTelemetry, Stretch
from countenance.contracts.trust import ConsentStatus
from countenance.control.running import RunningCall
from countenance.session import Session
from countenance.surface.envelope import SAMPLE
from countenance.surface.files import EVENTS, READINGS, read_lines
from countenance.surface.gaps import gaps_in
from countenance.surface.record import (
    AuditState,
    CallRecord,
    Line,
    LineStatus,
    ModalityRecord,
    ParticipantRecord,
)
from countenance.surface.series import read_episodes, read_series


def call_record(job: Job, folder: Path, session: Session, audit: AuditState) -> CallRecord:
    """Everything a coach, an officer and a machine want to know of this call."""
    return CallRecord(
        call=job.call,
        duration_us=job.duration_us,
        participants=tuple(_participant(job, p) for p in job.call.participants),
        taxonomies={t.name: (*(one.name for one in t.label), *(d.name for d in t.dimension)) for t in job.taxonomies},
        series=read_series(folder / READINGS),
        episodes=read_episodes(folder / EVENTS),
        telemetry=_telemetry(job, session),
        gaps=gaps_in(_samples(folder / READINGS), job.taxonomies[0].name),
        transcript=tuple(_line(job, said) for said in job.utterances),
        models=job.cards,
        jurisdictions=job.deployment.jurisdictions,
        audit=audit,
        settings={
            "frames per second": str(job.deployment.fps),
            "profile": job.deployment.profile.value,
            "smoothing (seconds)": f"{job.taxonomies[0].smoothing_s:g}",
        },
        version=__version__,
        advised=advised(job, folder, _talk(job, session), _readable(job)),
    )


def _participant(job: Job, participant: Participant) -> ParticipantRecord:
    records = []
    for modality in (FACE, VOICE, TEXT, TELEMETRY):
        given = tuple(
            c for c in job.permissions.register.records if c.participant_id == participant.id and c.modality == modality
        )
        ruling = job.permissions.rulings[participant.id, modality]
        records.append(ModalityRecord(modality, ruling, given, _present(job, participant.id, modality)))
    return ParticipantRecord(participant, tuple(records))


def _present(job: Job, who: str, modality: Modality) -> bool:
    recording = job.recordings.get(who)
    if modality == FACE:
        return recording is not None and recording.video is not None
    if modality == VOICE:
        return recording is not None and recording.audio is not None
    return any(said.participant_id == who for said in job.utterances) or modality == TELEMETRY


def _telemetry(job: Job, session: Session) -> CallTelemetry:
    measured = [p.id for p in job.call.participants if job.permissions.counts(p.id, job.duration_us)]
    return measure(job.duration_us, measured, _talk(job, session), _readable(job))


def _readable(job: Job) -> list[Utterance]:
    return [u for u in job.utterances if _line(job, u).status is LineStatus.READ]


def _talk(job: Job, session: Session) -> list[Stretch]:
    """Speech activity where the voice was read for the whole call, else the times of the transcript."""
    stretches: list[Stretch] = []
    measured = [p.id for p in job.call.participants if job.permissions.counts(p.id, job.duration_us)]
    written = turns(job.utterances)
    for who in measured:
        spoken = _heard(session, who)
        own = [s for s in written if s.participant_id == who]
        stretches += spoken if spoken and _voice_throughout(job, who) else own or spoken
    return stretches


def _heard(session: Session, who: str) -> list[Stretch]:
    seat = session.seats.get(who)
    sampler = seat.samplers.get(VOICE) if seat else None
    return list(sampler.stretches) if isinstance(sampler, VoiceSampler) else []


def _voice_throughout(job: Job, who: str) -> bool:
    ends = (0, max(0, job.duration_us - 1))
    return all(job.permissions.barred(who, VOICE, at) is None for at in ends) and _present(job, who, VOICE)


def _samples(readings: Path) -> Iterator[Mapping[str, Any]]:
    return (line["data"] for line in read_lines(readings) if line["type"] == SAMPLE)


def _line(job: Job, said: Utterance) -> Line:
    """A person who took consent back is not shown; words that were never scored are the operator's own file."""
    who, permissions = said.participant_id, job.permissions
    barred = permissions.barred(who, TEXT, said.end_us)
    if barred is None:
        return Line(who, said.start_us, said.end_us, said.text, LineStatus.READ)
    answer = permissions.register.current(who, TEXT, said.end_us)
    if answer is not None and answer.status is not ConsentStatus.GIVEN:
        return Line(who, said.start_us, said.end_us, "", LineStatus.HIDDEN, barred.detail)
    return Line(who, said.start_us, said.end_us, said.text, LineStatus.NOT_SCORED)


def audit_state(log: Log, call: RunningCall, place: str) -> AuditState:
    """Where the log stands, and under which references this call is in it."""
    counts: dict[str, int] = {}
    for entry in log.of_call(call.call_ref):
        counts[entry.kind] = counts.get(entry.kind, 0) + 1
    return AuditState(
        path=place,
        entries=log.size,
        root=log.root.hex(),
        call_ref=call.call_ref,
        subjects=call.subjects,
        counts=dict(sorted(counts.items())),
        verify=f"countenance audit verify {place} --completeness",
    )
