"""What a person is told at the end of a training: figures with their intervals, and what to do next."""

from collections.abc import Iterator

from countenance.evaluation.report import Metric, Report
from countenance.training.head.lessons import leading
from countenance.training.head.publish import Published

SHOWN = ("accuracy", "macro_f1", "auc", "ece_15")


def lines(done: Published) -> list[str]:
    """The summary for a terminal."""
    people, found = len(set(done.lessons.groups)), done.lessons
    counts = ", ".join(f"{label} {count}" for label, count in leading(found).items())
    told = [
        f"{done.folder}: learnt from {len(found.windows)} labelled seconds of {people} people who share no call",
        f"stretches: {counts}",
        f"measured: {done.report.protocol}",
    ]
    told += [f"  {name} {_told(one)}" for name, one in _shown(done.report)]
    told += ["with only some modalities left, on the seconds that hold them (macro F1):"]
    told += [f"  {kept}: {_told(one)}" for kept, report in done.subsets.items() for one in _macro(report)]
    told += [f"Use it: countenance analyze --taxonomy {done.folder} ..."]
    return told


def _shown(report: Report) -> Iterator[tuple[str, Metric]]:
    for name in (*SHOWN, *(name for name in report.metrics if name.startswith("f1_"))):
        if name in report.metrics:
            yield name, report.metrics[name]


def _macro(report: Report) -> Iterator[Metric]:
    yield report.metrics["macro_f1"]


def _told(one: Metric) -> str:
    if one.value is None:
        return "not defined here"
    band = "" if one.low is None or one.high is None else f" [{one.low:.3f}, {one.high:.3f}]"
    known = "" if one.majority is None else f"; always the commonest label: {one.majority:.3f}"
    return f"{one.value:.3f}{band}, n {one.n}{known}"
