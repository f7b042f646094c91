"""What law and charter say that a model's card must repeat, and the recipes whose figures it repeats."""

from collections.abc import Iterable, Iterator
from importlib.resources import files
from pathlib import Path

from countenance.contracts.call import Modality
from countenance.contracts.trust import Effect
from countenance.evaluation.cards.artefacts import LawWords, Sentence
from countenance.policy.gate import Gate
from countenance.policy.rules import Rule
from countenance.policy.vocabulary import modality_class


def law_words(modality: Modality) -> LawWords:
    """What the shipped policy says that a card of this modality must repeat: charter first, then laws."""
    kind = modality_class(modality)
    rules = [rule for law in Gate.load().laws for rule in law.rules if _concerns(rule, kind)]
    rules.sort(key=lambda rule: rule.places is not None)
    return LawWords(
        refused=tuple(_sentences(rules, Effect.DENY)),
        allowed=tuple(_sentences(rules, Effect.ALLOW)),
        # The document follows a law of the EU: what is owed elsewhere stands in `policy explain`.
        required=tuple(_sentences((r for r in rules if r.places is None or "EU" in r.places), Effect.REQUIRE)),
    )


def shipped_recipes() -> tuple[Path, ...]:
    """The recipes of the package: a bundle's card repeats the one that bears its name."""
    place = Path(str(files("countenance"))) / "training" / "recipes"
    return tuple(sorted(place.glob("*.toml")))


def _sentences(rules: Iterable[Rule], effect: str) -> Iterator[Sentence]:
    for rule in rules:
        if rule.effect == effect:
            place = "everywhere" if rule.places is None else ", ".join(sorted(rule.places))
            yield Sentence(rule.reason, rule.citation, place, rule.applies_from)


def _concerns(rule: Rule, kind: str) -> bool:
    return all(
        (kind in condition.values) != condition.negated
        for condition in rule.conditions
        if condition.field == "modality"
    )
