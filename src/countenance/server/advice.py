"""Prompts as readers of a call get them: data of events, and what the person they rest on may see."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from countenance.coaching.prompts import TAKEN, Arm, Prompt
from countenance.contracts.call import Call
from countenance.surface.blocks import number
from countenance.surface.envelope import PROMPT_ISSUED, PROMPT_RESOLVED, Envelope, wall_clock

SPEAKING = {True: "yes", False: "no", None: "unknown"}
NOT_ACTED = "accepted_not_acted"
EXISTS = {
    PROMPT_ISSUED: ("prompt_id", "playbook", "subject", "window"),
    PROMPT_RESOLVED: ("prompt_id", "playbook", "subject"),
}
"""What the person learns on whose readings a prompt rests: that there is one, not what it says."""


def issued(call: Call, prompt: Prompt) -> dict[str, Any]:
    """The data of a prompt that was given."""
    expires = None if call.started_at is None else wall_clock(call.started_at, prompt.expires_us)
    evidence = None if prompt.about is None else f"/v1/calls/{call.id}/participants/{prompt.about}/readings"
    return {
        "prompt_id": prompt.id,
        "playbook": prompt.playbook,
        "rule_id": prompt.rule_id,
        "tags": list(prompt.tags),
        "subject": _subject(call, prompt),
        "window": {"start_us": prompt.onset_us, "end_us": prompt.at_us},
        "expires_us": prompt.expires_us,
        "expires_at": expires,
        "language": prompt.language,
        "reason": prompt.reason,
        "text": prompt.text,
        "confidence": prompt.confidence,
        "why": [{"feature": one.name, "words": one.words, "value": number(one.value)} for one in prompt.why],
        "urgent": prompt.urgent,
        "coach_speaking": SPEAKING[prompt.coach_speaking],
        "budget_left": prompt.budget_left,
        "evidence": evidence,
    }


def fate(prompt: Prompt) -> dict[str, Any]:
    """What became of a prompt so far."""
    return {
        "seen": prompt.seen_us is not None,
        "outcome": prompt.outcome,
        "answered_us": prompt.answered_us,
        "acted": prompt.acted,
        "time_to_action_us": prompt.time_to_action_us,
    }


def resolved(call: Call, prompt: Prompt) -> dict[str, Any]:
    """The data of a prompt whose fate is known."""
    outcome = NOT_ACTED if prompt.outcome in TAKEN and prompt.acted is False else prompt.outcome
    said = {key: value for key, value in fate(prompt).items() if key != "seen"}
    about = {"prompt_id": prompt.id, "playbook": prompt.playbook, "rule_id": prompt.rule_id}
    return {**about, "subject": _subject(call, prompt), "arm": prompt.arm, **said, "outcome": outcome}


def is_told_again(prompt: Prompt) -> bool:
    """Whether its end is news: what was taken up has had a result, and what was held back was never told of."""
    return prompt.arm is Arm.HOLDOUT or (prompt.outcome in TAKEN and prompt.acted is not None)


def reduced(envelope: Mapping[str, object]) -> Envelope:
    """A prompt's envelope as the person it rests on gets it; any other as it is."""
    kept = EXISTS.get(str(envelope["type"]))
    data: Any = envelope["data"]
    return dict(envelope) if kept is None else {**envelope, "data": {key: data[key] for key in kept}}


def unanswered(prompt: Prompt) -> Prompt:
    """A prompt as it was when it was given."""
    return replace(prompt, seen_us=None, outcome=None, answered_us=None, acted=None, acted_us=None)


def _subject(call: Call, prompt: Prompt) -> dict[str, str] | None:
    role = {one.id: one.role.value for one in call.participants}.get(prompt.about or "")
    return None if prompt.about is None or role is None else {"participant_id": prompt.about, "role": role}
