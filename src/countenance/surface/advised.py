"""What a coach would have been advised in a recorded call, as reports say it."""

from dataclasses import dataclass

from countenance.contracts.call import Role
from countenance.surface.blocks import Block, number
from countenance.surface.schema_terms import MICROSECONDS, TEXT, Schema, array, maybe, one_of, record


@dataclass(frozen=True, slots=True)
class Advice:
    """One prompt."""

    rule_id: str
    at_us: int
    onset_us: int
    participant_id: str | None
    """On whose readings it rests; None: on nobody's."""
    role: Role | None
    reason: str
    text: str
    confidence: str | None
    why: tuple[tuple[str, str, float], ...]
    """Feature, its name in words, its value."""
    coach_speaking: str
    shown: bool
    """False: it would have been held back for comparison."""
    acted: bool | None
    """Whether the behaviour followed within its time; None where that cannot be known."""
    acted_us: int | None

    @property
    def said(self) -> str:
        """In one line."""
        return f"{self.reason}: {self.text}"


@dataclass(frozen=True, slots=True)
class Advised:
    """The coaching of one recorded call."""

    playbook: str
    language: str
    prompts: tuple[Advice, ...]


def block(advised: Advised) -> Block:
    """As the summary holds it."""
    prompts = [_prompt(one) for one in advised.prompts]
    return {"playbook": advised.playbook, "language": advised.language, "prompts": prompts}


def advised_schema() -> Schema:
    """The schema of that."""
    feature = record({"feature": TEXT, "words": TEXT, "value": {"type": "number"}})
    prompt = record(
        {
            "rule_id": TEXT,
            "at_us": MICROSECONDS,
            "onset_us": MICROSECONDS,
            "subject": maybe(record({"participant_id": TEXT, "role": one_of(*Role)})),
            "reason": TEXT,
            "text": TEXT,
            "confidence": maybe(one_of("low", "medium", "high")),
            "why": array(feature),
            "coach_speaking": one_of("yes", "no", "unknown"),
            "arm": one_of("shown", "holdout"),
            "acted": maybe({"type": "boolean"}),
            "acted_us": maybe(MICROSECONDS),
        }
    )
    return record({"playbook": TEXT, "language": one_of("en", "de", "es", "fr"), "prompts": array(prompt)})


def _prompt(one: Advice) -> Block:
    subject = None if one.role is None else {"participant_id": one.participant_id, "role": one.role.value}
    return {
        "rule_id": one.rule_id,
        "at_us": one.at_us,
        "onset_us": one.onset_us,
        "subject": subject,
        "reason": one.reason,
        "text": one.text,
        "confidence": one.confidence,
        "why": [{"feature": name, "words": words, "value": number(value)} for name, words, value in one.why],
        "coach_speaking": one.coach_speaking,
        "arm": "shown" if one.shown else "holdout",
        "acted": one.acted,
        "acted_us": one.acted_us,
    }
