"""A ruling in plain lines, for the terminal and the report."""

from countenance.contracts.trust import Duties, Effect, Layer, Ruling, Verdict

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
