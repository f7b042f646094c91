"""The gate on what this repository ships: every bundle was measured, and none got worse than the baseline."""

import json
from pathlib import Path
from typing import TypeVar

import pytest
from bench.cards import BASELINE, MEASURED, ROOT, pages
from bench.figures import ROOTS

from countenance.evaluation.gate import judge
from countenance.evaluation.gate_files import Measured, Pair, collect, pair_up
from countenance.evaluation.gate_limits import shipped_gates
from countenance.evaluation.gate_verdict import Verdict
from countenance.evaluation.report import Metric, SliceRow
from countenance.inference.bundle import read_card

BUNDLES = [folder for root in ROOTS for folder in sorted(root.glob("*.v*"))]
SHIPPED = collect(MEASURED, with_scores=False)
GATES = shipped_gates()
Row = TypeVar("Row", Metric, SliceRow)


def judgeable(row: SliceRow) -> bool:
    """Whether the gate may conclude anything about a group."""
    return row.enough and row.n >= GATES.least.rows and row.clusters >= GATES.least.people


WITH_GROUPS = [one for one in SHIPPED if any(map(judgeable, one.report.slices))]


def test_the_committed_cards_and_the_page_on_fairness_are_what_the_command_writes() -> None:
    for path, text in pages().items():
        assert path.read_text(encoding="utf-8") == text, f"{path.relative_to(ROOT)} is stale: run `make cards`"


@pytest.mark.parametrize("folder", BUNDLES, ids=lambda folder: folder.name)
def test_nobody_ships_a_bundle_without_measuring_it(folder: Path) -> None:
    card = read_card(folder)
    measured = {one.report.sha256 for one in SHIPPED if one.report.bundle == card.name}
    assert measured == {card.files["model.onnx"]}, (
        f"{card.name}: run `countenance eval run` and commit its metrics.json"
    )


def test_the_release_passes_its_own_gate() -> None:
    # From what is committed: tables of scores that lie about on one desk decide nothing here.
    outcome = judge(pair_up(BASELINE, MEASURED, with_scores=False), GATES)
    wrong = [check for check in outcome.checks if check.verdict in (Verdict.BLOCKED, Verdict.NOT_COMPARABLE)]
    assert wrong == []
    assert outcome.exit_code == 0
    assert len(outcome.slices()) > len(BUNDLES)


@pytest.mark.parametrize("page", ["ablation", "abstention"])
def test_the_pages_on_fusion_were_measured_with_the_bundles_that_ship(page: str) -> None:
    measured = json.loads((ROOT / "docs" / "figures" / f"{page}.json").read_text(encoding="utf-8"))["models"]
    shipped = {card.name: card.files["model.onnx"] for card in map(read_card, BUNDLES) if card.name in measured}
    assert len(shipped) == 3  # of the voice net its folds are measured, which do not ship
    assert {name: measured[name] for name in shipped} == shipped, f"{page} is stale: see docs/training.md"


@pytest.mark.parametrize("shipped", SHIPPED, ids=lambda one: one.path.stem)
def test_a_candidate_that_is_worse_than_what_ships_is_blocked(shipped: Measured) -> None:
    leading = shipped.report.leading[0]
    harmed = {**shipped.report.metrics, leading: worse(shipped.report.metrics[leading])}
    outcome = judge([Pair("planted", shipped, planted(shipped, metrics=harmed))], GATES)
    blocked = {(check.measure, check.value) for check in outcome.checks if check.verdict is Verdict.BLOCKED}
    assert (leading, "") in blocked
    assert outcome.exit_code == 3


@pytest.mark.parametrize("shipped", WITH_GROUPS, ids=lambda one: one.path.stem)
def test_a_candidate_that_serves_one_group_worse_than_what_ships_is_blocked(shipped: Measured) -> None:
    rows = list(shipped.report.slices)
    at = next(at for at, row in enumerate(rows) if judgeable(row))
    rows[at] = worse(group := rows[at])
    outcome = judge([Pair("planted", shipped, planted(shipped, slices=rows))], GATES)
    blocked = {(check.measure, check.value) for check in outcome.checks if check.verdict is Verdict.BLOCKED}
    assert blocked == {(group.metric, group.value)}
    assert outcome.exit_code == 3


def planted(shipped: Measured, **changed: object) -> Measured:
    """The shipped measurement with other weights and these fields changed."""
    return Measured(shipped.path, shipped.report.model_copy(update={"sha256": "0" * 64, **changed}), None)


def worse(row: Row) -> Row:
    """The same row, a third worse with its interval."""
    factor = 2 / 3 if row.higher_is_better else 4 / 3
    figures = {name: getattr(row, name) for name in ("figure" if isinstance(row, SliceRow) else "value", "low", "high")}
    return row.model_copy(update={name: one * factor for name, one in figures.items() if one is not None})
