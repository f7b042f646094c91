"""What law and charter say, asked for one case; nobody need be on a call for it."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Literal

from fastapi import APIRouter
from pydantic import Field

from countenance.audit.note import sign_note
from countenance.contracts.call import Purpose, Role
from countenance.contracts.trust import Case
from countenance.inference.tables import Table
from countenance.policy.decision import Path as Way
from countenance.policy.decision import Questions, Residence, Timing, configuration, decide
from countenance.policy.explain import plain, remaining
from countenance.policy.vocabulary import OUTPUTS, output_of
from countenance.server.access import Here, needs
from countenance.server.api.shapes import Facts, Given, Place, ReasonsIn, RuleSays, check_words
from countenance.server.idempotency import OnceRoute
from countenance.server.problems import unknown
from countenance.server.scopes import Scope

router = APIRouter(prefix="/v1/policy", tags=["policy"], route_class=OnceRoute, dependencies=[needs(Scope.POLICY)])


class CaseBody(Table):
    """A case to put to the gate."""

    purpose: Purpose
    role: Role
    modality: Literal["face", "voice", "text", "telemetry"]
    output: str | None = Field(
        default=None,
        max_length=64,
        description="What would be inferred, such as engagement.",
        json_schema_extra={"anyOf": [{"enum": list(OUTPUTS)}, {"type": "null"}]},
    )
    consequence: Literal["individual", "aggregate_only", "solely_automated"] = "individual"
    jurisdictions: tuple[Place, ...] = Field(default=(), max_length=8, description="None: unknown, so the strictest.")
    facts: Facts = Field(default_factory=dict)
    on: date | None = Field(default=None, description="The day; today when left out.")


class DecisionBody(Table):
    """The answers to the five questions."""

    purpose: Purpose
    roles: tuple[Role, ...] = Field(min_length=1, max_length=len(Role))
    jurisdictions: tuple[Place, ...] = Field(default=(), max_length=8, description="None: unknown, so the strictest.")
    facts: Facts = Field(default_factory=dict)
    on: date | None = Field(default=None, description="The day; today when left out.")
    minutes: int = Field(ge=0, le=10**9, description="Of calls, a month.")
    timing: Timing = Field(description="`live`: during the call; `after`: when it is over.")
    residence: Residence = Field(description="`own`: own machines or the EU; `anywhere`.")
    reviewed: bool = Field(description="Whether a named human looks at the readings of each person and decides.")


class DecisionView(Given):
    """What follows from the five answers."""

    allowed: bool
    barred: RuleSays | None = Field(description="The rule that refuses this purpose whatever else is the case.")
    rulings: Sequence[Mapping[str, Any]] = Field(description="By role and modality, with every rule that decided.")
    consequence: str
    path: Way
    configuration: str | None = Field(description="TOML for [deployment]; null where nothing may be read.")
    signed: str | None = Field(description="The same as a C2SP signed note, under the key of the log.")


class LawView(Given):
    """One file of rules."""

    id: str
    name: str
    layer: str
    source: str
    certainty: str
    checked_on: date
    rules: int


class PolicyView(Given):
    """The policy that is loaded."""

    digest: str
    laws: Sequence[LawView]


@router.get("")
async def loaded(here: Here) -> PolicyView:
    """The laws that are loaded, and the digest that every ruling carries."""
    gate = here.control.gate
    laws = [
        LawView(
            id=law.id,
            name=law.name,
            layer=law.layer.value,
            source=law.source,
            certainty=law.certainty,
            checked_on=law.checked_on,
            rules=len(law.rules),
        )
        for law in gate.laws
    ]
    return PolicyView(digest=gate.digest, laws=laws)


@router.post("/explain")
async def explain(body: CaseBody, here: Here, language: ReasonsIn = "en") -> Mapping[str, Any]:
    """The ruling on a case with every rule that decides it, law first, and what remains where it is a no."""
    case = _case(body, here.control.clock.utc().date())
    ruling = await asyncio.to_thread(here.control.gate.rule, case)
    rest = remaining(here.control.gate, case)
    return plain(ruling, language) | {"remains": {name: plain(one, language) for name, one in rest.items()}}


@router.post("/decide")
async def decided(body: DecisionBody, here: Here, language: ReasonsIn = "en") -> DecisionView:
    """The five questions, answered once for everybody on a call: what may be read of whom, and how to go about it.

    Where anything is allowed, the part of a configuration that follows is given, signed with the key of the log.
    """
    check_words(body.jurisdictions, body.facts)
    asked = Questions(
        purpose=body.purpose,
        roles=body.roles,
        jurisdictions=body.jurisdictions,
        facts=dict(body.facts),
        on=body.on or here.control.clock.utc().date(),
        minutes=body.minutes,
        timing=body.timing,
        residence=body.residence,
        reviewed=body.reviewed,
    )
    gate = here.control.gate
    found = await asyncio.to_thread(decide, gate, asked)
    text = configuration(found, gate.digest) if found.allowed else None
    return DecisionView(
        allowed=found.allowed,
        barred=None if found.barred is None else RuleSays.of(found.barred, language),
        rulings=[plain(one, language) for one in found.rulings.values()],
        consequence=found.consequence,
        path=found.path,
        configuration=text,
        signed=None if text is None else sign_note(text, here.tenant.log.key).data.decode(),
    )


def _case(body: CaseBody, today: date) -> Case:
    if body.output is not None and body.output not in OUTPUTS:
        raise unknown(body.output, OUTPUTS, "output")
    check_words(body.jurisdictions, body.facts)
    return Case(
        purpose=body.purpose,
        role=body.role,
        modality=body.modality,
        output=body.output or output_of(body.modality),
        consequence=body.consequence,
        jurisdictions=body.jurisdictions,
        on=body.on or today,
        facts=dict(body.facts),
    )
