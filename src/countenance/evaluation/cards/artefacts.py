"""Everything that is known of one bundle before a word of its card is written."""

import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from countenance.contracts.card import Card
from countenance.contracts.errors import EvaluationError
from countenance.evaluation.gate import judge
from countenance.evaluation.gate_files import Measured, collect, pair_up
from countenance.evaluation.gate_limits import shipped_gates
from countenance.evaluation.gate_verdict import Outcome
from countenance.evaluation.report import Report
from countenance.inference.bundle import check_files, read_card
from countenance.inference.ledger import Ledger, Row


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of law or charter, as the policy says it."""

    reason: str
    citation: str
    place: str
    """Where it holds; `everywhere` when it names no place."""
    applies_from: date | None = None


@dataclass(frozen=True, slots=True)
class LawWords:
    """What the policy of the program says that a card must repeat; it lies above this room, so the caller asks it."""

    refused: tuple[Sentence, ...] = ()
    allowed: tuple[Sentence, ...] = ()
    required: tuple[Sentence, ...] = ()


@dataclass(frozen=True, slots=True)
class Artefacts:
    """One bundle with all that was recorded about it."""

    card: Card
    sizes: Mapping[str, int]
    """Bytes per file."""
    calibration: Mapping[str, Any]
    rows: tuple[Row, ...]
    """The licence rows it stands on."""
    recipe: Mapping[str, Any] = field(default_factory=dict)
    record: Mapping[str, Any] = field(default_factory=dict)
    reports: tuple[Report, ...] = ()
    """What `eval run` measured of these very weights."""
    outcome: Outcome | None = None
    """What the release gate says against the release before."""


def gather(
    folder: Path, measured: Path | None = None, baseline: Path | None = None, recipes: Sequence[Path] = ()
) -> Artefacts:
    """Read a bundle's folder, checking its hashes, and what was measured of it; a file or folder of metrics.json."""
    card = read_card(folder)
    check_files(folder, card)
    calibration = _json(folder / "calibration.json")
    place = measured if measured is not None else folder / "metrics.json"
    reports = _reports(card, place) if measured is not None or place.is_file() else ()
    return Artefacts(
        card=card,
        sizes={name: (folder / name).stat().st_size for name in sorted(card.files)},
        calibration=calibration,
        rows=Ledger.around(folder).of(card),
        recipe=_recipe(folder, card, recipes),
        record=_json(folder / "record.json") if (folder / "record.json").is_file() else {},
        reports=tuple(one.report for one in reports),
        outcome=_outcome(card, place, baseline) if reports and baseline is not None else None,
    )


def _reports(card: Card, place: Path) -> tuple[Measured, ...]:
    found = tuple(one for one in collect(place, with_scores=False) if one.report.bundle == card.name)
    for one in found:
        if one.report.sha256 != card.files["model.onnx"]:
            raise EvaluationError(
                f"{one.path} measured other weights of {card.name} than those installed",
                "Measure the bundle again with `countenance eval run`.",
            )
    return found


def _outcome(card: Card, place: Path, baseline: Path) -> Outcome | None:
    # From the published figures alone: a card must not depend on which tables of scores lie about.
    pairs = [
        pair
        for pair in pair_up(baseline, place, with_scores=False)
        if pair.candidate is not None and pair.candidate.report.bundle == card.name
    ]
    return judge(pairs, shipped_gates()) if pairs else None


def _recipe(folder: Path, card: Card, recipes: Sequence[Path]) -> Mapping[str, Any]:
    if (folder / "recipe.json").is_file():
        return _json(folder / "recipe.json")
    for path in recipes:
        if path.stem in (card.id, card.name) and path.is_file():
            return tomllib.loads(path.read_text(encoding="utf-8"))
    return {}


def _json(path: Path) -> Mapping[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise EvaluationError(f"{path} cannot be read ({error})", "Install the bundle again.") from error
    if not isinstance(value, dict):
        raise EvaluationError(f"{path} holds no table", "Install the bundle again.")
    return value
