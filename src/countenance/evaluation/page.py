"""`index.html` of an evaluation: one page, complete in itself, no script, nothing asked of any network."""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files

from jinja2 import Template
from markupsafe import Markup

from countenance.evaluation import drawing, wording
from countenance.evaluation.report import Confusion, CoveredRows, Metric, Report, SliceRow
from countenance.evaluation.templating import templates

ROOM = "evaluation/templates"
STEPS = 10
"""Shades of a cell."""
LEAST = 50
"""Rows of a group whose sets are shown."""
SHOWN = 12
"""Groups that are shown before the rest is folded away."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One measure in a card or a line of the table."""

    title: str
    metric: Metric
    picture: Markup


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of the confusion matrix."""

    count: int
    share: float | None
    """Of the rows with this true label; None where there is none."""
    shade: int


@dataclass(frozen=True, slots=True)
class Group:
    """One group under one measure."""

    row: SliceRow
    title: str
    picture: Markup | None


@dataclass(frozen=True, slots=True)
class Sets:
    """One kind of conformal set."""

    name: str
    words: str
    promised: float
    overall: CoveredRows
    empty: float
    single: float
    by_label: tuple[tuple[str, CoveredRows, Markup | None], ...]
    by_group: tuple[tuple[str, CoveredRows, Markup | None], ...]


def render(report: Report) -> str:
    """The page."""
    style, groups = _style(), groups_of(report)
    return _template().render(
        report=report,
        words=wording,
        headline=wording.headline(report),
        leading=[figure(name, report) for name in report.leading],
        figures=[figure(name, report) for name in report.metrics],
        confusion=_confusion(report.confusion) if report.confusion else (),
        reliability=drawing.reliability(report.reliability) if report.reliability else None,
        risk=drawing.risk_coverage(report.risk_coverage) if report.risk_coverage else None,
        conformal=[_sets(name, report) for name in report.conformal],
        groups=groups[:SHOWN],
        more_groups=groups[SHOWN:],
        lacking=_lacking(report),
        style=Markup(style),
        style_hash=b64encode(sha256(style.encode()).digest()).decode(),
    )


def figure(name: str, report: Report) -> Figure:
    """One measure of a report, with its interval drawn."""
    metric = report.metrics[name]
    known = [value for value in (metric.value, metric.low, metric.high, metric.majority) if value is not None]
    ends = (min(0.0, *known), max(1.0, *known)) if known else (0.0, 1.0)
    if not metric.higher_is_better and known:
        ends = (min(0.0, *known), max(known) * 1.25 or 1.0)
    value = metric.value
    picture = Markup("") if value is None else drawing.band(value, metric.low, metric.high, metric.majority, ends)
    return Figure(wording.title(name), metric, picture)


def _confusion(confusion: Confusion) -> list[tuple[str, int, list[Cell]]]:
    """Label, rows and cells of every true label."""
    rows = []
    for label, counts in zip(confusion.labels, confusion.counts, strict=True):
        total = sum(counts)
        shares = [count / total if total else None for count in counts]
        cells = [
            Cell(count, share, 0 if share is None else round(share * STEPS))
            for count, share in zip(counts, shares, strict=True)
        ]
        rows.append((label, total, cells))
    return rows


def _sets(name: str, report: Report) -> Sets:
    sets = report.conformal["aps" if name == "aps" else "lac"]
    promised = 1.0 - sets.alpha
    groups = {
        f"{wording.plain(attribute)} {value}": one
        for attribute, parts in sets.by_slice.items()
        for value, one in parts.items()
        if one.n >= LEAST
    }
    labels = {wording.plain(label): one for label, one in sets.by_label.items() if one.n}
    return Sets(
        name.upper(),
        wording.SETS[name],
        promised,
        sets.overall,
        sets.empty,
        sets.single,
        _covered(labels, promised),
        _covered(groups, promised),
    )


def _covered(parts: Mapping[str, CoveredRows], promised: float) -> tuple[tuple[str, CoveredRows, Markup | None], ...]:
    """Name, rows and picture of every part, the least held first."""
    return tuple(
        (name, one, None if one.coverage is None else drawing.band(one.coverage, None, None, promised, (0.0, 1.0)))
        for name, one in sorted(parts.items(), key=lambda pair: pair[1].coverage or 0.0)
    )


def groups_of(report: Report) -> list[Group]:
    """Every group with enough rows, the worst first, with its difference to the whole drawn."""
    known = [
        abs(end)
        for row in report.slices
        for end in (row.difference, row.difference_low, row.difference_high)
        if end is not None
    ]
    reach = max([0.02, *known])
    return [
        Group(
            row,
            wording.title(row.metric),
            None
            if row.difference is None
            else drawing.band(row.difference, row.difference_low, row.difference_high, 0.0, (-reach, reach)),
        )
        for row in report.slices
        if row.enough
    ]


def _lacking(report: Report) -> list[str]:
    """Every group that is too small under some measure, once, with its rows."""
    rows: dict[tuple[str, str], int] = {}
    for row in report.slices:
        if not row.enough:
            key = (row.attribute, row.value)
            rows[key] = max(row.n, rows.get(key, 0))
    return [f"{wording.plain(attribute)} {value} ({n})" for (attribute, value), n in rows.items()]


@cache
def _template() -> Template:
    return templates(ROOM).get_template("page.html.j2")


@cache
def _style() -> str:
    return (files("countenance") / ROOM / "page.css").read_text(encoding="utf-8")
