"""A paper out of its plan: blocks filled from what stands, operator fields said or marked as open."""

from collections.abc import Callable, Iterator, Mapping

from countenance.evaluation.cards.document import Block, Document, Facts, Missing, Part, Section, Words
from countenance.evaluation.cards.skeleton import PartPlan
from countenance.evidence import machine, people, records
from countenance.evidence.plan import Paper, fields
from countenance.evidence.standing import Standing
from countenance.surface.wording import Wording

FOOT = "Written by Countenance out of the running configuration."
NOTHING = "Nothing to say here in this deployment."

BLOCKS: Mapping[str, Callable[[Standing], Iterator[Block]]] = {
    "deployment": machine.deployment,
    "outputs": machine.outputs,
    "models": machine.models,
    "policy": machine.policy,
    "people": people.people,
    "milder": people.milder,
    "grounds": people.grounds,
    "reviewers": people.reviewers,
    "duties": people.duties_met,
    "risks": people.risks,
    "rulings": people.rulings,
    "log": records.log,
    "kinds": records.kinds,
    "findings": records.findings,
    "consents": records.consents,
    "notices": records.notices,
    "requests": records.requests,
    "decided": records.decided,
}

FOR_PEOPLE: Mapping[str, Callable[[Standing, Wording], Iterator[Block]]] = {
    "retention": people.retention,
    "schedule": people.schedule,
}
"""Blocks of the paper that is also a public page, in the language of whoever reads it."""
ENGLISH = Wording()


def compose(plan: Paper, standing: Standing, operator: Mapping[str, str], wording: Wording = ENGLISH) -> Document:
    """One paper of the pack; what the operator says stays in the operator's words."""
    _ = wording.say
    sections = tuple(
        Section(n, _(one.title), _(one.point), tuple(_part(part, standing, operator, wording) for part in one.part))
        for n, one in enumerate(plan.section, start=1)
    )
    return Document(
        title=_(plan.title),
        summary=_(plan.summary),
        notice=tuple(map(_, plan.notice)),
        glance=(),
        sections=sections,
        missing=tuple(_missing(sections)),
        kind=_(plan.kind),
        foot=FOOT,
    )


def _part(plan: PartPlan, standing: Standing, operator: Mapping[str, str], wording: Wording) -> Part:
    _ = wording.say
    blocks: list[Block] = [Words(_(sentence)) for sentence in plan.text]
    if plan.block in FOR_PEOPLE:
        blocks += FOR_PEOPLE[plan.block](standing, wording)
    elif plan.block:
        blocks += list(BLOCKS[plan.block](standing)) or [Words(NOTHING)]
    if plan.fields:
        known = fields()
        rows = tuple((_(known[key].title), operator.get(key) or Missing(key, _(known[key].why))) for key in plan.fields)
        blocks.append(Facts(rows))
    return Part(_(plan.title), tuple(blocks))


def _missing(sections: tuple[Section, ...]) -> Iterator[Missing]:
    for section in sections:
        for part in section.parts:
            for block in part.blocks:
                if isinstance(block, Facts):
                    yield from (said for _, said in block.rows if isinstance(said, Missing))
