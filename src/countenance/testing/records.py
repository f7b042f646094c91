"""A made call record with everything a report must show: a spike, gaps, an opt-out, refusals, hidden words.

All numbers are drawn from plain formulas; no model saw anything, and the record says so.
"""

from collections.abc import Iterator
from datetime import date
from math import exp, sin

from countenance.contracts.call import FACE, TELEMETRY, TEXT, VOICE, Call, Participant, Purpose, Role
from countenance.contracts.card import Card, Figure, Licence
from countenance.contracts.media import Missing
from countenance.contracts.readings import (
    EMOTIONS,
    Abstain,
    Estimate,
    Event,
    Evidence,
    ModalityUse,
    Phase,
    Reason,
    Signal,
)
from countenance.contracts.telemetry import CallTelemetry, Lag, TalkMeasures, Turn
from countenance.contracts.trust import (
    Case,
    Consent,
    ConsentStatus,
    Duties,
    Effect,
    Layer,
    Ruling,
    Verdict,
)
from countenance.surface.record import (
    AuditState,
    CallRecord,
    Line,
    LineStatus,
    ModalityRecord,
    ParticipantRecord,
)
from countenance.surface.series import episodes_of, series_of

S = 1_000_000
SECONDS = 90
ENGAGEMENT = ("engaged", "disengaged", "confused", "frustrated")
DIGEST = "5b" * 32
MOVED = (Evidence("score.frustration", 0.8, 1.4), Evidence("cue.brow_lower", 0.6, 0.7))
TURNS = (
    ("p-ben", 0, 9),
    ("p-ana", 10, 30),
    ("p-ana", 31, 47),
    ("p-ben", 46, 58),
    ("p-ana", 60, 70),
    ("p-ben", 71, 82),
    ("p-ana", 86, 89),
)


def made_record(name: str = "Ana", words: str = "I have told you this three times now.") -> CallRecord:
    """A support call of ninety seconds; `name` and `words` are the customer's."""
    ana, ben = Participant("p-ana", name, Role.CUSTOMER), Participant("p-ben", "Ben", Role.AGENT)
    signals = tuple(_signals())
    return CallRecord(
        call=Call("c-made", "d-made", Purpose.SUPPORT_QA, (ana, ben), "2026-11-22T09:30:00Z"),
        duration_us=SECONDS * S,
        participants=(ParticipantRecord(ana, _ana()), ParticipantRecord(ben, _ben())),
        taxonomies={"engagement.v1": ENGAGEMENT, "ekman7.v1": EMOTIONS, "va.v1": ("valence", "arousal")},
        series=series_of(signals),
        episodes=episodes_of(_events(signals)),
        telemetry=_telemetry(),
        gaps=(
            Missing("p-ana", FACE, 20 * S, 28 * S, "no_face"),
            Missing("p-ana", FACE, 52 * S, 57 * S, "low_light"),
            Missing("p-ana", VOICE, 70 * S, 86 * S, "silence"),
        ),
        transcript=_transcript(words),
        models=(_card(FACE, "face-cues"), _card(VOICE, "voice-prosody"), _card(TEXT, "text-emotion")),
        jurisdictions=("EU", "US-CA"),
        audit=AuditState(
            path="store/log",
            entries=184,
            root="9f" * 32,
            call_ref="c0" * 16,
            subjects={"p-ana": "a1" * 16, "p-ben": "b2" * 16},
            counts={"GATE": 6, "CONSENT": 4, "LEASE": 86, "RESULT": 86, "LEASE_CLOSE": 2},
            verify="countenance audit verify store/log --completeness",
        ),
        settings={"pictures per second": "5", "smoothing": "3 s"},
        processing={"time taken": "4.1 s", "real-time factor": "22"},
        version="0.1.0",
    )


