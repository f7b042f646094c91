"""What flows out: observations of one modality, predictions over a window, and the readings people get.

Every score is a calibrated probability over visible, audible or written correlates. It is never a claim about an
inner state.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from countenance.contracts.call import Modality

EMOTIONS = ("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear")
"""Ekman's six and neutral: the space in which modalities meet. `contempt` and `calm` fold into their neighbours."""

NOTHING: Mapping[str, float] = {}
"""No scores at all; read-only by its type."""


class Reason(StrEnum):
    """Why there is no reading."""

    NO_FACE = "no_face"
    OCCLUDED = "occluded"
    LOW_LIGHT = "low_light"
    SILENCE = "silence"
    LOW_ASR = "low_asr"
    NO_CONSENT = "no_consent"
    POLICY = "policy"
    DISAGREEMENT = "disagreement"
    OUT_OF_DOMAIN = "out_of_domain"


@dataclass(frozen=True, slots=True)
class Abstain:
    """Not enough signal: a value of its own, never a made-up number and never `neutral`."""

    reason: Reason
    detail: str = ""


@dataclass(frozen=True, slots=True)
class ModelRef:
    """Which weights spoke."""

    id: str
    version: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Observation:
    """What one encoder says about one sample."""

    participant_id: str
    modality: Modality
    start_us: int
    end_us: int
    quality: float
    """0..1; 0 whenever `abstain` is set."""
    scores: Mapping[str, float] = field(default_factory=lambda: NOTHING)
    """Calibrated probabilities. Names out of EMOTIONS form one distribution; all other names stand alone."""
    dimensions: Mapping[str, float] = field(default_factory=lambda: NOTHING)
    """`valence`, `arousal` in -1..1."""
    cues: Mapping[str, float] = field(default_factory=lambda: NOTHING)
    """Measured features in their own units: `smile` 0..1, `head_yaw_deg`, `pitch_mean_hz`, ..."""
    abstain: Abstain | None = None
    model: ModelRef | None = None
    """None for measurements that need no weights (prosody)."""
    embedding: NDArray[np.float32] | None = field(default=None, compare=False, repr=False)
    """What the net saw before its last layer (d values), for a head of one's own; it lives as long as its window.

    It is never written to a record, a stream, a report or a log.
    """


@dataclass(frozen=True, slots=True)
class Window:
    """One participant, one stretch of time, all that was observed in it."""

    participant_id: str
    start_us: int
    end_us: int
    observations: tuple[Observation, ...]
    missing: Mapping[Modality, Abstain]
    """Modalities that gave nothing here, with the reason."""


@dataclass(frozen=True, slots=True)
class ModalityUse:
    """What one modality contributed."""

    used: bool
    weight: float
    """Share of the fused result, 0..1; the weights of all used modalities sum to 1."""
    quality: float
    reason: str | None = None
    """Why it was not used."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One measured feature that moved the reading."""

    feature: str
    value: float
    effect: float
    """Signed share of the label's score, in logits."""


@dataclass(frozen=True, slots=True)
class Prediction:
    """The fused view of one participant in one window."""

    participant_id: str
    start_us: int
    end_us: int
    scores: Mapping[str, float]
    dimensions: Mapping[str, float]
    cues: Mapping[str, float]
    certainty: float
    """0..1: how much usable evidence stands behind the scores."""
    modalities: Mapping[Modality, ModalityUse]
    models: tuple[ModelRef, ...] = ()
    abstain: Abstain | None = None
    disputed: Abstain | None = None
    """Set when modalities contradict each other: the emotion distribution is left out, all else stands."""
    evidence: Mapping[str, tuple[Evidence, ...]] = field(default_factory=dict)
    """The features that moved a score, for scores that say so."""
    unsaid: Mapping[str, Abstain] = field(default_factory=dict)
    """Why a head says none of its labels here, by the name of its taxonomy."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with its band."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Signal:
    """The smoothed reading of one participant in one taxonomy at one tick."""

    participant_id: str
    start_us: int
    end_us: int
    taxonomy: str
    calibration_id: str
    labels: Mapping[str, Estimate]
    """Probability of every label of the taxonomy; empty when abstained."""
    dimensions: Mapping[str, Estimate]
    label: str | None
    """The label that leads with enough certainty, else None."""
    modalities: Mapping[Modality, ModalityUse]
    evidence: tuple[Evidence, ...] = ()
    models: tuple[ModelRef, ...] = ()
    abstain: Abstain | None = None


class Phase(StrEnum):
    """Events come in pairs."""

    STARTED = "started"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Event:
    """A state was entered or left, with hysteresis."""

    name: str
    """`engagement_low`, `frustration_spike`, or a name from the taxonomy file."""
    phase: Phase
    signal_id: str
    """The same in `started` and `ended`."""
    start_us: int
    """Onset of the state."""
    end_us: int
    """When this phase was raised."""
    signal: Signal
    label: str
    """The label the event watches."""


Reading = Signal | Event
