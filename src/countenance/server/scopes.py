"""What a credential may be used for, and as whom."""

from collections.abc import Mapping
from enum import StrEnum


class Scope(StrEnum):
    """One thing a credential may be used for."""

    CALLS_READ = "calls:read"
    CALLS_WRITE = "calls:write"
    CONSENT = "consent:write"
    READINGS = "readings:read"
    """What was read of single people; a reviewer's position is needed as well."""
    NOTES = "notes:read"
    """Notes that a reviewer let leave for a CRM, LMS or EHR: for the program that puts them there."""
    SUBJECTS = "subjects:write"
    """Requests of people about their own data, erasure among them."""
    POLICY = "policy:read"
    MODELS = "models:read"
    AUDIT = "audit:read"
    EVIDENCE = "evidence:read"
    WEBHOOKS = "webhooks"
    TOKENS = "tokens:write"
    """Making short-lived tokens for participants and reviewers."""
    OPERATE = "operate"
    """Metrics and the inner state of the service."""
    PARTICIPANT = "participant"
    """What people in a call may do for themselves; never in an API key."""


class Position(StrEnum):
    """What the person or program behind a credential is to the deployment."""

    COACH = "coach"
    TUTOR = "tutor"
    TEACHER = "teacher"
    CLINICIAN = "clinician"
    SUPERVISOR = "supervisor"
    COMPLIANCE = "compliance"
    OPERATOR = "operator"


REVIEWERS = frozenset({Position.COACH, Position.TUTOR, Position.TEACHER, Position.CLINICIAN})
"""Those whom a ruling may name as the human reviewer of individual scores."""

READ = frozenset({Scope.CALLS_READ, Scope.POLICY, Scope.MODELS})

USUAL: Mapping[Position, frozenset[Scope]] = {
    **dict.fromkeys(REVIEWERS, READ | {Scope.READINGS}),
    Position.SUPERVISOR: READ,
    Position.COMPLIANCE: READ | {Scope.AUDIT, Scope.EVIDENCE, Scope.SUBJECTS},
    Position.OPERATOR: frozenset(Scope) - {Scope.PARTICIPANT, Scope.READINGS, Scope.NOTES},
}
"""The scopes of a new key where none are named."""
