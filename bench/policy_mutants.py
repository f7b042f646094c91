"""Every small change of every rule: does a test see it? One line of figures, and the changes that alter nothing.

`python -m bench.policy_mutants` changes one thing of one rule at a time: drops it, turns it, narrows or widens a
condition, moves its day, weakens a duty. Two tests may see it: the examples in the law files, which stand on the edges
of each rule's day, and the agreed rulings of all cases (`tests/policy/everything.txt`).
"""

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from types import MappingProxyType

from bench.policy import KNOWN, MODALITIES, TODAY
from countenance.contracts.call import Purpose, Role
from countenance.contracts.trust import CONSENT_KINDS, Case, Effect, Ruling
from countenance.policy.examples import check_examples
from countenance.policy.gate import Gate
from countenance.policy.rules import Condition, Rule, question_of
from countenance.policy.vocabulary import CONSEQUENCES, FACTS, FIELDS, JURISDICTIONS, OUTPUTS, UNKNOWN_PLACE

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Mutant:
    """One rule, changed in one thing."""

    rule: Rule
    what: str
    instead: Rule | None
    """None when the rule is gone."""

    def gate(self, gate: Gate) -> Gate:
        """All laws with this one change."""
        laws = [
            replace(law, rules=tuple(kept for r in law.rules if (kept := self.instead if r is self.rule else r)))
            for law in gate.laws
        ]
        return Gate(laws, gate.digest)


def mutants(gate: Gate) -> Iterator[Mutant]:
    """Every change of every rule."""
    for rule in gate.rules:
        yield Mutant(rule, "gone", None)
        for what, instead in (
            *_effects(rule), *_conditions(rule), *_places(rule), *_facts(rule), *_days(rule), *_duties(rule)
        ):  # fmt: skip
            yield Mutant(rule, what, instead)


def _effects(rule: Rule) -> Iterator[tuple[str, Rule]]:
    for effect in Effect:
        if effect is not rule.effect:
            yield f"effect {effect}", replace(rule, effect=effect)


def _conditions(rule: Rule) -> Iterator[tuple[str, Rule]]:
    for at, condition in enumerate(rule.conditions):
        others = (*rule.conditions[:at], *rule.conditions[at + 1 :])
        yield f"without {condition.field}", replace(rule, conditions=others)
        turned = replace(condition, negated=not condition.negated)
        yield f"not {condition.field}", replace(rule, conditions=(*others, turned))
        for value, values in _changed(condition.values, FIELDS[condition.field]):
            changed = Condition(condition.field, values, condition.negated)
            yield f"{condition.field} {value}", replace(rule, conditions=(*others, changed))


def _places(rule: Rule) -> Iterator[tuple[str, Rule]]:
    if rule.places is not None:
        yield "everywhere", replace(rule, places=None)
        for value, values in _changed(rule.places, JURISDICTIONS):
            yield f"place {value}", replace(rule, places=values)


def _facts(rule: Rule) -> Iterator[tuple[str, Rule]]:
    for name, values in rule.facts.items():
        rest = {key: value for key, value in rule.facts.items() if key != name}
        yield f"without fact {name}", replace(rule, facts=MappingProxyType(rest))
        for value, changed in _changed(values, FACTS[name]):
            yield f"fact {name} {value}", replace(rule, facts=MappingProxyType({**rest, name: changed}))
    for name, values in rule.known.items():
        rest = {key: value for key, value in rule.known.items() if key != name}
        yield f"without known {name}", replace(rule, known=MappingProxyType(rest))
        guessed = MappingProxyType({**rule.facts, name: values})
        yield f"guessed {name}", replace(rule, known=MappingProxyType(rest), facts=guessed)


def _days(rule: Rule) -> Iterator[tuple[str, Rule]]:
    if rule.applies_from is not None:
        yield "a day earlier", replace(rule, applies_from=rule.applies_from - DAY)
        yield "a day later", replace(rule, applies_from=rule.applies_from + DAY)
        yield "always", replace(rule, applies_from=None)
        yield "recommended or not", replace(rule, recommended_before=not rule.recommended_before)


