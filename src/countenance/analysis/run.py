"""One analysis from start to report: resumable while it runs, whole when it ends, nothing when it fails."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from countenance import __version__
from countenance.analysis import custody
from countenance.analysis.custody import LOG, STORE
from countenance.analysis.folder import WorkFolder
from countenance.analysis.record import audit_state, call_record
from countenance.assembly import Job
from countenance.closing import Stages
from countenance.contracts.call import Modality
from countenance.contracts.media import SECOND_US, Utterance
from countenance.contracts.readings import Reading, Signal
from countenance.contracts.trust import Consent, Effect
from countenance.control.opening import open_tenant
from countenance.control.plane import Control
from countenance.control.running import RunningCall
from countenance.permission import DirectGuard
from countenance.session import Session
from countenance.storage.outbox import random_id
from countenance.surface.blocks import Grounds
from countenance.surface.envelope import Envelopes
from countenance.surface.files import START, CallFiles, Position
from countenance.surface.record import CallRecord
from countenance.surface.report import write_report

CHECKPOINT_EVERY_US = 10 * SECOND_US
LONGEST_DAYS = 90
"""Where nothing may be read of anybody: nothing is kept then."""

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
        own = job.deployment.store is None
        place = work.path / STORE if job.deployment.store is None else job.deployment.store
        with open_tenant(place) as tenant:
            run = _Run(job, work, Control(tenant, job.gate), state, progress)
            run.execute()
            custody.finish(run.control, run.call, place / LOG)
            audit = audit_state(tenant.log, run.call, f"{STORE}/{LOG}" if own else str(place / LOG))
            record = call_record(job, work.path, run.session, audit)
        record = replace(record, processing=_pace(job, run.resume_us, time.monotonic() - began))
        write_report(record, work.path)
        keep = True
    except KeyboardInterrupt:
        keep = True
        work.pause()
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


def _opened(job: Job, control: Control, run: str) -> RunningCall:
    """The call in the store; an analysis goes on with what it began itself, never with what another left.

    Its name there is drawn by lot: a digest of who was read and of what they said would outlive their erasure.
    """
    own = replace(job.call, id=f"{job.call.id}-{run}")
    people = zip(job.call.participants, job.deployment.participant, strict=True)
    days = (ruling.duties.retention_days for ruling in job.permissions.rulings.values() if ruling.allowed)
    known = {one.id: person.known_as for one, person in people}
    custody.check_answers(control, job.call, known, job.permissions.register)
    return custody.open_recorded(control, own, known, job.cards, min(days, default=LONGEST_DAYS))


class _Run:
    """The moving parts of one analysis."""

    def __init__(self, job: Job, work: WorkFolder, control: Control, state: dict[str, Any], progress: Progress) -> None:
        self.control = control
        self._run = state.get("run", random_id())
        self.call = _opened(job, control, self._run)
        if state.get("refs") != self._refs():
            state = {}  # nothing was read yet, or the store no longer knows the call: somebody was erased from it
        self.resume_us: int = state.get("end_us", 0)
        self._job = job
        self._work = work
        self._progress = progress
        self._aggregators = job.aggregators()
        if not state:
            self._introduce()
        at = Position(**state["files"]) if state else START
        self._files = CallFiles(work.path, Envelopes(job.call), self._grounds, at)
        self.session = Session(
            job.permissions,
            Stages(job.samplers, job.encoders, job.fusion, self._aggregators, (self._files,)),
            DirectGuard(job.permissions, self.call.leases),
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

    async def _listen(self) -> None:
        async with self._job.connector.join(self._job.call) as tap:
            await self.session.run(tap, self._job.duration_us)

    def _introduce(self) -> None:
        """What the log says before anything is read: configuration, policy, models, rulings, consents."""
        job, call = self._job, {"call_ref": self.call.call_ref}
        self.control.tenant.log.append_all(
            [
                ("CONFIG", {**call, "config_digest": job.config_digest, "software": __version__}),
                ("POLICY_LOAD", {**call, "policy_digest": job.gate.digest}),
                *(("MODEL_LOAD", {**call, "model": c.name, "sha256": c.files["model.onnx"]}) for c in job.cards),
            ]
        )
        for (who, _), ruling in job.permissions.rulings.items():
            self.call.ruled(who, ruling)
        for consent in job.permissions.register.records:
            if consent.at_us <= 0:
                self.call.leases.answered(consent)

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
            policy_digest=self._job.gate.digest,
            decision_id=",".join(f"{who}/{modality}" for modality in sorted(read)),
            lease=f"{who}/{signal.start_us}" if leased else None,
        )

    def on_window(self, end_us: int) -> None:
        """Checkpoint now and then, and tell how far it is."""
        if end_us % CHECKPOINT_EVERY_US == 0:
            self._work.save(self._state(end_us))
        self._progress(end_us, self._job.duration_us)

    def on_consent(self, consent: Consent) -> None:
        """A change of consent is an event of the call."""
        self._files.consent_changed(consent)

    def on_words(self, said: Utterance) -> None:
        """The transcript was given whole."""

    def _state(self, end_us: int) -> dict[str, Any]:
        return {
            "end_us": end_us,
            "run": self._run,
            "refs": self._refs(),
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

    def _refs(self) -> dict[str, str]:
        """What stands for the call and for everyone in it."""
        return {"call": self.call.call_ref, **self.call.subjects}

    def _restore(self, state: dict[str, Any]) -> None:
        for aggregator, kept in zip(self._aggregators, state["aggregators"], strict=True):
            aggregator.restore(kept)
        for who, kept in state["seats"].items():
            seat = self.session.seats[who]
            seat.windower.restore(kept["windower"])
            for modality, sampler_state in kept["samplers"].items():
                seat.samplers[modality].restore(sampler_state)
