"""A ruling in plain lines, for the terminal and the report, and as plain values for machines."""

from collections.abc import Mapping
from dataclasses import replace

from countenance.contracts.call import FACE, TELEMETRY, TEXT, VOICE, Modality
from countenance.contracts.trust import Case, Duties, Effect, Layer, Ruling, Verdict
from countenance.policy.gate import Gate
from countenance.policy.saying import say
from countenance.policy.vocabulary import TURN_TAKING

INDIVIDUAL, AGGREGATE = "individual", "aggregate_only"
MODALITIES = (FACE, VOICE, TEXT, TELEMETRY)
SPEAKER = {Layer.LAW: "law", Layer.PRODUCT: "charter", Layer.DEPLOYER: "deployer"}
SAYS = {Effect.ALLOW: "allows", Effect.DENY: "refuses", Effect.REQUIRE: "requires"}


def explain(ruling: Ruling) -> list[str]:
    """The answer, then every rule that decided it, law first, then what must be kept to."""
    case = ruling.case
    places = ", ".join(case.jurisdictions) or "an unknown place"
    answer = "allowed" if ruling.allowed else "refused"
    head = f"{answer}: {case.modality} of the {case.role} for {case.purpose} in {places} on {case.on.isoformat()}"
    lines = [head, *(_line(verdict) for verdict in ruling.verdicts)]
    return [*lines, *_duties(ruling.duties)] if ruling.allowed else lines


def remaining(gate: Gate, case: Case) -> Mapping[Modality, Ruling]:
    """What else of this person may be read, when one modality is refused: a downgrade instead of a bare no."""
    others = {
        modality: gate.rule(replace(case, modality=modality, output=_output(case, modality)))
        for modality in MODALITIES
        if modality != case.modality
    }
    return {modality: ruling for modality, ruling in others.items() if ruling.allowed}


def in_groups(gate: Gate, case: Case) -> Mapping[Modality, Ruling]:
    """What is refused person by person and may be read as an aggregate of a group."""
    if case.consequence != INDIVIDUAL:
        return {}
    grouped = {
        modality: gate.rule(replace(case, modality=modality, output=_output(case, modality), consequence=AGGREGATE))
        for modality in MODALITIES
        if not gate.rule(replace(case, modality=modality, output=_output(case, modality))).allowed
    }
    return {modality: ruling for modality, ruling in grouped.items() if ruling.allowed}


def plain(ruling: Ruling, language: str = "en") -> dict[str, object]:
    """A ruling as values that JSON can hold; each reason also in a language, where that has words for it."""
    case, duties = ruling.case, ruling.duties
    return {
        "allowed": ruling.allowed,
        "case": {
            "purpose": case.purpose.value,
            "role": case.role.value,
            "modality": case.modality,
            "output": case.output,
            "consequence": case.consequence,
            "jurisdictions": list(case.jurisdictions),
            "on": case.on.isoformat(),
            "facts": dict(case.facts),
        },
        "verdicts": [_rule(verdict, language) for verdict in ruling.verdicts],
        "duties": {
            "consent": duties.consent,
            "retention_days": duties.retention_days,
            "human_role": duties.human_role,
            "aggregate_k": duties.aggregate_k,
            "names": list(duties.names),
        }
        if ruling.allowed
        else None,
        "policy_digest": ruling.policy_digest,
    }


def _rule(verdict: Verdict, language: str) -> dict[str, object]:
    said = say(verdict.reason, language)
    return {
        "rule": verdict.rule_id,
        "layer": verdict.layer.value,
        "effect": verdict.effect.value,
        "reason": verdict.reason,
        **({} if said is None else {"said": said}),
        "citation": verdict.citation,
        "applies_from": verdict.applies_from.isoformat() if verdict.applies_from else None,
    }


def _output(case: Case, modality: Modality) -> str:
    """Turn-taking is all that telemetry is read for; whoever asked for it may ask the others for engagement."""
    if modality == TELEMETRY:
        return TURN_TAKING
    return "engagement" if case.output == TURN_TAKING else case.output


def _line(verdict: Verdict) -> str:
    since = f", since {verdict.applies_from.isoformat()}" if verdict.applies_from else ""
    speaker = SPEAKER[verdict.layer]
    return f"{speaker} {verdict.rule_id} {SAYS[verdict.effect]}: {verdict.reason} [{verdict.citation}{since}]"


def _duties(duties: Duties) -> list[str]:
    lines = [f"consent needed: {duties.consent}", f"kept at most: {duties.retention_days} days"]
    if duties.human_role:
        lines.append(f"a person decides: {duties.human_role}")
    if duties.aggregate_k:
        lines.append(f"only in groups of at least: {duties.aggregate_k}")
    if duties.names:
        lines.append(f"duties: {', '.join(duties.names)}")
    return lines
