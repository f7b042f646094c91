"""The card of a head: what it learnt from, what it stands on, how it measured, where it ends."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from countenance.contracts.card import Card
from countenance.evaluation.report import Report
from countenance.fusion.head import ENCODER, TASK
from countenance.training.head.fitting import RISK, Head
from countenance.training.head.lessons import OTHER, Lessons, leading

LICENCE = "Own recordings: use them within the consent of the people recorded."


def card_of(name: str, head: Head, found: Lessons, told: Report, encoders: Mapping[str, Card]) -> dict[str, Any]:
    """The card as a table for `write_bundle`."""
    identity, _, version = name.rpartition(".")
    labels = [label for label in head.scores.labels if label != OTHER]
    rows = dict.fromkeys(row for card in encoders.values() for row in card.licence.rows)
    return {
        "id": identity,
        "version": version,
        "modality": "fusion",
        "task": TASK,
        "summary": f"A head of the operator's own: says {', '.join(labels)} of one second.",
        "outputs": {"scores": list(head.scores.labels)},
        "licence": {
            "code": "Apache-2.0",
            "weights": "the operator's own",
            "data": LICENCE,
            "commercial": all(card.licence.commercial for card in encoders.values()),
            "notice": f"{name} was trained by its operator on calls of their own; the nets below it keep their terms.",
            "ledger": ["own-calls", *rows],
        },
        "input": {
            "shape": f"n x {head.layout.width}",
            "layout": "columns as calibration.json states them (countenance.fusion.head_features), float32",
            **{f"{ENCODER}{one}": card.files["model.onnx"] for one, card in encoders.items()},
        },
        "calibration": {
            "method": "temperature" if head.calibrated.exclusive else "slope_offset",
            "fitted_on": "scores out of fold, by person and call",
        },
        "data": _data(found, head),
        "limits": {"text": _limits(head, found)},
        "figures": _figures(told),
    }


def _data(found: Lessons, head: Head) -> dict[str, str]:
    people = {window.subject for window in found.windows}
    calls = {window.call for window in found.windows}
    shares = ", ".join(f"{label} {count}" for label, count in leading(found).items())
    stated = {a: np.unique(values, return_counts=True) for a, values in head.scores.slices.items()}
    told = "; ".join(
        f"{attribute}: " + ", ".join(f"{value or 'not stated'} {n}" for value, n in zip(*counted, strict=True))
        for attribute, counted in stated.items()
    )
    by = "self-reported" if head.scores.self_reported else "judged by others"
    return {
        "train": f"{len(found.windows)} labelled seconds of {len(people)} people in {len(calls)} calls; stretches by "
        f"leading label: {shares}",
        "demographics": f"{told} (seconds, {by})" if told else "not stated in the table",
    }


def _limits(head: Head, found: Lessons) -> list[str]:
    lines = [
        "It has learnt from the people above alone; how it reads other people, languages and cameras was not measured.",
        "It says what raters would call an expression, not what a person goes through.",
        f"It reads {', '.join(head.layout.values)}, each alone too; what training never showed it cannot read.",
        "It stands on the very nets named under input: with others it does not load.",
        "Penalty, calibration, thresholds and figures come from the same people, each left out in turn.",
    ]
    if head.abstain_below:
        lines.append(
            f"It says nothing where no label reaches {head.abstain_below:.2f}: out of fold, at most {RISK:.0%} of its "
            "surest labels were wrong above it."
        )
    if len(set(found.groups)) < 10:
        lines.append(f"Only {len(set(found.groups))} people or groups: intervals over so few people are too narrow.")
    return lines


def _figures(told: Report) -> list[dict[str, Any]]:
    names = [*told.leading, *(name for name in told.metrics if name.startswith("f1_") and name != f"f1_{OTHER}")]
    return [
        {
            "metric": name,
            "value": round(one.value, 4),
            "low": one.low if one.low is None else round(one.low, 4),
            "high": one.high if one.high is None else round(one.high, 4),
            "n": one.n,
            "protocol": told.protocol,
            "majority": one.majority if one.majority is None else round(one.majority, 4),
        }
        for name in names
        if (one := told.metrics[name]).value is not None
    ]
