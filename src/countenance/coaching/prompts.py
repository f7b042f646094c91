"""The values of coaching: what a rule proposes, a prompt and what became of it."""

from dataclasses import dataclass
from enum import StrEnum


class Arm(StrEnum):
    """Whether a prompt is shown, or computed and held back so that the difference it makes can be measured."""

    SHOWN = "shown"
    HOLDOUT = "holdout"


class Action(StrEnum):
    """What a coach can do with a prompt."""

    SEEN = "seen"
    ACCEPTED = "accepted"
    EDITED = "edited"
    DISMISSED = "dismissed"
    SNOOZED = "snoozed"


class Outcome(StrEnum):
    """The fate of a prompt."""

    ACCEPTED = "accepted"
    EDITED = "edited"
    DISMISSED = "dismissed"
    SNOOZED = "snoozed"
    EXPIRED = "expired"
    """Nobody answered in time: that is no dismissal."""
    NOT_SHOWN = "not_shown"
    """It was held back for comparison."""


TAKEN = frozenset({Outcome.ACCEPTED, Outcome.EDITED})
"""Outcomes of a prompt that somebody took up."""


class Withheld(StrEnum):
    """Why a prompt whose condition holds is not given now."""

    SPEAKING = "speaking"
    LIVE = "live"
    COOLDOWN = "cooldown"
    RULE_COOLDOWN = "rule_cooldown"
    BUDGET = "budget"
    SNOOZED = "snoozed"
    DISABLED = "disabled"
    QUIET_HOURS = "quiet_hours"


@dataclass(frozen=True, slots=True)
class Feature:
    """One measured thing behind a prompt."""

    name: str
    """As the readings call it: `cue.head_yaw_deg`, `talk.share`, ..."""
    words: str
    value: float


@dataclass(frozen=True, slots=True)
class Prompt:
    """One suggestion to a coach, and what became of it so far."""

    id: str
    playbook: str
    rule_id: str
    tags: tuple[str, ...]
    about: str | None
    """The participant whose readings it rests on; None where it rests on nobody's."""
    arm: Arm
    at_us: int
    """Media time at which it was given, or would have been."""
    expires_us: int
    onset_us: int
    """From when on its condition built up."""
    language: str
    reason: str
    text: str
    confidence: str | None
    """`low`, `medium`, `high`: the width of the bands it rests on; None where it rests on counted things alone."""
    why: tuple[Feature, ...]
    urgent: bool
    coach_speaking: bool | None
    """Whether the coach spoke at that moment; None where nobody could know."""
    budget_left: int
    seen_us: int | None = None
    outcome: Outcome | None = None
    answered_us: int | None = None
    """When that came to be."""
    acted: bool | None = None
    """Whether the behaviour followed in time; None while that is open, or where it cannot be known."""
    acted_us: int | None = None

    @property
    def said(self) -> str:
        """The card in one line: why, then what to consider."""
        return f"{self.reason}: {self.text}"

    @property
    def live(self) -> bool:
        """Whether it waits for an answer."""
        return self.outcome is None

    @property
    def time_to_action_us(self) -> int | None:
        """From the prompt to the behaviour."""
        return None if self.acted_us is None else self.acted_us - self.at_us


class Step(StrEnum):
    """What happened to a prompt."""

    ISSUED = "issued"
    SEEN = "seen"
    RESOLVED = "resolved"
    SETTLED = "settled"
    """Nothing more can become of it."""


@dataclass(frozen=True, slots=True)
class Change:
    """Something happened to a prompt; it is as it is now."""

    step: Step
    prompt: Prompt
