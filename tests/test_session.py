"""The session against scripted media, fake encoders and real guards."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from countenance.aggregation.smoothing import TaxonomyAggregator
from countenance.aggregation.taxonomy import load
from countenance.analysis import custody
from countenance.audit.export import StoredLog
from countenance.audit.leases import Leases
from countenance.audit.outcome import Outcome
from countenance.audit.quorum import Policy
from countenance.audit.verify import verify
from countenance.capture.samplers import TextSampler
from countenance.closing import Stages
from countenance.consent.register import Register
from countenance.contracts.call import FACE, TEXT, VOICE, Call, Modality, Participant, Purpose, Role
from countenance.contracts.media import (
    SECOND_US,
    FaceSample,
    Media,
    Missing,
    Quality,
    Sample,
    SampleSpec,
    TextSample,
    Utterance,
    VideoFrame,
)
from countenance.contracts.readings import Event, Observation, Reading, Reason, Signal
from countenance.contracts.stages import Sampler
from countenance.contracts.trust import Case, Consent, ConsentStatus, Lease, LogEntry
from countenance.control.opening import open_tenant
from countenance.control.plane import Control
from countenance.fusion.pool import PoolFusion
from countenance.permission import DirectGuard, Permissions
from countenance.policy.gate import Gate
from countenance.session import Session
from countenance.testing.memory import MemoryConnector, MemoryTap

ANA, BEN = Participant("p_1", "Ana", Role.CUSTOMER), Participant("p_2", "Ben", Role.AGENT)
CALL = Call("call", "local", Purpose.SUPPORT_QA, (ANA, BEN))
DAY = date(2026, 11, 22)
MODEL = ("MODEL_LOAD", {"model": "fake", "sha256": "f" * 64})
GATE = Gate.load()
SPREAD = {
    "neutral": 0.4,
    "happiness": 0.1,
    "surprise": 0.1,
    "sadness": 0.1,
    "anger": 0.2,
    "disgust": 0.05,
    "fear": 0.05,
}


@dataclass
class FrameSampler:
    """Every frame is a face; it remembers the times of the frames it was asked to read."""

    participant_id: str
    queue: list[int] = field(default_factory=list)
    read: list[int] = field(default_factory=list)
    modality: Modality = FACE

    def take(self, media: Media) -> None:
        if isinstance(media, VideoFrame):
            self.queue.append(media.at_us)

    def ready(self) -> Sequence[Sample]:
        return ()

    def samples(self, start_us: int, end_us: int) -> tuple[Sequence[Sample], Sequence[Missing]]:
        crop = np.zeros((112, 112, 3), np.uint8)
        made = [
            FaceSample(self.participant_id, at, crop, np.zeros((5, 2), np.float32), (0, 0, 9, 9), Quality(0.9))  # type: ignore[arg-type]
            for at in self.queue
        ]
        self.read += self.queue
        self.queue.clear()
        gap = Missing(self.participant_id, FACE, start_us, end_us, Reason.NO_FACE)
        return made, () if made else (gap,)

    def skip(self, start_us: int, end_us: int) -> None:
        self.queue.clear()

    def drop(self) -> None:
        self.queue.clear()

    def state(self) -> object:
        return None

    def restore(self, state: object) -> None:
        pass


@dataclass
class FakeEncoder:
    takes: SampleSpec
    leases: list[str] = field(default_factory=list)
    calls: int = 0

    def encode(self, samples: Sequence[Sample]) -> Sequence[Observation]:
        self.calls += len(samples)
        frustrated = {"frustration": 0.9, "confusion": 0.1} if self.takes.modality == TEXT else {}
        return [
            Observation(s.participant_id, self.takes.modality, _end(s), _end(s), 0.9, SPREAD | frustrated)
            for s in samples
        ]


def _end(sample: Sample) -> int:
    return sample.at_us if isinstance(sample, FaceSample) else sample.end_us


@dataclass
class Everything:
    """A sink and a listener that keep all they hear."""

    readings: list[Reading] = field(default_factory=list)
    windows: list[int] = field(default_factory=list)
    consents: list[Consent] = field(default_factory=list)
    results: list[str] = field(default_factory=list)
    payloads: list[bytes] = field(default_factory=list)
    words: list[Utterance] = field(default_factory=list)

    def deliver(self, reading: Reading) -> None:
        self.readings.append(reading)

    def on_window(self, end_us: int) -> None:
        self.windows.append(end_us)

    def on_consent(self, consent: Consent) -> None:
        self.consents.append(consent)

    def on_words(self, said: Utterance) -> None:
        self.words.append(said)


class Watched(DirectGuard):
    """A guard that tells which results were ended, and with what; in one window it gives no lease."""

    def __init__(self, permissions: Permissions, leases: Leases, heard: Everything, refused_us: int) -> None:
        super().__init__(permissions, leases)
        self._heard, self._refused_us = heard, refused_us

    async def grant(self, start_us: int, end_us: int) -> Sequence[Lease]:
        return () if start_us == self._refused_us else await super().grant(start_us, end_us)

    async def results(self, outcomes: Sequence[Outcome], readings: Sequence[Reading], span_us: tuple[int, int]) -> None:
        await super().results(outcomes, readings, span_us)
        self._heard.results += [one.lease.id for one in outcomes]
        self._heard.payloads += [one.payload for one in outcomes]


class World:
    """One call with real guards and scripted media."""

    def __init__(self, folder: Path, media: Sequence[Media], given: Sequence[Modality], withdraw_us: int = 0) -> None:
        register = Register(CALL.id, CALL.purpose)
        for modality in given:
            register.answer(ANA.id, modality, ConsentStatus.GIVEN, 0, kind="express_written")
        if withdraw_us:
            register.answer(ANA.id, FACE, ConsentStatus.WITHDRAWN, withdraw_us)
        rulings = {(p.id, m): GATE.rule(case(p, m)) for p in CALL.participants for m in (FACE, VOICE, TEXT)}
        self.permissions = Permissions(CALL, rulings, register, (FACE, VOICE, TEXT))
        self.connector = MemoryConnector(media)
        self.folder = folder
        self.entries: Sequence[LogEntry] = ()
        self.findings: Sequence[object] = ()
        self.subjects: Mapping[str, str] = {}
        self.heard = Everything()
        self.face, self.text = FakeEncoder(SampleSpec(FACE, FaceSample)), FakeEncoder(SampleSpec(TEXT, TextSample))
        self.frames: dict[str, FrameSampler] = {}
        self.refused_us = -1

    def samplers(self, participant: Participant) -> dict[Modality, Sampler]:
        self.frames[participant.id] = FrameSampler(participant.id)
        return {
            FACE: self.frames[participant.id],
            TEXT: TextSampler(participant.id),
            VOICE: FrameSampler(participant.id),
        }

    def run(self, end_us: int, resume_us: int = 0) -> MemoryTap:
        return asyncio.run(self._run(end_us, resume_us))

    async def _run(self, end_us: int, resume_us: int) -> MemoryTap:
        stages = Stages(
            self.samplers,
            (self.face, self.text),
            PoolFusion(),
            (TaxonomyAggregator(load("engagement.v1")),),
            (self.heard,),
        )
        with open_tenant(self.folder) as tenant:
            people = {p.id: p.name for p in CALL.participants}
            call = custody.open_recorded(Control(tenant, GATE), CALL, people, (), 30)
            leases = call.leases
            tenant.log.append_all([("POLICY_LOAD", {"policy_digest": GATE.digest}), MODEL])
            for (who, _), ruling in self.permissions.rulings.items():
                leases.ruled(who, ruling)
            for consent in self.permissions.register.records:
                if consent.at_us == 0:
                    leases.answered(consent)
            guard = Watched(self.permissions, leases, self.heard, self.refused_us)
            session = Session(self.permissions, stages, guard, self.heard, resume_us)
            async with self.connector.join(CALL) as tap:
                await session.run(tap, end_us)
            self.entries, self.subjects = tenant.log.entries(), call.subjects
            self.findings = verify(
                StoredLog(tenant.log), Policy.trusting(tenant.log.key.verifier), completeness=True
            ).findings
            return tap

    @property
    def signals(self) -> list[Signal]:
        return [r for r in self.heard.readings if isinstance(r, Signal)]


def case(participant: Participant, modality: Modality) -> Case:
    return Case(CALL.purpose, participant.role, modality, "engagement", "individual", ("US-CA",), DAY)


def frames(who: str, seconds: int) -> list[Media]:
    picture = np.zeros((4, 4, 3), np.uint8)
    return [VideoFrame(f"{who}/video", at, picture) for at in range(0, seconds * SECOND_US, SECOND_US // 5)]


def said(who: str, start_s: int, end_s: int) -> Utterance:
    return Utterance(f"{who}/text", who, start_s * SECOND_US, end_s * SECOND_US, "This is ridiculous.")


def test_nothing_is_inferred_without_consent(tmp_path: Path) -> None:
    world = World(tmp_path, [*frames("p_1", 3), said("p_1", 0, 2)], given=())
    tap = world.run(3 * SECOND_US)
    assert world.face.calls == world.text.calls == 0
    assert tap.decoded("p_1/video") == 0
    assert all(s.abstain and s.abstain.reason is Reason.NO_CONSENT for s in world.signals)


def test_the_agents_tracks_are_never_opened_even_with_consent(tmp_path: Path) -> None:
    world = World(tmp_path, [*frames("p_1", 3), *frames("p_2", 3), said("p_2", 0, 1)], given=(FACE, TEXT))
    world.permissions.register.answer(BEN.id, FACE, ConsentStatus.GIVEN, 0, kind="written_release")
    tap = world.run(3 * SECOND_US)
    assert tap.decoded("p_2/video") == 0
    assert {s.participant_id for s in world.signals} == {"p_1"}


def test_every_second_has_one_lease_before_and_one_result_after(tmp_path: Path) -> None:
    world = World(tmp_path, frames("p_1", 4), given=(FACE,))
    world.run(4 * SECOND_US)
    entries = world.entries
    assert not world.findings
    leases = [e.body["lease"] for e in entries if e.kind == "LEASE"]
    results = [e.body["lease"] for e in entries if e.kind == "RESULT"]
    assert results == leases[: len(results)] == [f"{world.subjects['p_1']}/{s * SECOND_US}" for s in range(4)]
    assert world.heard.results == [f"p_1/{s * SECOND_US}" for s in range(4)]
    counted = sum(e.body["counts"].get(FACE, 0) for e in entries if e.kind == "RESULT")  # type: ignore[attr-defined]
    assert counted == world.face.calls == 20


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 4_999_999))
def test_after_a_withdrawal_no_frame_is_read(tmp_path_factory: pytest.TempPathFactory, withdraw_us: int) -> None:
    world = World(tmp_path_factory.mktemp("w"), frames("p_1", 5), given=(FACE, TEXT), withdraw_us=withdraw_us)
    tap = world.run(5 * SECOND_US)
    assert all(at < withdraw_us for at in world.frames["p_1"].read)
    assert tap.decoded("p_1/video") <= -(-withdraw_us // 200_000) + 1
    after = [s for s in world.signals if s.start_us >= withdraw_us]
    assert all(s.modalities[FACE].reason == Reason.NO_CONSENT for s in after)
    assert not world.findings
    assert any(e.kind == "OPT_OUT" for e in world.entries)
    assert [c.status for c in world.heard.consents] == [ConsentStatus.WITHDRAWN]


def test_what_was_taken_back_can_be_given_again_and_the_time_between_stays_unread(tmp_path: Path) -> None:
    world = World(tmp_path, frames("p_1", 8), given=(FACE,), withdraw_us=2 * SECOND_US)
    world.permissions.register.answer(ANA.id, FACE, ConsentStatus.GIVEN, 5 * SECOND_US, kind="express_written")
    world.run(8 * SECOND_US)
    read = world.frames["p_1"].read
    assert read
    assert not [at for at in read if 2 * SECOND_US <= at < 5 * SECOND_US]
    assert max(read) >= 7 * SECOND_US
    assert not world.findings


def test_words_raise_a_frustration_spike_and_hang_up_ends_it(tmp_path: Path) -> None:
    world = World(tmp_path, [said("p_1", s, s + 1) for s in range(5)], given=(TEXT,))
    world.run(6 * SECOND_US)
    phases = [(r.name, r.phase.value) for r in world.heard.readings if isinstance(r, Event)]
    assert phases == [("frustration_spike", "started"), ("frustration_spike", "ended")]


def test_words_that_come_while_there_is_no_lease_are_neither_read_nor_told(tmp_path: Path) -> None:
    first, second = said("p_1", 0, 1), said("p_1", 2, 3)
    world = World(tmp_path, [first, second], given=(TEXT,))
    world.refused_us = second.at_us // SECOND_US * SECOND_US
    world.run(5 * SECOND_US)
    assert world.heard.words == [first]
    assert world.text.calls == 1


def test_a_camera_that_gives_nothing_is_said_as_such(tmp_path: Path) -> None:
    world = World(tmp_path, [*frames("p_1", 1), *[said("p_1", 2, 3)]], given=(FACE, TEXT))
    world.run(3 * SECOND_US)
    assert world.signals[1].modalities[FACE].reason == Reason.NO_FACE


def test_windows_analysed_before_an_interruption_run_no_model(tmp_path: Path) -> None:
    world = World(tmp_path, frames("p_1", 6), given=(FACE,))
    world.run(6 * SECOND_US, resume_us=4 * SECOND_US)
    assert min(world.frames["p_1"].read) == 4 * SECOND_US
    assert world.heard.windows == [5 * SECOND_US, 6 * SECOND_US]
    assert world.signals[0].start_us == 4 * SECOND_US


def test_a_consent_weaker_than_the_law_asks_for_is_none(tmp_path: Path) -> None:
    world = World(tmp_path, frames("p_1", 1), given=())
    world.permissions.register.answer(ANA.id, FACE, ConsentStatus.GIVEN, 0, kind="explicit")
    abstain = world.permissions.barred(ANA.id, FACE, 0)
    assert abstain is not None
    assert "express_written" in abstain.detail


def test_what_was_read_is_kept_as_numbers_that_a_person_can_be_shown(tmp_path: Path) -> None:
    world = World(tmp_path, [said("p_1", 0, 1)], given=(TEXT,))
    world.run(2 * SECOND_US)
    kept = [json.loads(one) for one in world.heard.payloads]
    assert set(kept[0]) == {"participant", "start_us", "end_us", "scores", "dimensions", "cues"}
    assert (kept[0]["participant"], kept[0]["start_us"], kept[0]["end_us"]) == ("p_1", 0, SECOND_US)
    spoken = next(one["scores"] for one in kept if one["scores"])
    assert spoken["anger"] == pytest.approx(SPREAD["anger"], abs=0.2)
