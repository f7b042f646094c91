"""One analysis from start to report: resumable while it runs, whole when it ends, nothing when it fails."""

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from countenance import __version__
from countenance.analysis.folder import AUDIT, WorkFolder
from countenance.analysis.record import call_record
from countenance.assembly import Job
from countenance.audit.chain_leases import Leases, Result
from countenance.audit.chain_log import AuditLog
from countenance.contracts.call import Modality
from countenance.contracts.media import SECOND_US
from countenance.contracts.readings import Reading, Signal
from countenance.contracts.trust import Consent, Effect, Lease
from countenance.session import Session, Stages
from countenance.surface.blocks import Grounds
from countenance.surface.envelope import Envelopes
from countenance.surface.files import START, CallFiles, Position
from countenance.surface.record import CallRecord
from countenance.surface.report import write_report

COMMITMENTS = "commitments.jsonl"
CHECKPOINT_EVERY_US = 10 * SECOND_US

Progress = Callable[[int, int], None]
"""Called with the media time analysed and the length of the call, both in microseconds."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A finished analysis."""

    folder: Path
    record: CallRecord
    resumed_us: int
    """Media time from which an interrupted analysis went on; 0 when it ran in one go."""


def analyse(job: Job, out: Path, progress: Progress) -> Outcome:
    """Run a job into a folder; Ctrl-C leaves a checkpoint, an error leaves nothing."""
    work = WorkFolder(out.absolute(), job.digest)
    state = work.open() or {}
    keep, began = False, time.monotonic()
    try:
        with AuditLog.open(work.path / AUDIT) as log:
            run = _Run(job, work, log, state, progress)
            run.execute()
            record = call_record(job, work.path, run.session, log)
        record = replace(record, processing=_pace(job, run.resume_us, time.monotonic() - began))
        write_report(record, work.path)
        keep = True
    except KeyboardInterrupt:
        keep = True
        raise
    finally:
        if not keep:
            work.abandon()
    work.finish()
    return Outcome(out, record, run.resume_us)


def _pace(job: Job, resume_us: int, seconds: float) -> dict[str, str]:
    """How fast this run was; the one thing in a report that differs from run to run."""
    times = (job.duration_us - resume_us) / SECOND_US / max(seconds, 1e-9)
    return {"analysed in": f"{seconds:.1f} s", "times real time": f"{times:.1f}"}


class _Run:
    """The moving parts of one analysis."""

    def __init__(self, job: Job, work: WorkFolder, log: AuditLog, state: dict[str, Any], progress: Progress) -> None:
        self.resume_us: int = state.get("end_us", 0)
        self._job = job
        self._work = work
        self._progress = progress
        self._aggregators = job.aggregators()
        self._commitments = (work.path / COMMITMENTS).open("a", encoding="utf-8")
        self._leases = Leases(log, call_ref=f"{job.call.deployment_id}/{job.call.id}")
        if not state:
            self._introduce(log)
        at = Position(**state["files"]) if state else START
        self._files = CallFiles(work.path, Envelopes(job.call), self._grounds, at)
        self.session = Session(
            job.permissions,
            Stages(job.samplers, job.encoders, job.fusion, self._aggregators, (self._files,)),
            self._leases,
            self,
            self.resume_us,
        )
        if state:
            self._restore(state)

    def execute(self) -> None:
        """Read the call."""
        self._progress(self.resume_us, self._job.duration_us)
        self._refusals()
        try:
            asyncio.run(self._listen())
            self._files.summarised(self._job.duration_us)
        finally:
            self._files.close()
            self._commitments.close()

    async def _listen(self) -> None:
        async with self._job.connector.join(self._job.call) as tap:
            await self.session.run(tap, self._job.duration_us)

    def _introduce(self, log: AuditLog) -> None:
        """What the log says before anything is read: configuration, policy, models, rulings, consents."""
        job = self._job
        log.append("CONFIG", {"config_digest": job.digest, "software": __version__})
        log.append("POLICY_LOAD", {"policy_digest": job.policy_digest})
        for card in job.cards:
            log.append("MODEL_LOAD", {"model": card.name, "sha256": card.files["model.onnx"]})
        for (who, _), ruling in job.permissions.rulings.items():
            self._leases.ruled(who, ruling)
        for consent in job.permissions.register.records:
            if consent.at_us <= 0:
                self._leases.answered(consent)

    def _refusals(self) -> None:
        for (who, _), ruling in self._job.permissions.rulings.items():
            if ruling.effect is Effect.DENY:
                self._files.refused(who, ruling, self._job.permissions.allowed(who))

    def _grounds(self, reading: Reading) -> Grounds:
        signal = reading if isinstance(reading, Signal) else reading.signal
        read: list[Modality] = [m for m, use in signal.modalities.items() if use.used]
        who, permissions = signal.participant_id, self._job.permissions
        consents = {c.modality: c for c in permissions.consents(who, read, signal.start_us)}
        leased = bool(permissions.readable(who, signal.start_us))
        return Grounds(
            consents=consents,
            policy_digest=self._job.policy_digest,
            decision_id=",".join(f"{who}/{modality}" for modality in sorted(read)),
            lease=f"{who}/{signal.start_us}" if leased else None,
        )

    def on_window(self, end_us: int) -> None:
        """Checkpoint now and then, and tell how far it is."""
        if end_us % CHECKPOINT_EVERY_US == 0:
            self._commitments.flush()
            self._work.save(self._state(end_us))
        self._progress(end_us, self._job.duration_us)

    def on_consent(self, consent: Consent) -> None:
        """A change of consent is an event of the call."""
        self._files.consent_changed(consent)

    def on_result(self, lease: Lease, result: Result, payload: bytes) -> None:
        """The salt opens the log's commitment; deleting this file makes the commitments say nothing."""
        row = {"lease": lease.id, "seq": result.entry.seq, "salt": result.salt.hex(), "payload": payload.decode()}
        self._commitments.write(json.dumps(row) + "\n")

    def _state(self, end_us: int) -> dict[str, Any]:
        return {
            "end_us": end_us,
            "files": self._files.position().as_json(),
            "aggregators": [aggregator.state() for aggregator in self._aggregators],
            "seats": {
                who: {
                    "windower": seat.windower.state(),
                    "samplers": {modality: sampler.state() for modality, sampler in seat.samplers.items()},
                }
                for who, seat in self.session.seats.items()
            },
        }

    def _restore(self, state: dict[str, Any]) -> None:
        for aggregator, kept in zip(self._aggregators, state["aggregators"], strict=True):
            aggregator.restore(kept)
        for who, kept in state["seats"].items():
            seat = self.session.seats[who]
            seat.windower.restore(kept["windower"])
            for modality, sampler_state in kept["samplers"].items():
                seat.samplers[modality].restore(sampler_state)
