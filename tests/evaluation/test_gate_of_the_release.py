"""The gate on what this repository ships: every bundle was measured, and none got worse than the baseline."""

import json
from pathlib import Path

import pytest
from bench.cards import BASELINE, MEASURED, ROOT, pages
from bench.figures import ROOTS
from typer.testing import CliRunner

from countenance.cli import app
from countenance.evaluation.gate_files import collect
from countenance.inference.bundle import read_card

BUNDLES = [folder for root in ROOTS for folder in sorted(root.glob("*.v*"))]


def test_the_committed_cards_and_the_page_on_fairness_are_what_the_command_writes() -> None:
    for path, text in pages().items():
        assert path.read_text(encoding="utf-8") == text, f"{path.relative_to(ROOT)} is stale: run `make cards`"


@pytest.mark.parametrize("folder", BUNDLES, ids=lambda folder: folder.name)
def test_nobody_ships_a_bundle_without_measuring_it(folder: Path) -> None:
    card = read_card(folder)
    measured = {one.report.sha256 for one in collect(MEASURED) if one.report.bundle == card.name}
    assert measured == {card.files["model.onnx"]}, (
        f"{card.name}: run `countenance eval run` and commit its metrics.json"
    )


def test_the_release_passes_its_own_gate() -> None:
    words = ["eval", "gate", "--baseline", str(BASELINE), "--candidate", str(MEASURED), "--json"]
    done = CliRunner().invoke(app, words)
    told = json.loads(done.stdout)
    wrong = [one for one in told["slices"] if one["verdict"] in ("blocked", "not comparable")]
    assert wrong == []
    assert done.exit_code == 0
