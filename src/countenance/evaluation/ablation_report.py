"""`ablation.json` and its page: modalities alone, in pairs and together; fusions under distortion."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from pydantic import TypeAdapter, ValidationError

from countenance.contracts.errors import EvaluationError
from countenance.evaluation.ablation import AtRates, Band, Comparison, Figures, Verdict

SCHEMA = "countenance.ablation.v1"
LeftOut = Literal["disputed", "unsure"]
"""Why the product keeps an answer to itself: modalities contradict each other, or no label stands out enough."""


@dataclass(frozen=True, slots=True)
class Subset:
    """One fusion over some modalities, media as they are."""

    modalities: tuple[str, ...]
    fusion: str
    figures: Figures
    disputed: float
    """Share of rows of which the product leaves the distribution out, for the reason `Ablation.left_out`."""
    undisputed_accuracy: float | None
    """Accuracy over the other rows of which anything is said."""


@dataclass(frozen=True, slots=True)
class Stress:
    """One fusion under one distortion, against the best single modality under the same."""

    condition: str
    fusion: str
    comparison: Comparison


@dataclass(frozen=True, slots=True)
class Alone:
    """One modality alone, labels as frequent as in its corpus: real rows, no tuples."""

    modality: str
    fusion: str
    n: int
    figures: AtRates


@dataclass(frozen=True, slots=True)
class Ablation:
    """Everything measured."""

    what: str
    """What the rows are, in a few words."""
    warning: str
    """What they must not be taken for; empty for real windows of real people."""
    protocol: str
    n: int
    clusters: Mapping[str, int]
    """How many pictures, actors, comments (or people) are drawn by the bootstrap."""
    labels: tuple[str, ...]
    majority: float
    """Accuracy of always saying the commonest label; its UAR is one over the number of labels."""
    models: Mapping[str, str]
    """sha256 of every network at work."""
    subsets: tuple[Subset, ...]
    robustness: tuple[Stress, ...]
    alone: tuple[Alone, ...] = ()
    left_out: LeftOut = "disputed"
    schema: str = SCHEMA


_FORM = TypeAdapter(list[Ablation])

COUNTED = (
    "n = {n} rows ({drawn}). Intervals: 95 % bootstrap that draws all of these, 1,000 draws.\n"
    "Chance: {chance}. A row of which nothing is said counts as missed."
)
DISPUTED = (
    "*Disputed*: the product leaves the distribution out when modalities contradict each other; the other columns\n"
    "count what the fusion would have said. The last column is over the rows that are left."
)
UNSURE = (
    "*Unsure*: the head keeps silent where its leading label is less probable than the bar chosen at training; the\n"
    "other columns count what it would have said. The last column is over the rows that are left."
)
ALONE = (
    "A camera or a microphone is often off, so a fusion must leave one modality as calibrated as it found it.\n"
    "These rows are real ones, not tuples: each weighs as much as its label is frequent in the corpus, and\n"
    "only rows of which something is said count. Intervals: rows drawn with replacement."
)
_LEFT_OUT: Mapping[LeftOut, tuple[str, str, str]] = {
    "disputed": ("disputed", "undisputed", DISPUTED),
    "unsure": ("unsure", "of the others", UNSURE),
}
COMPARED = (
    "Fused against the best single modality under the same circumstances, by UAR. *pass, above*: the whole\n"
    "interval of the difference lies above 0. *pass*: the difference is not negative. *not shown*: it is negative,\n"
    "but the interval reaches 0. *fail*: the whole interval lies below 0."
)


def write(ablation: Ablation, folder: Path) -> tuple[Path, Path]:
    """Write `ablation.json` and `ablation.md`; gives both."""
    folder.mkdir(parents=True, exist_ok=True)
    data, page = folder / "ablation.json", folder / "ablation.md"
    data.write_text(json.dumps(_rounded(asdict(ablation)), indent=1) + "\n", encoding="utf-8")
    page.write_text(markdown(read(data)), encoding="utf-8")
    return data, page


def read(path: Path) -> Ablation:
    """Read what `write` wrote."""
    try:
        (found,) = _FORM.validate_json(b"[" + path.read_bytes() + b"]")
    except (OSError, ValidationError) as error:
        raise EvaluationError(
            f"{path} is no ablation ({error})", "Make it with `countenance eval ablation`."
        ) from error
    return found


def markdown(ablation: Ablation) -> str:
    """The page: the warning first, then both tables."""
    warning = [f"> **{ablation.warning}**", ""] if ablation.warning else []
    drawn = ", ".join(f"{count} {name}" for name, count in ablation.clusters.items())
    chance = f"{1 / len(ablation.labels):.3f} (UAR); always the commonest label: {ablation.majority:.3f} (accuracy)"
    why, others, explained = _LEFT_OUT[ablation.left_out]
    lines = [
        "# Face, voice and words: alone, in pairs, together",
        "",
        *warning,
        f"{ablation.what}. {ablation.protocol}",
        "",
        COUNTED.format(n=ablation.n, drawn=drawn, chance=chance),
        "",
        "## Modalities",
        "",
        *_table(
            ("modalities", "fusion", "UAR", "accuracy", "ECE-15", "NLL", "said", why, f"accuracy {others}"),
            (_subset_row(row, ablation.left_out) for row in ablation.subsets),
        ),
        "",
        explained,
        "",
        "## Robustness",
        "",
        COMPARED,
        "",
        *_table(
            ("circumstance", "fusion", "fused UAR", "best single", "its UAR", "difference", "verdict"),
            (_stress_row(row) for row in ablation.robustness),
        ),
        "",
        *(_alone(ablation.alone) if ablation.alone else ()),
        "## Networks",
        "",
        *(f"- {name}: `{digest[:16]}`" for name, digest in sorted(ablation.models.items())),
    ]
    return "\n".join(lines) + "\n"


def lines(ablation: Ablation) -> list[str]:
    """A few lines for a terminal."""
    head = [ablation.warning] if ablation.warning else []
    rows = [f"{' + '.join(row.modalities):22} {row.fusion:11} UAR {_band(row.figures.uar)}" for row in ablation.subsets]
    stress = [
        f"{row.condition:22} {row.fusion:11} {row.comparison.difference.value:+.3f} against {row.comparison.best}: "
        f"{row.comparison.verdict}"
        for row in ablation.robustness
    ]
    return [*head, *rows, *stress]


def failures(ablation: Ablation) -> list[str]:
    """Circumstances in which a fusion is below its best single modality."""
    found = (row for row in ablation.robustness if row.comparison.verdict is Verdict.BELOW)
    return [f"{row.fusion} under {row.condition}" for row in found]


def _alone(rows: Sequence[Alone]) -> list[str]:
    head = ("modality", "fusion", "n", "accuracy", "ECE-15", "NLL")
    table = (
        (
            row.modality,
            row.fusion,
            str(row.n),
            _band(row.figures.accuracy),
            _band(row.figures.ece_15),
            _band(row.figures.nll),
        )
        for row in rows
    )
    return ["## One modality alone, at the rates of its corpus", "", ALONE, "", *_table(head, table), ""]


def _subset_row(row: Subset, left_out: LeftOut) -> tuple[str, ...]:
    alone = len(row.modalities) == 1 and left_out == "disputed"
    return (
        " + ".join(row.modalities),
        row.fusion,
        _band(row.figures.uar),
        _band(row.figures.accuracy),
        _number(row.figures.ece_15),
        _number(row.figures.nll),
        f"{row.figures.said:.1%}",
        "" if alone else f"{row.disputed:.1%}",
        "" if alone else _number(row.undisputed_accuracy),
    )


def _stress_row(row: Stress) -> tuple[str, ...]:
    found = row.comparison
    low, high = found.difference.low, found.difference.high
    ends = "" if low is None or high is None else f" [{low:+.3f}, {high:+.3f}]"
    change = f"{found.difference.value:+.3f}{ends}"
    return row.condition, row.fusion, _band(found.fused), found.best, f"{found.best_uar:.3f}", change, found.verdict


def _band(band: Band) -> str:
    ends = "" if band.low is None or band.high is None else f" [{band.low:.3f}, {band.high:.3f}]"
    return f"{band.value:.3f}{ends}"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    return [_row(head), _row(["---"] * len(head)), *(_row(row) for row in rows)]


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _rounded(value: object) -> object:
    if isinstance(value, float):
        return round(value, 4)
    if isinstance(value, dict):
        return {key: _rounded(inner) for key, inner in value.items()}
    return [_rounded(inner) for inner in value] if isinstance(value, list | tuple) else value
