"""From tables of scores to the whole report: what `eval run` writes."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from countenance.evaluation import conformal, report
from countenance.evaluation.intervals import REPEATS, Interval, intervals
from countenance.evaluation.metrics import Measure, measure, measures_for
from countenance.evaluation.reliability import reliability
from countenance.evaluation.riskcoverage import risk_coverage, stopped, threshold_for
from countenance.evaluation.scores import Floats, Kind, Scores
from countenance.evaluation.slices import LEAST_ROWS, slices
from countenance.evaluation.tallies import said, truth_of

WANTED_RISKS = (0.05, 0.1, 0.2)
DIGITS = 6
LEADING = {
    Kind.DISTRIBUTION: ("accuracy", "macro_f1", "uar", "ece_15"),
    Kind.MULTILABEL: ("macro_f1", "auc", "ece_15"),
}


@dataclass(frozen=True, slots=True)
class About:
    """What the tables cannot say themselves."""

    bundle: str
    sha256: str
    profile: str
    corpus: str
    title: str
    licence: str
    split: str
    rows: int
    cluster: str
    identities: report.Identities
    leak: report.Leak | None = None


def assess(
    about: About,
    scores: Scores,
    dev: Scores | None = None,
    *,
    least: int = LEAST_ROWS,
    seed: int = 0,
    repeats: int = REPEATS,
) -> report.Report:
    """Everything there is to say of one table; thresholds and quantiles come from `dev` alone, or are left out."""
    measures = measures_for(scores)
    found = intervals(measures, scores, seed, repeats)
    leading = leading_of(scores)
    labelled = scores.kind in (Kind.DISTRIBUTION, Kind.MULTILABEL)
    return report.Report(
        bundle=about.bundle,
        sha256=about.sha256,
        profile=about.profile,
        protocol=scores.protocol,
        data=_data(about, scores),
        kind=scores.kind.value,
        labels=list(scores.labels),
        leading=[one.name for one in leading],
        n=len(scores),
        clusters=len(np.unique(scores.clusters)),
        seed=seed,
        repeats=repeats,
        metrics={one.name: _metric(one, found[one.name]) for one in measures},
        confusion=_confusion(scores) if scores.kind is Kind.DISTRIBUTION else None,
        by_label=_by_label(scores) if scores.kind is Kind.MULTILABEL else [],
        reliability=[report.ReliabilityBin(**_round(asdict(one))) for one in reliability(scores)] if labelled else [],
        risk_coverage=_risk(scores, dev) if labelled else None,
        conformal=_conformal(scores, dev) if labelled and dev is not None else {},
        slices=_slices(leading, scores, least, (seed, repeats)),
        self_reported=scores.self_reported,
        identities=about.identities,
        leak=about.leak,
    )


def leading_of(scores: Scores) -> tuple[Measure, ...]:
    """The few measures that a report opens with and that slices are judged by."""
    if names := LEADING.get(scores.kind):
        return tuple(measure(name, scores) for name in names)
    prefix = "pearson" if scores.kind is Kind.DIMENSION else "mean"
    return tuple(measure(f"{prefix}_{label}", scores) for label in scores.main)


def confusion(scores: Scores) -> Floats:
    """How often a true label (row) was said to be another (column), k x k."""
    named = scores.hard >= 0
    counts = np.zeros((len(scores.labels), len(scores.labels)))
    np.add.at(counts, (scores.hard[named], scores.probabilities[named].argmax(axis=1)), 1.0)
    return counts


def _data(about: About, scores: Scores) -> report.Data:
    return report.Data(
        corpus=about.corpus,
        title=about.title,
        licence=about.licence,
        split=about.split,
        rows=about.rows,
        cluster=about.cluster,
        abstained=dict(scores.abstained),
    )


def _metric(one: Measure, found: Interval) -> report.Metric:
    told = _round(asdict(found))
    del told["clusters"]
    return report.Metric(**told, higher_is_better=one.higher_is_better, meaning=one.meaning)


def _confusion(scores: Scores) -> report.Confusion:
    return report.Confusion(labels=list(scores.labels), counts=confusion(scores).astype(int).tolist())


def _by_label(scores: Scores) -> list[report.LabelCount]:
    truth, counts = truth_of(scores)
    spoken = said(scores) & counts
    return [
        report.LabelCount(
            label=label,
            hits=int((truth & spoken)[:, j].sum()),
            said=int(spoken[:, j].sum()),
            true=int((truth & counts)[:, j].sum()),
            threshold=round(float(scores.thresholds[j]), DIGITS),
        )
        for j, label in enumerate(scores.labels)
    ]


def _risk(scores: Scores, dev: Scores | None) -> report.Risk | None:
    _, counts = truth_of(scores)
    if not counts.any():
        return None
    curve = risk_coverage(scores)
    points = [
        report.Point(coverage=round(c, DIGITS), risk=round(r, DIGITS), threshold=round(t, DIGITS))
        for c, r, t in curve.thinned()
    ]
    chosen = [] if dev is None else [_chosen(scores, dev, wanted) for wanted in WANTED_RISKS]
    return report.Risk(aurc=round(curve.area, DIGITS), points=points, chosen=chosen)


def _chosen(scores: Scores, dev: Scores, wanted: float) -> report.Chosen:
    threshold = threshold_for(dev, wanted)
    if threshold is None:
        return report.Chosen(wanted=wanted, threshold=None, coverage=None, risk=None, n=0)
    stop = stopped(scores, threshold)
    risk = None if stop.risk is None else round(stop.risk, DIGITS)
    return report.Chosen(
        wanted=wanted, threshold=round(threshold, DIGITS), coverage=round(stop.coverage, DIGITS), risk=risk, n=stop.n
    )


def _conformal(scores: Scores, dev: Scores) -> dict[Literal["lac", "aps"], report.ConformalSets]:
    sets: dict[Literal["lac", "aps"], report.ConformalSets] = {"lac": _sets(scores, dev, conformal.Method.LAC)}
    if scores.kind is Kind.DISTRIBUTION:
        sets["aps"] = _sets(scores, dev, conformal.Method.APS)
    return sets


def _sets(scores: Scores, dev: Scores, method: conformal.Method) -> report.ConformalSets:
    fitted = conformal.fit(dev, method=method)
    covered = conformal.measure(fitted, scores)
    return report.ConformalSets(
        alpha=fitted.alpha,
        quantile=round(fitted.quantile, DIGITS) if np.isfinite(fitted.quantile) else None,
        n_dev=fitted.n,
        overall=_covered(covered.overall),
        empty=round(covered.empty, DIGITS),
        single=round(covered.single, DIGITS),
        by_label={name: _covered(one) for name, one in covered.by_label.items()},
        by_slice={
            name: {value: _covered(one) for value, one in parts.items()} for name, parts in covered.by_slice.items()
        },
    )


def _covered(one: conformal.Covered) -> report.CoveredRows:
    return report.CoveredRows(**_round(asdict(one)))


def _slices(leading: Sequence[Measure], scores: Scores, least: int, draw: tuple[int, int]) -> list[report.SliceRow]:
    better = {one.name: one.higher_is_better for one in leading}
    rows = []
    for one in slices(leading, scores, least=least, seed=draw[0], repeats=draw[1]):
        told = _round(asdict(one))
        name = told.pop("measure")
        rows.append(report.SliceRow(**told, metric=name, higher_is_better=better[name]))
    return rows


def _round(told: dict[str, Any]) -> dict[str, Any]:
    return {key: round(value, DIGITS) if isinstance(value, float) else value for key, value in told.items()}