def _signals() -> Iterator[Signal]:
    for second in range(SECONDS):
        abstain = _abstain(second)
        faced = second < 60 and not (20 <= second < 28 or 52 <= second < 57)
        modalities = {
            FACE: ModalityUse(faced, 0.5 if faced else 0.0, 0.8 if faced else 0.0, None if faced else "no_face"),
            VOICE: ModalityUse(not abstain, 0.5, 0.7),
        }
        for taxonomy, labels in _labels(second).items():
            yield Signal(
                participant_id="p-ana",
                start_us=second * S,
                end_us=(second + 1) * S,
                taxonomy=taxonomy,
                calibration_id="made.v1",
                labels={} if abstain else labels,
                dimensions=_dimensions(second) if taxonomy == "va.v1" and not abstain else {},
                label=None if abstain else _leading(labels),
                modalities=modalities,
                evidence=()
                if abstain
                else (Evidence("score.frustration", 0.8, 1.4), Evidence("cue.brow_lower", 0.6, 0.7)),
                abstain=abstain,
            )


def _abstain(second: int) -> Abstain | None:
    if 23 <= second < 28:
        return Abstain(Reason.NO_FACE)
    return Abstain(Reason.SILENCE) if 74 <= second < 86 else None


def _labels(second: int) -> dict[str, dict[str, Estimate]]:
    spike = 0.72 * exp(-(((second - 39) / 7) ** 2))
    puzzled = 0.6 * exp(-(((second - 15) / 4) ** 2))
    ripple = 0.04 * sin(second / 2)
    width = 0.09 if second < 52 else 0.2
    engagement = {
        "engaged": 0.62 - 0.5 * spike - 0.4 * puzzled + ripple,
        "disengaged": 0.12 + 0.02 * sin(second / 5) + (0.3 if second >= 70 else 0.0),
        "confused": 0.08 + puzzled + ripple / 2,
        "frustrated": 0.07 + spike - ripple / 2,
    }
    emotions = dict.fromkeys(EMOTIONS, 0.05) | {"neutral": 0.6 - 0.5 * spike, "anger": 0.08 + 0.6 * spike}
    return {
        "engagement.v1": {name: _band(value, width) for name, value in engagement.items()},
        "ekman7.v1": {name: _band(value, width) for name, value in emotions.items()},
        "va.v1": {},
    }


def _dimensions(second: int) -> dict[str, Estimate]:
    spike = exp(-(((second - 39) / 7) ** 2))
    valence, arousal = 0.15 - 0.7 * spike, -0.1 + 0.6 * spike
    return {
        "valence": Estimate(valence, valence - 0.15, valence + 0.15),
        "arousal": Estimate(arousal, arousal - 0.15, arousal + 0.15),
    }


def _band(value: float, half: float) -> Estimate:
    return Estimate(value, max(0.0, value - half), min(1.0, value + half))


def _leading(labels: dict[str, Estimate]) -> str | None:
    best = max(labels, key=lambda name: labels[name].value, default=None)
    return best if best is not None and labels[best].value >= 0.45 else None


def _events(signals: tuple[Signal, ...]) -> Iterator[Event]:
    at = {one.end_us: one for one in signals if one.taxonomy == "engagement.v1"}
    for phase, end in ((Phase.STARTED, 37), (Phase.ENDED, 46)):
        yield Event("frustration_spike", phase, "s-1", 33 * S, end * S, at[end * S], "frustrated")


def _telemetry() -> CallTelemetry:
    turns = tuple(Turn(start * S, end * S, who) for who, start, end in TURNS)
    ana = TalkMeasures("p-ana", ("voice",), 49 * S, 49 / 81, 4, turns[1], 1, S, Lag(3, 2 * S, 4 * S, 0), 0, 1, 148.0)
    ben = TalkMeasures("p-ben", ("transcript",), 32 * S, 32 / 81, 3, turns[3], 0, 0, Lag(1, S, S, 1), 1, 0, None)
    return CallTelemetry(SECONDS * S, (ana, ben), turns, ((82 * S, 86 * S),))


