"""What coaching is judged by: one row per prompt and per coached call, without a word of whose they were."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Table

from countenance.storage.outbox import random_id
from countenance.storage.store import Transaction
from countenance.storage.tables import coached_calls, prompt_facts


@dataclass(frozen=True, slots=True)
class PromptFact:
    """What became of one prompt."""

    day: str
    """The UTC day, `2026-11-23`: nothing finer, so that no row leads back to a call."""
    playbook: str
    rule_id: str
    arm: str
    outcome: str
    seen: int
    """1: it was on the page for a second at least."""
    acted: int | None
    """1 or 0: whether the behaviour followed; None where that could not be known."""
    acted_after_us: int | None
    answered_after_us: int | None
    latency_us: int | None
    """From the last media packet that it rests on to the prompt."""


@dataclass(frozen=True, slots=True)
class CoachedCall:
    """How long one call was coached."""

    day: str
    playbook: str
    media_us: int


def put_prompt(tx: Transaction, fact: PromptFact, before: str) -> None:
    """Keep a row, and delete those of days before one."""
    _put(tx, prompt_facts, {name: getattr(fact, name) for name in PromptFact.__dataclass_fields__}, before)


def put_call(tx: Transaction, fact: CoachedCall, before: str) -> None:
    """Keep a row, and delete those of days before one."""
    _put(tx, coached_calls, {"day": fact.day, "playbook": fact.playbook, "media_us": fact.media_us}, before)


def prompts_since(tx: Transaction, day: str) -> Sequence[PromptFact]:
    """Prompts of a day and later."""
    rows = tx.rows(tx.select(prompt_facts).where(prompt_facts.c.day >= day).order_by(prompt_facts.c.fact_id))
    return tuple(PromptFact(**{name: getattr(row, name) for name in PromptFact.__dataclass_fields__}) for row in rows)


def calls_since(tx: Transaction, day: str) -> Sequence[CoachedCall]:
    """Calls of a day and later."""
    rows = tx.rows(tx.select(coached_calls).where(coached_calls.c.day >= day).order_by(coached_calls.c.fact_id))
    return tuple(CoachedCall(row.day, row.playbook, row.media_us) for row in rows)


def _put(tx: Transaction, table: Table, row: Mapping[str, object], before: str) -> None:
    tx.execute(tx.delete(table).where(table.c.day < before))
    tx.insert(table, {"fact_id": random_id(), **row})
