"""Of whom what may be read as a deployment stands, in plain words, before anybody is called."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from countenance.aggregation.taxonomy import Taxonomy, load
from countenance.assembly import INDIVIDUAL, strictest
from countenance.contracts.call import FACE, TELEMETRY, TEXT, VOICE, Modality, Role
from countenance.contracts.trust import Case, Ruling
from countenance.evidence.plan import duties
from countenance.policy.gate import Gate
from countenance.policy.rules import question_of
from countenance.policy.vocabulary import SUBJECT_ONLY, TURN_TAKING, UNKNOWN_PLACE
from countenance.server.config import Deployed
from countenance.server.outgoing import AGGREGATE_ONLY, READ
from countenance.surface.wording import Wording

MODALITIES = (*READ, TELEMETRY)
CALLED = {FACE: "face", VOICE: "voice", TEXT: "words", TELEMETRY: "who spoke when"}
CONSENTS = {
    "none": "nobody is asked, an objection ends it",
    "explicit": "after an explicit yes",
    "express_written": "after an express yes in writing",
    "written_release": "after a signed release",
    "parental_verifiable": "after the verifiable yes of a parent or guardian",
}
RECOMMENDED = "recommended:"


@dataclass(frozen=True, slots=True)
class Open:
    """What the gate says of everybody in one role."""

    role: Role
    rulings: Mapping[Modality, Ruling]
    """Of each person alone or, where that is refused altogether, of a group."""

    @property
    def read(self) -> bool:
        """Whether face, voice or words may be read, each person's own consent aside."""
        return any(self.rulings[modality].allowed for modality in READ)


def openness(gate: Gate, deployed: Deployed, on: date) -> Sequence[Open]:
    """The rulings for each role, as a call of this deployment would get them."""
    taxonomies = tuple(load(name) for name in deployed.taxonomies)
    return tuple(Open(role, _rulings(gate, deployed, taxonomies, role, on)) for role in Role)


def anybody(found: Iterable[Open]) -> bool:
    """Whether anything beyond turn-taking may be read of anybody."""
    return any(one.read for one in found)


def deciding(gate: Gate, deployed: Deployed, on: date) -> Sequence[str]:
    """Facts that nobody has stated and that a rule in force here asks for."""
    places = deployed.jurisdictions or UNKNOWN_PLACE
    found = dict[str, None]()
    for role in Role:
        for modality in READ:
            question = question_of(_case(deployed, role, modality, "engagement", INDIVIDUAL, on))
            for rule in gate.rules:
                if rule.concerns(question) and rule.where(places) and rule.in_force(on):
                    found.update(dict.fromkeys((*rule.facts, *rule.known)))
    return tuple(name for name in found if name not in deployed.facts)


def told(found: Sequence[Open]) -> Iterator[str]:
    """One line for each way in which roles are treated alike, those first of whom most is read."""
    alike: dict[tuple[str, ...], list[str]] = {}
    for one in found:
        alike.setdefault(tuple(_said(one)), []).append(Wording().role(one.role))
    for lines, roles in sorted(alike.items(), key=lambda item: len(item[0]), reverse=True):
        yield f"{', '.join(roles)}:"
        yield from (f"  {line}" for line in lines)


def owed(found: Iterable[Open]) -> Iterator[str]:
    """What stays to be done by people: the duties of every ruling that allows something, each once."""
    allowed = [ruling for one in found for ruling in one.rulings.values() if one.read and ruling.allowed]
    for name in dict.fromkeys(name for ruling in allowed for name in ruling.duties.names):
        duty = duties()[name.removeprefix(RECOMMENDED)]
        if duty.operator:
            later = " (recommended now, binding later)" if name.startswith(RECOMMENDED) else ""
            yield f"{duty.means}: {duty.operator}{later}"


def _rulings(
    gate: Gate, deployed: Deployed, taxonomies: Sequence[Taxonomy], role: Role, on: date
) -> Mapping[Modality, Ruling]:
    inferred = sorted({output for taxonomy in taxonomies for output in taxonomy.outputs})

    def ruled(modality: Modality, consequence: str) -> Ruling:
        outputs = (TURN_TAKING,) if modality == TELEMETRY else inferred
        return strictest([gate.rule(_case(deployed, role, modality, one, consequence, on)) for one in outputs])

    found = {modality: ruled(modality, INDIVIDUAL) for modality in MODALITIES}
    if not any(found[modality].allowed for modality in READ):
        grouped = {modality: ruled(modality, AGGREGATE_ONLY) for modality in READ}
        found |= {modality: ruling for modality, ruling in grouped.items() if ruling.allowed}
    return found


def _case(deployed: Deployed, role: Role, modality: Modality, output: str, consequence: str, on: date) -> Case:
    return Case(
        purpose=deployed.purpose,
        role=role,
        modality=modality,
        output=output,
        consequence=consequence,
        jurisdictions=deployed.jurisdictions,
        on=on,
        facts=deployed.facts,
    )


def _said(one: Open) -> Iterator[str]:
    ways: dict[str, list[str]] = {}
    for modality, ruling in one.rulings.items():
        ways.setdefault(_way(ruling), []).append(CALLED[modality])
    for way, names in ways.items():
        yield f"{', '.join(names)}: {way}"


def _way(ruling: Ruling) -> str:
    if not ruling.allowed:
        first = ruling.verdicts[0]
        return f"not read; {first.reason} [{first.citation}]"
    asked = ruling.duties
    parts = [CONSENTS[asked.consent], f"kept {asked.retention_days} days at most"]
    if asked.aggregate_k is not None:
        parts.append(f"only as a group of {asked.aggregate_k} or more")
    if SUBJECT_ONLY in asked.names:
        parts.append("shown to nobody but themselves")
    elif asked.human_role:
        parts.append(f"shown to a {asked.human_role}, who decides")
    return ", ".join(parts)
