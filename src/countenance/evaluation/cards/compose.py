"""A bundle's card: the skeleton with every block filled, every operator field said or marked as open."""

from collections.abc import Callable, Iterator, Mapping

from countenance.contracts.errors import EvaluationError
from countenance.evaluation.cards import lawful, origin, performance
from countenance.evaluation.cards.artefacts import Artefacts, LawWords
from countenance.evaluation.cards.document import Block, Document, Facts, Missing, Part, Said, Section, Words
from countenance.evaluation.cards.skeleton import PartPlan, SectionPlan, skeleton

NOTICE = (
    "This document is written out of the model's own files. It proves no conformity with any law; nobody assessed it.",
    "Signals, not facts: estimates of how people would label what they saw, heard or read, often wrong for one person.",
)
NOTHING = "Nothing is recorded here."


def compose(found: Artefacts, law: LawWords, operator: Mapping[str, str]) -> Document:
    """The card of one bundle."""
    sections = tuple(
        _section(number, plan, found, law, operator) for number, plan in enumerate(skeleton().section, start=1)
    )
    return Document(
        title=found.card.name,
        summary=found.card.summary,
        notice=NOTICE,
        glance=(*performance.glance(found),),
        sections=sections,
        missing=tuple(_missing(sections)),
    )


def demand_complete(document: Document) -> None:
    """Raise an EvaluationError that names every field still open."""
    if document.missing:
        raise EvaluationError(
            f"{document.title}: {len(document.missing)} fields are still open: "
            + ", ".join(one.key for one in document.missing),
            "Fill them in the file given to --operator; --operator-blank prints one to start from.",
        )


def _section(number: int, plan: SectionPlan, found: Artefacts, law: LawWords, operator: Mapping[str, str]) -> Section:
    parts = tuple(Part(part.title, tuple(_blocks(part, found, law, operator))) for part in plan.part)
    return Section(number, plan.title, plan.point, parts)


def _blocks(part: PartPlan, found: Artefacts, law: LawWords, operator: Mapping[str, str]) -> Iterator[Block]:
    yield from (Words(sentence) for sentence in part.text)
    if part.block:
        made = list(_fill(part.block, found, law))
        yield from made or [Words(NOTHING)]
    if part.fields:
        titles = {field.key: field for field in skeleton().field}
        yield Facts(tuple((titles[key].title, _answer(key, titles[key].why, operator)) for key in part.fields))


def _answer(key: str, why: str, operator: Mapping[str, str]) -> Said:
    return operator[key] if key in operator else Missing(key, why)


def _fill(name: str, found: Artefacts, law: LawWords) -> Iterator[Block]:
    of_law: dict[str, Callable[[LawWords], Iterator[Block]]] = {
        "purposes": lawful.purposes,
        "refusals": lawful.refusals,
        "classification": lawful.classification,
    }
    of_bundle: dict[str, Callable[[Artefacts], Iterator[Block]]] = {
        "identity": origin.identity,
        "form": origin.form,
        "development": origin.development,
        "input_output": origin.input_output,
        "training_data": origin.training_data,
        "ledger": origin.ledger,
        "calibration": origin.calibration,
        "limits": origin.limits,
        "figures": performance.figures,
        "slices": performance.slices,
        "robustness": performance.robustness,
        "metrics": performance.metrics,
        "changes": performance.changes,
        "risks": lawful.risks,
    }
    if name in of_law:
        yield from of_law[name](law)
    else:
        yield from of_bundle[name](found)


def _missing(sections: tuple[Section, ...]) -> Iterator[Missing]:
    for section in sections:
        for part in section.parts:
            for block in part.blocks:
                if isinstance(block, Facts):
                    yield from (said for _, said in block.rows if isinstance(said, Missing))
