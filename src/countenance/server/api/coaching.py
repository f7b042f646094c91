"""Coaching of a running call: the prompt, what the coach does with it, which rules speak, and who is speaking."""

import asyncio
from collections.abc import Sequence
from typing import Annotated, Literal

from fastapi import APIRouter, Path
from pydantic import Field

from countenance.coaching.prompts import Action, Prompt, Withheld
from countenance.contracts.call import FACE, TEXT, VOICE, Role
from countenance.contracts.errors import NotFoundError
from countenance.control.access import Access
from countenance.inference.tables import Table
from countenance.server import advice
from countenance.server.access import NO_SUCH, Caller, Here, needs
from countenance.server.api.paths import CallId
from countenance.server.api.shapes import Given
from countenance.server.coaching import CallCoaching
from countenance.server.idempotency import OnceRoute
from countenance.server.kinds import REVIEWER
from countenance.server.live import LIVE, LiveCall
from countenance.server.problems import ProblemError
from countenance.server.scopes import Scope
from countenance.server.tenancy import Services
from countenance.server.viewing import may_review
from countenance.server.watching import WATCH

router = APIRouter(prefix="/v1/calls/{call_id}", tags=["coaching"], route_class=OnceRoute)

Coach = Annotated[Caller, needs(Scope.READINGS)]
Language = Literal["en", "de", "es", "fr"]
Speaking = Literal["yes", "no", "unknown"]
PromptId = Annotated[str, Path(description="The prompt.", pattern=r"^pr_[0-9a-f]{24}$")]
RuleId = Annotated[str, Path(description="A rule of the playbook.", pattern=r"^[a-z][a-z0-9_]{1,60}$")]


class SubjectView(Given):
    """Whom a prompt rests on."""

    participant_id: str
    role: Role


class SpanView(Given):
    """A stretch of media time."""

    start_us: int
    end_us: int


class WhyView(Given):
    """One measured thing behind a prompt."""

    feature: str
    words: str = Field(description="In the language of the coach.")
    value: float


class PromptView(Given):
    """A prompt, and what became of it so far."""

    prompt_id: str
    playbook: str
    rule_id: str
    tags: Sequence[str]
    subject: SubjectView | None = Field(description="Whom it rests on; null where it rests on nobody's readings.")
    window: SpanView = Field(description="From when its condition built up, to when it was given.")
    expires_us: int = Field(description="Never show it from this media time on.")
    expires_at: str | None
    language: Language
    reason: str
    text: str
    confidence: Literal["low", "medium", "high"] | None
    why: Sequence[WhyView]
    urgent: bool
    coach_speaking: Speaking
    budget_left: int
    evidence: str | None = Field(description="Where the readings are that it rests on.")
    seen: bool
    outcome: Literal["accepted", "edited", "dismissed", "snoozed", "expired"] | None
    answered_us: int | None
    acted: bool | None = Field(description="Whether the behaviour followed; null while open, or where nobody can know.")
    time_to_action_us: int | None


class BudgetView(Given):
    """How many prompts are left."""

    left: int
    per_hour: int


class RuleState(Given):
    """A rule in this call."""

    rule_id: str
    text: str
    tags: Sequence[str]
    enabled: bool
    snoozed: bool
    urgent: bool
    withheld: Withheld | None = Field(description="Why it is silent although its condition holds.")


class SideView(Given):
    """Somebody on the call, as coaching sees them."""

    participant_id: str
    role: Role
    side: Literal["coach", "other"]
    analysed: Sequence[str] = Field(description="Modalities that are read of them now; none of a coach as a rule.")


class CoachingView(Given):
    """Where the coaching of a call stands."""

    playbook: str | None = Field(description="Null: this call is not coached.")
    language: Language | None = None
    prompt: PromptView | None = Field(default=None, description="The one that waits for an answer.")
    prompts: Sequence[PromptView] = Field(default=(), description="All that were shown, the newest first.")
    budget: BudgetView | None = None
    coach_speaking: Speaking = "unknown"
    quiet: bool = False
    rules: Sequence[RuleState] = ()
    sides: Sequence[SideView] = ()


class ActionBody(Table):
    """What the coach does with a prompt."""

    action: Action = Field(description="`seen`: it was on the page for a second; `snoozed`: not again in this call.")


class RuleBody(Table):
    """A rule on or off, for this call."""

    enabled: bool | None = None
    snoozed: bool | None = None


class SpeakingBody(Table):
    """Whether somebody who is coached speaks, as their own page hears it."""

    participant_id: str = Field(min_length=1, max_length=128)
    speaking: bool = Field(description="To be said again every 5 s while true; after 10 s without it nobody knows.")


@router.get("/coaching")
async def coaching(call_id: CallId, here: Here, caller: Coach) -> CoachingView:
    """Where the coaching of a call stands. Who looks at prompts about a person stands in the log first."""
    _check(caller)
    live = here.calls.get(call_id)
    if live.coaching is None:
        return CoachingView(playbook=None)
    if live.state == LIVE:
        await here.calls.coach(call_id, lambda one, at_us, number: one.refresh(at_us, number))
    seen = [one for one in live.coaching.shown() if _may_see(live, caller, one)]
    await _note(here, live, caller, seen)
    return _view(here, live, live.coaching, seen)


