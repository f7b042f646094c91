"""Who is on the call, in which role, and which tracks they publish."""

from dataclasses import dataclass
from enum import StrEnum

FACE = "face"
VOICE = "voice"
TEXT = "text"
TELEMETRY = "telemetry"

Modality = str
"""An open set: `face`, `voice`, `text`, `telemetry`, and whatever an installed encoder adds."""


class Role(StrEnum):
    """What a participant is to the deployment; the law speaks about roles, not about calls."""

    CUSTOMER = "customer"
    PROSPECT = "prospect"
    EMPLOYEE = "employee"
    AGENT = "agent"
    CANDIDATE = "candidate"
    STUDENT = "student"
    TEACHER = "teacher"
    LEARNER_INDEPENDENT = "learner_independent"
    PATIENT = "patient"
    THERAPY_CLIENT = "therapy_client"
    CLINICIAN = "clinician"
    PANELIST = "panelist"
    GUEST = "guest"


class Purpose(StrEnum):
    """What the readings are for."""

    SALES_COACHING = "sales_coaching"
    SUPPORT_QA = "support_qa"
    EDUCATION_ENGAGEMENT = "education_engagement"
    TELEHEALTH_SUPPORT = "telehealth_support"
    PSYCHOTHERAPY = "psychotherapy"
    HIRING = "hiring"
    WORKPLACE_MONITORING = "workplace_monitoring"
    SELF_TRAINING = "self_training"
    FOCUS_GROUP = "focus_group"
    SAFETY = "safety"


class TrackKind(StrEnum):
    """What flows on a track."""

    VIDEO = "video"
    AUDIO = "audio"
    TEXT = "text"


MODALITY_OF = {TrackKind.VIDEO: FACE, TrackKind.AUDIO: VOICE, TrackKind.TEXT: TEXT}
"""The modality that subscribing to a track of this kind would read."""


@dataclass(frozen=True, slots=True)
class Participant:
    """One person on the call."""

    id: str
    """Opaque within the call; never a name or an address."""
    name: str
    """Shown to people in reports; never written to the audit log."""
    role: Role


@dataclass(frozen=True, slots=True)
class Track:
    """One stream of one participant."""

    id: str
    participant_id: str
    kind: TrackKind

    @property
    def modality(self) -> Modality:
        """The modality that reading this track needs permission for."""
        return MODALITY_OF[self.kind]


@dataclass(frozen=True, slots=True)
class Call:
    """One conversation: who is on it, and what reading it is for."""

    id: str
    deployment_id: str
    purpose: Purpose
    participants: tuple[Participant, ...]
    started_at: str | None = None
    """RFC 3339 UTC of media time zero, or None when nobody knows it."""
