"""The answers of one person to one question, in order: what may follow what, and what holds now.

Time is wall-clock time in UTC and never runs back within a history, whatever the machine's clock does: an answer that
comes "before" the last one is recorded at the time of the last one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from countenance.consent.evidence import BY_TOGGLE, Evidence
from countenance.contracts.call import Modality, Purpose
from countenance.contracts.errors import ConsentError
from countenance.contracts.trust import CONSENT_KINDS, ConsentStatus


@dataclass(frozen=True, slots=True)
class Shown:
    """The notice that the person had before them."""

    id: str
    language: str
    text_sha256: str
    substance: str
    """sha256 of what a yes to this modality relies on; see `notice.substance_of`."""
    shown_at: datetime


@dataclass(frozen=True, slots=True)
class Said:
    """What a person answers, as it comes in."""

    modality: Modality
    purpose: Purpose
    status: ConsentStatus
    kind: str = "explicit"
    shown: Shown | None = None
    evidence: Evidence = BY_TOGGLE
    own_wish: bool = False
    """The person opened the choice themselves; nobody asked."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One recorded answer."""

    said: Said
    version: int
    at: datetime
    expires: datetime | None
    """When a yes ends by itself."""
    receipt_id: str


History = Sequence[Answer]
"""All answers of one person for one modality and one purpose, the oldest first."""


def follow(history: History, said: Said, now: datetime, receipt_id: str, valid: timedelta | None = None) -> Answer:
    """The next answer, a yes being valid for so long; raises ConsentError when it cannot follow. A no always can."""
    last = history[-1] if history else None
    if last and (last.said.modality, last.said.purpose) != (said.modality, said.purpose):
        problem = f"an answer for {said.modality} and {said.purpose} does not belong to this history"
        raise ConsentError(problem, f"It is of {last.said.modality} and {last.said.purpose}.")
    if said.kind not in CONSENT_KINDS[1:]:
        known = ", ".join(CONSENT_KINDS[1:])
        raise ConsentError(f"consent for {said.modality} has the unknown kind `{said.kind}`", f"Use one of: {known}.")
    given = last is not None and last.said.status is ConsentStatus.GIVEN
    if said.status is ConsentStatus.EXPIRED and not given:
        problem = f"consent for {said.modality} cannot expire, it is not given"
        raise ConsentError(problem, "Only a given consent expires.")
    if said.status is ConsentStatus.GIVEN and (said.shown is None or valid is None):
        problem = f"consent for {said.modality} does not say which notice was shown, or for how long it is valid"
        raise ConsentError(problem, "Show the notice first; nobody can agree to what they were not told.")
    at = latest(history, now)
    expires = at + valid if said.status is ConsentStatus.GIVEN and valid is not None else None
    return Answer(said, (last.version if last else 0) + 1, at, expires, receipt_id)


def state(history: History, now: datetime, substance: str | None = None) -> ConsentStatus:
    """What holds now; silence is refusal, and a yes ends with its time or when what it relied on has changed."""
    if not history:
        return ConsentStatus.REFUSED
    last = history[-1]
    if last.said.status is ConsentStatus.GIVEN and ended(last, latest(history, now), substance):
        return ConsentStatus.EXPIRED
    return last.said.status


def ended(given: Answer, now: datetime, substance: str | None = None) -> bool:
    """True when a yes no longer counts; without a substance only its time is looked at."""
    changed = substance is not None and (given.said.shown is None or given.said.shown.substance != substance)
    return changed or given.expires is None or now >= given.expires


def latest(history: History, now: datetime) -> datetime:
    """The time to count with: now, or the last answer's when the clock has gone back."""
    if now.utcoffset() != timedelta(0):
        raise ConsentError(f"the time {now.isoformat()} is not in UTC", "Consent is kept in UTC only.")
    return max(now, history[-1].at) if history else now