@router.post("/prompts/{prompt_id}")
async def answer(call_id: CallId, prompt_id: PromptId, body: ActionBody, here: Here, caller: Coach) -> PromptView:
    """Say what became of a prompt, once; it goes the same way as drafts and notes, with the same entry in the log."""
    _check(caller)
    live, found = _coached(here, call_id)
    prompt = found.coach.prompts.get(prompt_id)
    if prompt is None or not _may_see(live, caller, prompt):
        raise NotFoundError(*NO_SUCH)
    await here.calls.coach(
        call_id, lambda one, at_us, number: one.act(prompt_id, body.action, at_us, caller.actor, number)
    )
    return _prompt(live, found.coach.prompts[prompt_id])


@router.post("/coaching/rules/{rule_id}")
async def rule(call_id: CallId, rule_id: RuleId, body: RuleBody, here: Here, caller: Coach) -> RuleState:
    """Turn a rule on or off for this call, or snooze it."""
    _check(caller)
    _, found = _coached(here, call_id)
    if all(one.id != rule_id for one in found.coach.playbook.rule):
        raise NotFoundError(*NO_SUCH)
    governor = found.coach.governor
    for wanted, silent in ((body.snoozed, governor.snoozed), (_not(body.enabled), governor.disabled)):
        if wanted is not None:
            (silent.add if wanted else silent.discard)(rule_id)
    return next(one for one in _rules(found) if one.rule_id == rule_id)


@router.post("/coaching/speaking", status_code=204)
async def speaking(call_id: CallId, body: SpeakingBody, here: Here, caller: Coach) -> None:
    """A coach's own page says whether they speak, so that no prompt comes in mid-sentence; nothing else is taken."""
    _check(caller)
    live, found = _coached(here, call_id)
    found.speaking(body.participant_id, speaks=body.speaking, at_us=live.now_us(here.control.clock.mono_us()))


def _check(caller: Caller) -> None:
    if not caller.reviewer:
        raise ProblemError(REVIEWER)


def _coached(here: Services, call_id: str) -> tuple[LiveCall, CallCoaching]:
    live = here.calls.get(call_id)
    if live.coaching is None or live.state != LIVE:
        raise NotFoundError(*NO_SUCH)
    return live, live.coaching


def _may_see(live: LiveCall, caller: Caller, prompt: Prompt) -> bool:
    rulings = tuple(live.running.rulings.items())
    duties = [one.duties for (who, _), one in rulings if who == prompt.about and one.allowed]
    return prompt.about is None or may_review(caller, duties)


async def _note(here: Services, live: LiveCall, caller: Caller, seen: Sequence[Prompt]) -> None:
    access = Access(here.tenant.log, here.tenant.vault)
    for who in sorted({one.about for one in seen if one.about is not None}):
        subject = live.running.seats[who].subject_ref
        await asyncio.to_thread(access.look, live.running.call_ref, subject, caller.actor, WATCH)


def _view(here: Services, live: LiveCall, found: CallCoaching, seen: Sequence[Prompt]) -> CoachingView:
    coach, at_us = found.coach, live.now_us(here.control.clock.mono_us())
    views = [_prompt(live, one) for one in seen]
    waiting = None if coach.live is None else coach.live.id
    return CoachingView(
        playbook=coach.playbook.name,
        language=coach.manner.language,
        prompt=next((one for one in views if one.prompt_id == waiting), None),
        prompts=views,
        budget=BudgetView(left=coach.governor.budget_left(at_us), per_hour=coach.manner.limits.per_hour),
        coach_speaking=_speaking(found),
        quiet=coach.manner.quiet(at_us),
        rules=_rules(found),
        sides=_sides(live, found),
    )


def _prompt(live: LiveCall, prompt: Prompt) -> PromptView:
    return PromptView.model_validate(advice.issued(live.call, prompt) | advice.fate(prompt))


def _rules(found: CallCoaching) -> Sequence[RuleState]:
    coach = found.coach
    return [
        RuleState(
            rule_id=one.id,
            text=one.text.in_language(coach.manner.language),
            tags=one.tags,
            enabled=one.id not in coach.governor.disabled,
            snoozed=one.id in coach.governor.snoozed,
            urgent=one.urgent,
            withheld=coach.withheld.get(one.id),
        )
        for one in coach.playbook.rule
    ]


def _sides(live: LiveCall, found: CallCoaching) -> Sequence[SideView]:
    permissions, at_us = live.running.permissions(), live.running.at_us
    roles = {one.id: one.role for one in live.call.participants}
    return [
        SideView(
            participant_id=who,
            role=roles[who],
            side="coach" if side == "coach" else "other",
            analysed=[one for one in (FACE, VOICE, TEXT) if permissions.barred(who, one, at_us) is None],
        )
        for who, side in found.sides().items()
    ]


def _speaking(found: CallCoaching) -> Speaking:
    speaks = found.coach_speaks()
    return "unknown" if speaks is None else "yes" if speaks else "no"


def _not(value: bool | None) -> bool | None:
    return None if value is None else not value
