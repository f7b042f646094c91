"""What law and charter say of a bundle: purposes, refusals, duties, risks."""

from collections.abc import Iterator

from countenance.evaluation.cards.artefacts import Artefacts, LawWords, Sentence
from countenance.evaluation.cards.document import Block, Sheet, Words
from countenance.evaluation.cards.skeleton import skeleton


def purposes(law: LawWords) -> Iterator[Block]:
    """What the program allows at all, where, and under which rule."""
    if law.allowed:
        yield Sheet("What a rule allows, with consent and duties", ("where", "what", "source"), _rows(law.allowed))


def refusals(law: LawWords) -> Iterator[Block]:
    """What the program refuses, whoever asks."""
    if law.refused:
        yield Sheet("What is refused", ("where", "what", "source"), _rows(law.refused))
    else:
        yield Words("The rules of the program were not at hand when this was written.")


def classification(law: LawWords) -> Iterator[Block]:
    """Duties with the day from which they bind."""
    if law.required:
        rows = tuple((one.applies_from.isoformat() if one.applies_from else "now", *_row(one)) for one in law.required)
        yield Sheet("Duties that the program knows", ("from", "where", "what", "source"), rows)


def risks(found: Artefacts) -> Iterator[Block]:
    """What can go wrong with this modality."""
    rows = tuple((r.what, r.measure) for r in skeleton().risk if not r.only or found.card.modality in r.only)
    yield Sheet("Risks", ("what can go wrong", "what is done today"), rows)


def _rows(rules: tuple[Sentence, ...]) -> tuple[tuple[str, ...], ...]:
    return tuple(_row(rule) for rule in rules)


def _row(rule: Sentence) -> tuple[str, str, str]:
    return rule.place, rule.reason, rule.citation
