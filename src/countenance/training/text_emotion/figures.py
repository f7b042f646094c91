"""The figures of the text bundles, each with its 95 % interval, its n, its protocol and what knowing nothing gives."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from countenance.evaluation import conformal
from countenance.evaluation.intervals import Interval, intervals
from countenance.evaluation.metrics import (
    ACCURACY,
    BRIER,
    ECE,
    MACRO_F1,
    NLL,
    Measure,
    auc_of,
    ccc_of,
    ece_of,
    f1_of,
    pearson_of,
)
from countenance.evaluation.riskcoverage import risk_coverage, stopped
from countenance.evaluation.scores import Scores
from countenance.training.text_emotion.labels import EKMAN

Row = dict[str, Any]
ALONE = ("confusion", "frustration")


def rows_of(table: Scores, named: Sequence[tuple[str, Measure]]) -> list[Row]:
    """One row per measure, under the name it has on the card."""
    found = intervals([measure for _, measure in named], table)
    return [row(name, found[measure.name], table.protocol) for name, measure in named]


def score_rows(nine: Scores, style: str = "") -> list[Row]:
    """Macro-F1 of the seven emotions, and confusion and frustration each for itself."""
    each = [
        (f"{label}_{kind}{style}", build(label)) for label in ALONE for kind, build in (("f1", f1_of), ("auc", auc_of))
    ]
    return rows_of(nine, [(f"ekman7_macro_f1{style}", MACRO_F1), *each])


def class_rows(nine: Scores) -> list[Row]:
    """F1 of each emotion."""
    return rows_of(nine, [(f"{label}_f1", f1_of(label)) for label in EKMAN])


def calibration_rows(nine: Scores, seven: Scores, shares: Scores, style: str = "") -> list[Row]:
    """How far the probabilities can be believed."""
    return [
        *rows_of(seven, [(f"top_label_ece{style}", ECE)]),
        *rows_of(nine, [(f"brier{style}", BRIER), (f"nll{style}", NLL)]),
        *rows_of(nine, [(f"{label}_ece{style}", ece_of(label)) for label in ALONE]),
        *rows_of(
            shares,
            [
                (f"distribution_accuracy{style}", ACCURACY),
                (f"distribution_ece{style}", ECE),
                (f"distribution_brier{style}", BRIER),
                (f"distribution_nll{style}", NLL),
            ],
        ),
    ]


def label_rows(labels: Scores) -> list[Row]:
    """The 28 labels."""
    return rows_of(
        labels,
        [
            ("goemotions28_macro_f1", MACRO_F1),
            ("goemotions28_top_label_ece", ECE),
            ("goemotions28_brier", BRIER),
            ("goemotions28_nll", NLL),
        ],
    )


def chat_rows(chats: Scores, style: str = "") -> list[Row]:
    """Rank order on customer chats; thresholds do not carry over and are not judged."""
    return rows_of(chats, [(f"maia_{label}_auc{style}", auc_of(label)) for label in chats.labels])


def line_rows(lines: Scores) -> list[Row]:
    """Rank order on the project's own call lines."""
    return rows_of(lines, [(f"call_lines_{label}_auc", auc_of(label)) for label in lines.labels])


def vad_rows(table: Scores) -> list[Row]:
    """Pearson and concordance correlation of each dimension."""
    r = [(f"emobank_{name}_r", pearson_of(name)) for name in table.labels]
    return rows_of(table, [*r, *((f"emobank_{name}_ccc", ccc_of(name)) for name in table.labels)])


def answering_less(test: Scores, dev: Scores, bar: float | None) -> dict[str, Any]:
    """Risk and coverage, what the bar chosen on dev does, and conformal sets."""
    curve, fitted = risk_coverage(test), conformal.fit(dev)
    return {
        "risk_coverage": {"aurc": curve.area, "points": curve.thinned()},
        "abstention": None if bar is None else asdict(stopped(test, bar)),
        "conformal": {**asdict(fitted), **asdict(conformal.measure(fitted, test))},
    }


def answering_less_rows(found: dict[str, Any], protocol: str, wanted: float) -> list[Row]:
    """The same in a few rows for the card."""
    sets, stop = found["conformal"], found["abstention"]
    n, share = sets["overall"]["n"], 1.0 - sets["alpha"]
    promised = f"{protocol}; sets of emotions promised to hold the truth {share:.0%} of the time, quantile from dev"
    rows = [
        plain("aurc", found["risk_coverage"]["aurc"], n, f"{protocol}; mean risk over all coverages"),
        plain("conformal_coverage", sets["overall"]["coverage"], n, promised),
        plain("conformal_size", sets["overall"]["size"], n, f"{promised}; mean number of emotions in a set"),
    ]
    if stop is not None:
        bar = f"{protocol}; at {stop['threshold']:.3f} or surer, chosen on dev for a risk of {wanted}"
        rows.append(plain("abstention_coverage", stop["coverage"], stop["n"], bar))
        rows += [plain("abstention_risk", stop["risk"], stop["n"], bar)] if stop["risk"] is not None else []
    return rows


def row(metric: str, figure: Interval, protocol: str) -> Row:
    """One figure with its interval; what is not known is left out."""
    found = {"value": figure.value, "low": figure.low, "high": figure.high}
    kept = {name: round(value, 4) for name, value in found.items() if value is not None}
    majority = {} if figure.majority is None else {"majority": round(figure.majority, 4)}
    return {"metric": metric, **kept, "n": figure.n, "protocol": protocol, **majority}


def plain(metric: str, value: float, n: int, protocol: str) -> Row:
    """One figure without an interval."""
    return {"metric": metric, "value": round(value, 4), "n": n, "protocol": protocol}