def _duties(rule: Rule) -> Iterator[tuple[str, Rule]]:
    owed = rule.duties

    def changed(**instead: object) -> Rule:
        return replace(rule, duties=replace(owed, **instead))  # type: ignore[arg-type]

    if owed.consent is not None:
        weaker = CONSENT_KINDS[max(0, CONSENT_KINDS.index(owed.consent) - 1)]
        yield "weaker consent", changed(consent=weaker)
        yield "no consent", changed(consent=None)
    if owed.retention_days is not None:
        yield "a day longer", changed(retention_days=owed.retention_days + 1)
        yield "no retention", changed(retention_days=None)
    if owed.human_role is not None:
        yield "no reviewer", changed(human_role=None)
    if owed.aggregate_k is not None:
        yield "a smaller crowd", changed(aggregate_k=owed.aggregate_k - 1)
    for name in owed.names:
        yield f"without {name}", changed(names=tuple(n for n in owed.names if n != name))


def _changed(values: frozenset[str], known: Iterable[str]) -> Iterator[tuple[str, frozenset[str]]]:
    for value in known:
        if value not in values:
            yield f"+{value}", values | {value}
        elif len(values) > 1:
            yield f"-{value}", values - {value}


@dataclass(frozen=True, slots=True)
class Space:
    """Cases as questions times places and facts: what a change cannot concern is never asked."""

    questions: tuple[Case, ...]
    """One case per question, its place, facts and day to be replaced."""
    settings: tuple[tuple[tuple[str, ...], Mapping[str, str]], ...]

    def touched(self, mutant: Mutant) -> Iterator[Case]:
        """Cases in which the rule is heard otherwise than before: there or not there, or with another say."""
        old, new = mutant.rule, mutant.instead
        same = new is not None and (new.effect, new.duties) == (old.effect, old.duties)
        for asked in self.questions:
            question = question_of(asked)
            before, after = old.concerns(question), new is not None and new.concerns(question)
            for places, facts in self.settings if before or after else ():
                asked_in = places or UNKNOWN_PLACE
                heard = before and bool(old.where(asked_in)) and old.fits(facts)
                heard_now = after and new is not None and bool(new.where(asked_in)) and new.fits(facts)
                if heard != heard_now or (heard and not same):
                    yield replace(asked, jurisdictions=places, facts=facts)

    def witness(self, mutant: Mutant, gate: Gate) -> Case | None:
        """A case that is ruled otherwise after the change; None when there is none."""
        changed = mutant.gate(gate)
        return next((c for c in self.touched(mutant) if said(gate.rule(c)) != said(changed.rule(c))), None)


def everything() -> Space:
    """The space of `bench.policy`, whose rulings were agreed to."""
    shapes = itertools.product(Purpose, Role, MODALITIES, OUTPUTS, CONSEQUENCES)
    places = [(), *((place,) for place in JURISDICTIONS)]
    settings = tuple((place, facts) for place in places for facts in KNOWN)
    return Space(tuple(Case(*shape, (), TODAY) for shape in shapes), settings)


def said(ruling: Ruling) -> tuple[object, ...]:
    """What of a ruling matters: the answer, the rules that speak, the duties."""
    return ruling.effect, tuple(v.rule_id for v in ruling.verdicts), ruling.duties


def main() -> None:
    """Change everything; ask the examples, then the agreed rulings of all cases."""
    gate, agreed = Gate.load(), everything()
    seen: Counter[str] = Counter()
    for mutant in mutants(gate):
        if check_examples(mutant.gate(gate)):
            seen["examples"] += 1
        elif agreed.witness(mutant, gate):
            seen["page"] += 1
        else:
            seen["nothing"] += 1
            print(f"alters no ruling: {mutant.rule.id}, {mutant.what}")
    total = sum(seen.values())
    print(
        f"{total} changes of {len(gate.rules)} rules: {seen['examples']} seen by the examples in the law files, "
        f"{seen['page']} more by the agreed rulings of all {len(agreed.questions) * len(agreed.settings):,} cases, "
        f"{seen['nothing']} alter no ruling there"
    )


if __name__ == "__main__":
    main()
