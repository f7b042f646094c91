"""The coach of one call: hears one second after another, and says at most one thing at a time.

It is a pure function of its ticks: the same readings give the same prompts live, from a file and from the store.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from countenance.coaching import wording
from countenance.coaching.conditions import Language, Side
from countenance.coaching.found import Found, Judge
from countenance.coaching.governor import USUAL, Governor, Limits, Offer
from countenance.coaching.judging import judge_of
from countenance.coaching.playbook import Playbook, Rule
from countenance.coaching.prompts import Action, Arm, Change, Feature, Outcome, Prompt, Step, Withheld
from countenance.coaching.scene import Scene, Tick
from countenance.contracts.errors import NotFoundError, PreconditionError
from countenance.contracts.media import SECOND_US

Quiet = Callable[[int], bool]
"""Whether a moment of media time lies in quiet hours."""


def never(_at_us: int) -> bool:
    """No hour is quiet."""
    return False


@dataclass(frozen=True, slots=True)
class Manner:
    """How one call is coached."""

    seed: str
    """Decides the arms; the same seed and readings give the same prompts."""
    language: Language = "en"
    limits: Limits = USUAL
    disabled: frozenset[str] = frozenset()
    """Rules that are off from the beginning, beside those that the playbook turns off."""
    quiet: Quiet = never


@dataclass(slots=True)
class _Watched:
    """A rule over one person."""

    rule: Rule
    person: str | None
    judge: Judge
    said: bool = False
    """Whether this episode has had its prompt."""


@dataclass(slots=True)
class _Following:
    """Whether the behaviour follows a prompt."""

    prompt_id: str
    judge: Judge | None
    until_us: int


@dataclass(slots=True)
class Coach:
    """Conditions, governor and outcomes of one call."""

    playbook: Playbook
    manner: Manner
    scene: Scene = field(default_factory=Scene)
    prompts: dict[str, Prompt] = field(default_factory=dict)
    """Every prompt of the call in order, those held back among them."""
    withheld: dict[str, Withheld] = field(default_factory=dict)
    """Rules whose condition holds now, and why they are silent."""
    governor: Governor = field(init=False)
    _watched: dict[tuple[str, str | None], _Watched] = field(default_factory=dict)
    _following: dict[str, _Following] = field(default_factory=dict)

    def __post_init__(self) -> None:
        off = {rule.id for rule in self.playbook.rule if not rule.enabled}
        self.governor = Governor(self.manner.seed, self.manner.limits, disabled=off | set(self.manner.disabled))

    @property
    def live(self) -> Prompt | None:
        """The prompt that waits for an answer, if any."""
        shown = (one for one in reversed(self.prompts.values()) if one.arm is Arm.SHOWN)
        last = next(shown, None)
        return last if last is not None and last.live else None

    def step(self, tick: Tick) -> Sequence[Change]:
        """One second has passed: what became of earlier prompts, then at most one new one."""
        self.scene.step(tick)
        changes = [*self.expire(tick.end_us), *self._follow(tick.end_us)]
        found = [(one, one.judge(self.scene, 0)) for one in self._over(tick)]
        for watched, answer in found:
            watched.said = watched.said and answer.holds is not False
        self.withheld = {}
        speaking, quiet = self.scene.speaks(Side.COACH), self.manner.quiet(tick.end_us)
        for watched, answer in sorted(found, key=lambda one: not one[0].rule.urgent):
            if answer.holds and not watched.said:
                rule = watched.rule
                offer = Offer(rule.id, rule.urgent, rule.cooldown_s)
                arm = self.governor.ask(offer, tick.end_us, speaking=speaking, quiet=quiet)
                if isinstance(arm, Withheld):
                    self.withheld[rule.id] = arm
                else:
                    watched.said = True
                    changes += self._issue(watched, answer, arm, speaking)
        return changes

    def expire(self, at_us: int) -> Sequence[Change]:
        """A prompt that nobody answered in time is over; it is never shown again."""
        prompt = self.live
        if prompt is None or at_us < prompt.expires_us:
            return ()
        self.governor.answered()
        return self._resolve(prompt, Outcome.EXPIRED, prompt.expires_us)

    def act(self, prompt_id: str, action: Action, at_us: int) -> Sequence[Change]:
        """What the coach does; raises NotFoundError, or PreconditionError where it is too late for that."""
        prompt = self.prompts.get(prompt_id)
        if prompt is None or prompt.arm is Arm.HOLDOUT:
            raise NotFoundError("nothing here has this id", "Check the id; a prompt belongs to one call.")
        if action is Action.SEEN:
            return self._see(prompt, at_us)
        if not prompt.live or at_us >= prompt.expires_us:
            what = "has expired" if prompt.live else f"is {prompt.outcome} already"
            raise PreconditionError(f"this prompt {what}", "Take the next one.")
        if action is Action.SNOOZED:
            self.governor.snoozed.add(prompt.rule_id)
        self.governor.answered()
        seen = self._see(prompt, at_us)
        return [*seen, *self._resolve(self.prompts[prompt_id], Outcome(action), at_us)]

    def retract(self, prompt_id: str) -> None:
        """Take a prompt back that could not be given after all; its limits count it all the same."""
        self.prompts.pop(prompt_id, None)
        self._following.pop(prompt_id, None)
        self.governor.answered()

    def forget(self, participant_id: str) -> None:
        """Somebody is erased: nothing that rests on them is known here any more."""
        for prompt in [one for one in self.prompts.values() if one.about == participant_id]:
            if prompt.live:
                self.governor.answered()
            self.prompts.pop(prompt.id)
            self._following.pop(prompt.id, None)
        self._watched = {key: one for key, one in self._watched.items() if one.person != participant_id}
        self.scene.forget(participant_id)

    def finish(self, at_us: int) -> Sequence[Change]:
        """The call is over: what waits has expired, and whether the behaviour would have followed stays unknown."""
        changes: list[Change] = []
        prompt = self.live
        if prompt is not None:
            changes += self._resolve(prompt, Outcome.EXPIRED, min(at_us, prompt.expires_us))
        changes += [Change(Step.SETTLED, self.prompts[prompt_id]) for prompt_id in self._following]
        self._following.clear()
        return changes

    def _over(self, tick: Tick) -> Sequence[_Watched]:
        """Every rule over everybody it is about, in the order of the playbook."""
        others = sorted(who for who, side in tick.sides.items() if side is Side.OTHER)
        for rule in self.playbook.rule:
            for person in self._concerned(rule, others):
                key = (rule.id, person)
                if key not in self._watched:
                    self._watched[key] = _Watched(rule, person, judge_of(rule.when, person))
        return [one for one in self._watched.values() if one.person is None or one.person in tick.sides]

    def _concerned(self, rule: Rule, others: Sequence[str]) -> Sequence[str | None]:
        if rule.about == "call":
            return (None,)
        return others if rule.about == "other" else sorted(self.scene.people(Side.COACH))[:1]

    def _issue(self, watched: _Watched, found: Found, arm: Arm, speaking: bool | None) -> Sequence[Change]:
        rule, at_us, language = watched.rule, self.scene.end_us, self.manner.language
        limits = self.manner.limits
        prompt = Prompt(
            id=self._id(rule.id, watched.person, at_us),
            playbook=self.playbook.name,
            rule_id=rule.id,
            tags=rule.tags,
            about=watched.person,
            arm=arm,
            at_us=at_us,
            expires_us=at_us + limits.expires_s * SECOND_US,
            onset_us=at_us if found.since_us is None else found.since_us,
            language=language,
            reason=self._reason(rule, found),
            text=rule.text.in_language(language),
            confidence=found.certainty,
            why=tuple(Feature(name, wording.feature(name, language), value) for name, value in found.features),
            urgent=rule.urgent,
            coach_speaking=speaking,
            budget_left=self.governor.budget_left(at_us),
        )
        if arm is Arm.HOLDOUT:
            prompt = replace(prompt, outcome=Outcome.NOT_SHOWN, answered_us=at_us)
        self.prompts[prompt.id] = prompt
        judge = None if rule.acted_when is None else judge_of(rule.acted_when, watched.person)
        until_us = at_us + (rule.acted_within_s or limits.acted_within_s) * SECOND_US
        self._following[prompt.id] = _Following(prompt.id, judge, until_us)
        return [Change(Step.ISSUED, prompt)]

    def _reason(self, rule: Rule, found: Found) -> str:
        language = self.manner.language
        return rule.reason.in_language(language).format(
            who=self.playbook.called.in_language(language),
            seconds=found.seconds,
            confidence="" if found.certainty is None else wording.certain(found.certainty, language),
            share="" if found.share is None else f"{round(found.share * 100)} %",
            words=found.words or "",
        )

    def _id(self, rule_id: str, person: str | None, at_us: int) -> str:
        digest = hashlib.sha256(f"{self.manner.seed}\0prompt\0{rule_id}\0{person or ''}\0{at_us}".encode())
        return f"pr_{digest.hexdigest()[:24]}"

    def _see(self, prompt: Prompt, at_us: int) -> Sequence[Change]:
        if prompt.seen_us is not None:
            return ()
        return [self._put(Step.SEEN, replace(prompt, seen_us=at_us))]

    def _resolve(self, prompt: Prompt, outcome: Outcome, at_us: int) -> Sequence[Change]:
        changed = [self._put(Step.RESOLVED, replace(prompt, outcome=outcome, answered_us=at_us))]
        if prompt.id not in self._following:
            changed.append(Change(Step.SETTLED, self.prompts[prompt.id]))
        return changed

    def _follow(self, at_us: int) -> Sequence[Change]:
        """Has the behaviour followed? It is looked for in both arms alike."""
        changes = []
        for one in tuple(self._following.values()):
            prompt = self.prompts[one.prompt_id]
            holds = None if one.judge is None else one.judge(self.scene, prompt.at_us).holds
            if prompt.acted is None and holds is not None:
                acted = True if holds else None
                prompt = self.prompts[prompt.id] = replace(prompt, acted=acted, acted_us=at_us if holds else None)
            over = at_us >= one.until_us
            if over and prompt.acted is None and holds is False:
                prompt = self.prompts[prompt.id] = replace(prompt, acted=False)
            if over or prompt.acted:
                del self._following[one.prompt_id]
                if not prompt.live:
                    changes.append(Change(Step.SETTLED, prompt))
        return changes

    def _put(self, step: Step, prompt: Prompt) -> Change:
        self.prompts[prompt.id] = prompt
        return Change(step, prompt)
