"""Playbooks carry their own tests: every rule shows calls in which it speaks and in which it is silent."""

from collections.abc import Iterator

from countenance.coaching.coach import Coach, Manner
from countenance.coaching.conditions import Side
from countenance.coaching.governor import Limits
from countenance.coaching.playbook import Example, Playbook, Rule
from countenance.coaching.scene import Estimated, State, Tick
from countenance.contracts.media import SECOND_US, Utterance
from countenance.contracts.telemetry import Stretch

SIDES = {"coach": Side.COACH, "other": Side.OTHER}
UNLIMITED = Limits(cooldown_s=0, rule_cooldown_s=0, per_hour=60, holdout_percent=0)


def check_examples(playbook: Playbook) -> list[str]:
    """What is wrong with the examples of a playbook, one line each; empty when all hold."""
    return [line for rule in playbook.rule for line in (*_untested(rule), *_wrong(playbook, rule))]


def ticks(example: Example) -> Iterator[Tick]:
    """The seconds of an example."""
    for second in range(example.length_s):
        labels = {
            one.label: Estimated(one.probability, *_band(one.probability, one.width))
            for one in example.shows
            if one.from_s <= second < one.to_s
        }
        start_us, end_us = second * SECOND_US, (second + 1) * SECOND_US
        talks = [one for one in example.talks if one.from_s <= second < one.to_s]
        known = frozenset(side.value for side in example.measured)
        yield Tick(
            end_us,
            SIDES,
            (State("other", labels),) if labels else (),
            tuple(Stretch(start_us, end_us, one.who.value) for one in talks if one.who.value in known),
            tuple(
                Utterance("", one.who.value, one.from_s * SECOND_US, end_us, one.text, 1.0)
                for one in talks
                if one.text and one.who.value in known and second + 1 == one.to_s
            ),
            known,
            known,
        )


def _band(value: float, width: float) -> tuple[float, float]:
    low = min(max(0.0, value - width / 2), 1.0 - width)
    return low, low + width


def _untested(rule: Rule) -> Iterator[str]:
    seen = {example.speaks for example in rule.example}
    if seen != {True, False}:
        yield f"{rule.id}: its examples must show it speaking and being silent"
    if rule.acted_when is not None and not any(example.acted for example in rule.example):
        yield f"{rule.id}: no example shows the behaviour that it asks for"


def _wrong(playbook: Playbook, rule: Rule) -> Iterator[str]:
    alone = playbook.model_copy(update={"rule": (rule.model_copy(update={"enabled": True}),)})
    for example in rule.example:
        coach = Coach(alone, Manner("example", limits=UNLIMITED))
        for tick in ticks(example):
            coach.step(tick)
        prompt = next(iter(coach.prompts.values()), None)
        if (prompt is not None) is not example.speaks:
            yield f"{rule.id}: expected {'to speak' if example.speaks else 'silence'}: {example.says}"
        elif prompt is not None and example.acted is not None and prompt.acted is not example.acted:
            yield f"{rule.id}: acted is {prompt.acted}, not {example.acted}: {example.says}"
