"""What a law is once it is read: rules with conditions, duties, a date and examples, all plain values."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from countenance.contracts.trust import Case, Effect, Layer
from countenance.policy.vocabulary import modality_class


@dataclass(frozen=True, slots=True)
class Condition:
    """A field of the case must be in a list, or must not."""

    field: str
    values: frozenset[str]
    negated: bool = False

    def holds(self, question: Mapping[str, str]) -> bool:
        """True when the case answers as the rule asks."""
        return (question[self.field] in self.values) != self.negated


@dataclass(frozen=True, slots=True)
class RuleDuties:
    """What one rule demands; None where it says nothing."""

    consent: str | None = None
    retention_days: int | None = None
    names: tuple[str, ...] = ()
    human_role: str | None = None
    aggregate_k: int | None = None


@dataclass(frozen=True, slots=True)
class Example:
    """A case written beside its rule; the tests run it."""

    case: Case
    speaks: bool
    """Whether this rule speaks about the case."""
    ruling: Effect
    """What all laws together say."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One sentence of a law."""

    id: str
    law: str
    layer: Layer
    effect: Effect
    reason: str
    citation: str
    certainty: str
    applies_from: date | None
    """None means: as far back as any call goes."""
    recommended_before: bool
    """The duties are already named, as recommended, before they bind."""
    places: frozenset[str] | None
    """None means everywhere."""
    conditions: tuple[Condition, ...]
    facts: Mapping[str, frozenset[str]]
    """An unknown fact fits a rule that denies or requires and never a rule that allows."""
    known: Mapping[str, frozenset[str]]
    """Facts that count only when they are stated (actual knowledge)."""
    duties: RuleDuties
    unclear: bool
    """No source decides the case: it is refused until a deployer's legal review settles it, for a time."""
    examples: tuple[Example, ...]

    def in_force(self, on: date) -> bool:
        """True from the day the rule applies."""
        return self.applies_from is None or on >= self.applies_from

    def where(self, places: tuple[str, ...]) -> tuple[str, ...]:
        """Those of the given places in which this rule holds."""
        return places if self.places is None else tuple(p for p in places if p in self.places)

    def concerns(self, question: Mapping[str, str]) -> bool:
        """True when the rule is about such a case at all, place, date and facts aside."""
        return all(condition.holds(question) for condition in self.conditions)

    def fits(self, facts: Mapping[str, str]) -> bool:
        """True when the facts are as the rule asks, or may be so for a rule that is strict."""
        return all(facts.get(name) in values for name, values in self.known.items()) and all(
            self._fact_fits(facts.get(name), values) for name, values in self.facts.items()
        )

    def unstated(self, facts: Mapping[str, str]) -> tuple[str, ...]:
        """The facts this rule asks for that nobody has stated."""
        return tuple(name for name in self.facts if name not in facts)

    def _fact_fits(self, stated: str | None, values: frozenset[str]) -> bool:
        return self.effect is not Effect.ALLOW if stated is None else stated in values


@dataclass(frozen=True, slots=True)
class Review:
    """Who has decided an unclear case, on what authority, and until when that stands."""

    settles: str
    """The id of the rule that refuses the case as unclear."""
    decided_by: str
    authority: str
    decided_on: date
    until: date
    """The last day on which it stands."""
    conditions: tuple[Condition, ...]
    facts: Mapping[str, frozenset[str]]
    """What must be stated of the case for it to stand; a fact nobody stated is none it was decided for."""

    def stands(self, question: Mapping[str, str], facts: Mapping[str, str], places: tuple[str, ...], on: date) -> bool:
        """True when it covers the case, in every place that is asked about, on that day."""
        here = all(c.values >= set(places) for c in self.conditions if c.field == "jurisdiction")
        rest = (c.holds(question) for c in self.conditions if c.field != "jurisdiction")
        stated = (facts.get(name) in values for name, values in self.facts.items())
        return here and all(rest) and all(stated) and self.decided_on <= on <= self.until


@dataclass(frozen=True, slots=True)
class Law:
    """One file: where the rules come from and how sure that is."""

    id: str
    name: str
    layer: Layer
    source: str
    certainty: str
    checked_on: date
    rules: tuple[Rule, ...]
    reviews: tuple[Review, ...] = ()


def question_of(case: Case) -> Mapping[str, str]:
    """The case as rules ask about it, with the modality replaced by its class."""
    return {
        "purpose": str(case.purpose),
        "role": str(case.role),
        "modality": modality_class(case.modality),
        "output": case.output,
        "consequence": case.consequence,
    }
