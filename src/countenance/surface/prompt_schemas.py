"""The schemas of prompts: what a coach is advised, and what became of it."""

from countenance.contracts.call import Role
from countenance.surface.schema_terms import MICROSECONDS, TEXT, Schema, array, maybe, one_of, record

OUTCOMES = (
    "accepted", "edited", "dismissed", "snoozed", "expired", "not_shown", "accepted_not_acted",
)  # fmt: skip
CERTAINTY = ("low", "medium", "high")
SPEAKING = ("yes", "no", "unknown")


def issued() -> Schema:
    """A prompt as its coach reads it; of it the person it rests on is told no more than that it was given."""
    required: Schema = {
        "prompt_id": TEXT,
        "playbook": TEXT,
        "subject": maybe(_subject()),
        "window": record({"start_us": MICROSECONDS, "end_us": MICROSECONDS}),
    }
    return record(required, advice())


def advice() -> Schema:
    """What only a coach is told."""
    feature = record({"feature": TEXT, "words": TEXT, "value": {"type": "number"}})
    return {
        "rule_id": TEXT,
        "tags": array(TEXT),
        "expires_us": MICROSECONDS,
        "expires_at": maybe(TEXT),
        "language": one_of("en", "de", "es", "fr"),
        "reason": TEXT,
        "text": TEXT,
        "confidence": maybe(one_of(*CERTAINTY)),
        "why": {**array(feature), "maxItems": 3},
        "urgent": {"type": "boolean"},
        "coach_speaking": one_of(*SPEAKING),
        "budget_left": {"type": "integer", "minimum": 0},
        "evidence": maybe(TEXT),
    }


def resolved() -> Schema:
    """The fate of a prompt; a second one says whether the behaviour followed."""
    required: Schema = {"prompt_id": TEXT, "playbook": TEXT, "subject": maybe(_subject())}
    told: Schema = {
        "rule_id": TEXT,
        "outcome": one_of(*OUTCOMES),
        "arm": one_of("shown", "holdout"),
        "answered_us": maybe(MICROSECONDS),
        "acted": maybe({"type": "boolean"}),
        "time_to_action_us": maybe(MICROSECONDS),
    }
    return record(required, told)


def _subject() -> Schema:
    return record({"participant_id": TEXT, "role": one_of(*Role)})