def _transcript(words: str) -> tuple[Line, ...]:
    read, hidden = LineStatus.READ, LineStatus.HIDDEN
    return (
        Line("p-ben", 0, 9 * S, "", hidden),
        Line("p-ana", 10 * S, 19 * S, "The parcel was meant to arrive on Monday. I am not sure what happened.", read),
        Line("p-ana", 20 * S, 30 * S, "First the tracking said delivered, and then it said returned.", read),
        Line("p-ana", 31 * S, 47 * S, words, read),
        Line("p-ben", 46 * S, 58 * S, "", hidden),
        Line("p-ana", 60 * S, 70 * S, "Vale, gracias.", LineStatus.NOT_SCORED, "language not known to the model"),
        Line("p-ben", 71 * S, 82 * S, "", hidden),
        Line("p-ana", 86 * S, 89 * S, "Thank you.", read),
    )


def _ana() -> tuple[ModalityRecord, ...]:
    def answer(modality: str, status: ConsentStatus = ConsentStatus.GIVEN, at: int = 0) -> Consent:
        return Consent("p-ana", modality, Purpose.SUPPORT_QA, status, at * S, "r-ana-1", 1 if at == 0 else 2)

    return (
        ModalityRecord(FACE, _allow(Role.CUSTOMER, FACE), (answer(FACE), answer(FACE, ConsentStatus.WITHDRAWN, 60))),
        ModalityRecord(VOICE, _allow(Role.CUSTOMER, VOICE), (answer(VOICE),)),
        ModalityRecord(TEXT, _allow(Role.CUSTOMER, TEXT), (answer(TEXT),)),
        ModalityRecord(TELEMETRY, _counted(Role.CUSTOMER)),
    )


def _ben() -> tuple[ModalityRecord, ...]:
    return (
        ModalityRecord(FACE, _deny(FACE)),
        ModalityRecord(VOICE, _deny(VOICE)),
        ModalityRecord(TEXT, _allow(Role.AGENT, TEXT)),
        ModalityRecord(TELEMETRY, _counted(Role.AGENT)),
    )


def _case(role: Role, modality: str) -> Case:
    return Case(Purpose.SUPPORT_QA, role, modality, "engagement", "individual", ("EU", "US-CA"), date(2026, 11, 22))


def _allow(role: Role, modality: str) -> Ruling:
    verdict = Verdict(
        "made-allow", Layer.LAW, Effect.ALLOW, "Permitted with explicit consent.", "Made rule for tests, clause 1"
    )
    return Ruling(Effect.ALLOW, _case(role, modality), (verdict,), Duties(names=("notice",)), DIGEST)


def _counted(role: Role) -> Ruling:
    verdict = Verdict(
        "made-count",
        Layer.PRODUCT,
        Effect.ALLOW,
        "counting who spoke when reads nothing about anybody",
        "Made rule, clause 2",
    )
    return Ruling(Effect.ALLOW, _case(role, TELEMETRY), (verdict,), Duties(consent="none", retention_days=90), DIGEST)


def _deny(modality: str) -> Ruling:
    return Ruling(
        Effect.DENY,
        _case(Role.AGENT, modality),
        (
            Verdict(
                "E01",
                Layer.LAW,
                Effect.DENY,
                "Reading emotion from the face or voice of people at work is prohibited.",
                "Regulation (EU) 2024/1689, Article 5(1)(f)",
                date(2025, 2, 2),
            ),
            Verdict(
                "P07",
                Layer.PRODUCT,
                Effect.DENY,
                "This product never reads the face or voice of the person doing their job.",
                "Countenance charter, point 7",
            ),
        ),
        Duties(),
        DIGEST,
    )


def _card(modality: str, name: str) -> Card:
    return Card(
        id=name,
        version="v1",
        modality=modality,
        task="expression",
        summary="A made card for tests; no such weights exist.",
        outputs={"scores": ()},
        licence=Licence("Apache-2.0", "Apache-2.0", "made", True, ""),
        input={},
        calibration={"method": "none", "fitted_on": "nothing"},
        data={"train": "none"},
        limits=("Made for tests.", "Says nothing about anybody."),
        figures=(Figure("accuracy", 0.5, 0.4, 0.6, 100, "made protocol", 0.25),),
        files={"model.onnx": "0a" * 32},
    )
