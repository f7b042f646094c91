"""What coaching is judged by, of the last days: acceptance never alone, and "not enough data" of too few."""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import Field

from countenance.coaching.kpis import ENOUGH, Figure, kpis
from countenance.coaching.labelled import Judged, brier, macro_f1
from countenance.control.labels import Labelled
from countenance.server.access import Here, needs
from countenance.server.api.shapes import Given
from countenance.server.idempotency import OnceRoute
from countenance.server.scopes import Scope

router = APIRouter(prefix="/v1/coaching", tags=["coaching"], route_class=OnceRoute)

NOT_ENOUGH = "not enough data"
Days = Annotated[int, Query(ge=1, le=400, description="How far back, today included.")]
Playbook = Annotated[
    str | None, Query(pattern=r"^[a-z][a-z0-9_]{0,39}\.v[0-9]{1,4}$", description="Of one playbook alone.")
]


class FigureView(Given):
    """A number with its 95 % interval."""

    value: float | None
    low: float | None
    high: float | None
    n: int = Field(description="Of the smaller group, where two are compared.")
    words: Literal["not enough data"] | None = Field(description="Set where there are too few to say a number.")


class PromptsView(Given):
    """How many there were."""

    shown: int
    holdout: int
    per_hour: float | None


class RuleKpis(Given):
    """How one rule fares."""

    playbook: str
    rule_id: str
    shown: int
    acceptance: FigureView
    override: FigureView = Field(description="Dismissed or snoozed, of those that were shown.")


class ComparedView(Given):
    """The shown against those held back."""

    shown: FigureView
    holdout: FigureView
    difference: FigureView = Field(description="Shown less held back.")


class LabelKpis(Given):
    """The estimates against what people said of the same seconds."""

    n: int
    people: int
    macro_f1: FigureView
    brier: FigureView


class AuditKpis(Given):
    """Whether every model call is in the log."""

    model_calls_unaccounted: int
    complete: bool


class KpiView(Given):
    """Everything that coaching is judged by."""

    since: date
    playbook: str | None
    enough_from: int
    hours: float = Field(description="Of coached calls.")
    prompts: PromptsView
    acceptance: FigureView = Field(description="Accepted or edited, of those that were shown.")
    seen: FigureView
    expired: FigureView
    accepted_not_acted: FigureView
    by_rule: Sequence[RuleKpis]
    acted: ComparedView
    time_to_action: ComparedView = Field(description="Seconds, cut at 60.")
    labels: LabelKpis
    latency_p95_ms: FigureView = Field(description="From the last media packet that a prompt rests on to the prompt.")
    audit: AuditKpis


@router.get("/kpis", dependencies=[needs(Scope.CALLS_READ)])
async def figures(here: Here, days: Days = 30, playbook: Playbook = None) -> KpiView:
    """Numbers of nobody in particular, from prompts of the last days and from labels that people agreed to."""
    suggestions = here.control.suggestions
    facts, calls = await asyncio.to_thread(suggestions.facts, days - 1)
    wanted = [one for one in facts if playbook in (None, one.playbook)]
    found = kpis(wanted, [one for one in calls if playbook in (None, one.playbook)])
    judged = [_judged(one) for one in await asyncio.to_thread(here.control.labels.all)]
    unaccounted = here.control.health().unaccounted
    said: dict[str, Any] = asdict(found)
    return KpiView(
        since=date.fromisoformat(suggestions.day(days - 1)),
        playbook=playbook,
        enough_from=ENOUGH,
        hours=found.hours,
        prompts=PromptsView(shown=found.shown, holdout=found.holdout, per_hour=found.per_hour),
        acceptance=_figure(found.acceptance),
        seen=_figure(found.seen),
        expired=_figure(found.expired),
        accepted_not_acted=_figure(found.accepted_not_acted),
        by_rule=[RuleKpis.model_validate(_worded(one)) for one in said["by_rule"]],
        acted=ComparedView.model_validate(_worded(said["acted"])),
        time_to_action=ComparedView.model_validate(_worded(said["time_to_action_s"])),
        labels=LabelKpis(
            n=len(judged),
            people=len({one.person for one in judged}),
            macro_f1=_figure(macro_f1(judged)),
            brier=_figure(brier(judged)),
        ),
        latency_p95_ms=_figure(found.latency_p95_ms),
        audit=AuditKpis(model_calls_unaccounted=unaccounted, complete=unaccounted == 0),
    )


def _judged(one: Labelled) -> Judged:
    return Judged(one.subject_ref, one.label.label, one.leading, one.probabilities)


def _figure(one: Figure) -> FigureView:
    return FigureView.model_validate(_words(asdict(one)))


def _worded(table: dict[str, Any]) -> dict[str, Any]:
    """A table whose figures have words where they have no value."""
    return {key: _words(value) if isinstance(value, dict) else value for key, value in table.items()}


def _words(figure: dict[str, Any]) -> dict[str, Any]:
    return figure | {"words": NOT_ENOUGH if figure["value"] is None else None}
