"""What was measured of the models, and what the release gate says: released reports and the operator's own."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from countenance import evaluation
from countenance.evaluation.gate import judge
from countenance.evaluation.gate_files import collect, pair_up
from countenance.evaluation.gate_limits import shipped_gates
from countenance.evaluation.gate_words import SUMMARIES, told
from countenance.evaluation.report import Report
from countenance.server.config import EvaluationTable

PACKAGED = Path(evaluation.__file__).with_name("released")
CHECKOUT = Path(evaluation.__file__).parents[3] / "docs" / "evaluation"
BEFORE = "baseline"
"""Below the released reports: those of the release before."""


def released() -> Path:
    """Where the reports are that came with this version."""
    return PACKAGED if PACKAGED.is_dir() else CHECKOUT


def reports(own: EvaluationTable) -> Sequence[Report]:
    """Every report, the operator's own first; of the released ones those that the operator did not measure anew."""
    places = [place for place in (own.candidate, own.reports, released()) if place is not None and place.exists()]
    found: dict[tuple[str, str, str], Report] = {}
    for place in places:
        for one in collect(place, with_scores=False):
            found.setdefault((one.report.bundle, one.report.data.corpus, one.report.data.split), one.report)
    return tuple(found.values())


def gate_says(own: EvaluationTable) -> Mapping[str, Any]:
    """The gate's answer: of the operator's candidate against their baseline, or of this version against the last."""
    ours = released()
    baseline, candidate = own.baseline or ours / BEFORE, own.candidate or ours
    if not (baseline.exists() and candidate.exists()):
        return {"compared": False}
    gates = shipped_gates()
    outcome = judge(pair_up(baseline, candidate), gates)
    return {"compared": True, "says": SUMMARIES[outcome.verdict], **told(outcome, gates.version)}
