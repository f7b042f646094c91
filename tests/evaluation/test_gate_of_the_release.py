"""The gate on what this repository ships: every bundle was measured, and none got worse than the baseline."""

from pathlib import Path

import pytest
from bench.cards import BASELINE, MEASURED, ROOT, pages
from bench.figures import ROOTS

from countenance.evaluation.gate import judge
from countenance.evaluation.gate_files import collect, pair_up
from countenance.evaluation.gate_limits import shipped_gates
from countenance.evaluation.gate_verdict import Verdict
from countenance.inference.bundle import read_card

BUNDLES = [folder for root in ROOTS for folder in sorted(root.glob("*.v*"))]


def test_the_committed_cards_and_the_page_on_fairness_are_what_the_command_writes() -> None:
    for path, text in pages().items():
        assert path.read_text(encoding="utf-8") == text, f"{path.relative_to(ROOT)} is stale: run `make cards`"


@pytest.mark.parametrize("folder", BUNDLES, ids=lambda folder: folder.name)
def test_nobody_ships_a_bundle_without_measuring_it(folder: Path) -> None:
    card = read_card(folder)
    measured = {one.report.sha256 for one in collect(MEASURED, with_scores=False) if one.report.bundle == card.name}
    assert measured == {card.files["model.onnx"]}, (
        f"{card.name}: run `countenance eval run` and commit its metrics.json"
    )


def test_the_release_passes_its_own_gate() -> None:
    # From what is committed: tables of scores that lie about on one desk decide nothing here.
    outcome = judge(pair_up(BASELINE, MEASURED, with_scores=False), shipped_gates())
    wrong = [check for check in outcome.checks if check.verdict in (Verdict.BLOCKED, Verdict.NOT_COMPARABLE)]
    assert wrong == []
    assert outcome.exit_code == 0
    assert len(outcome.slices()) > len(BUNDLES)
