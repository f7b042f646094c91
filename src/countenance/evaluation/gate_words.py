"""The gate's answer in words for people, and as JSON for machines."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from countenance.evaluation.gate_verdict import Asked, Check, Outcome, Verdict

SCHEMA = "countenance.gate.v1"
SUMMARIES = {
    Verdict.PASS: "pass: no group and no headline figure got worse beyond its limit",
    Verdict.NOT_ENOUGH_DATA: "nothing blocks it, but what is named above had not enough data: that is no pass",
    Verdict.NOT_COMPARABLE: "not comparable: measure both in the same way before asking again",
    Verdict.BLOCKED: "blocked: this must not be released",
}


def lines(outcome: Outcome) -> Iterator[str]:
    """A table with one line per group, worst first, and a last line that sums up."""
    rows = [(check.verdict.value, check.bundle, who(check), why(check)) for check in outcome.slices()]
    widths = [max((len(row[at]) for row in rows), default=0) for at in range(3)]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row[:3], widths, strict=True)]
        yield "  ".join([*cells, row[3]]).rstrip()
    counts = Counter(check.verdict for check in outcome.slices())
    counted = ", ".join(f"{counts[verdict]} {verdict.value}" for verdict in reversed(Verdict) if counts[verdict])
    yield f"{SUMMARIES[outcome.verdict]} ({counted or 'nothing was compared'})"


def told(outcome: Outcome, version: str) -> dict[str, Any]:
    """Everything, as plain values."""
    return {
        "schema": SCHEMA,
        "gates": version,
        "verdict": outcome.verdict.value,
        "exit_code": outcome.exit_code,
        "slices": [
            {"bundle": c.bundle, "attribute": c.attribute, "value": c.value, "verdict": c.verdict.value, "why": why(c)}
            for c in outcome.slices()
        ],
        "checks": [_check(check) for check in outcome.checks],
    }


def who(check: Check) -> str:
    """`gender male`, or everybody."""
    return f"{check.attribute} {check.value}" if check.attribute else "everybody"


def why(check: Check) -> str:
    """What decided it, in one line."""
    if check.asked in (Asked.SAME, Asked.ROWS):
        return check.reason
    moved = "" if check.before is None or check.after is None else f" {check.before:.4f} -> {check.after:.4f}"
    return f"{check.measure}, {check.asked.value}{moved}: {check.reason}"


def _check(check: Check) -> dict[str, Any]:
    found = check.evidence
    return {
        "bundle": check.bundle,
        "measure": check.measure,
        "attribute": check.attribute,
        "value": check.value,
        "asked": check.asked.value,
        "verdict": check.verdict.value,
        "reason": check.reason,
        "before": check.before,
        "after": check.after,
        "worse_by": None if found is None else found.change,
        "low": None if found is None else found.low,
        "high": None if found is None else found.high,
        "how": None if found is None else found.how.value,
        "limit": check.limit,
        "n": check.n,
        "clusters": check.clusters,
    }
