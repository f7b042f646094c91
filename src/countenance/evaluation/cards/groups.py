"""Groups of people, worst first: from the reports, and from figures of the card on data that no report covers."""

import re
from collections.abc import Iterator

from countenance.contracts.card import Figure
from countenance.evaluation.cards.artefacts import Artefacts
from countenance.evaluation.cards.document import Band, Bands, Block, Words
from countenance.evaluation.gate_limits import shipped_gates
from countenance.evaluation.report import Report, SliceRow

STATED, JUDGED = "People stated these groups themselves.", "Others judged these groups; the people were not asked."
UNKNOWN = "Who stated the groups is not recorded with these figures."
TOO_FEW = "not enough data"
LOW_IS_BETTER = ("error", "firing", "miss", "ece", "brier", "nll")
OF_CARD = re.compile(r"(?P<metric>\w+), (?P<attribute>\w+) (?P<value>.+)|(?P<prefix>\w+)(?<!_minus)_(?P<sex>women|men)")


def groups(found: Artefacts) -> Iterator[Block]:
    """Bands per measure over all groups, each block opened by who stated the groups."""
    for report in _sliced(found):
        stated = STATED if report.self_reported else JUDGED
        yield Words(f"On {report.data.title}, {report.data.split}. {stated}")
        yield from of_report(report)
    yield from of_card(found)


def of_report(report: Report) -> Iterator[Bands]:
    """One block per measure, in the order of the report."""
    for name in dict.fromkeys(row.metric for row in report.slices if row.metric in report.leading):
        rows = [row for row in report.slices if row.metric == name]
        title = f"{_plain(name)} by group on {report.data.title}, {report.data.split}"
        yield Bands(title, name, tuple(_band(row) for row in rows), report.metrics[name].value)


def of_card(found: Artefacts) -> Iterator[Block]:
    """The same from figures of the card that name a group, on data that no report covers group by group."""
    covered = [report.protocol for report in _sliced(found)]
    tables: dict[tuple[str, str, str], list[tuple[str, str, Figure]]] = {}
    for one in found.card.figures:
        match = OF_CARD.fullmatch(one.metric)
        # The first word of a protocol is the name of its corpus.
        if match and not any(protocol.startswith(one.protocol.split()[0]) for protocol in covered):
            metric = match["metric"] or match["prefix"]
            group = f"{match['attribute']} {match['value']}" if match["metric"] else match["sex"]
            protocol, note, stated = _said_of(one)
            tables.setdefault((metric, protocol, stated), []).append((group, note, one))
    for (metric, protocol, stated), rows in tables.items():
        worse = -1 if any(word in metric for word in LOW_IS_BETTER) else 1
        rows.sort(key=lambda row: (worse * row[2].value, row[0]))
        named = (f for f in found.card.figures if f.metric == metric and f.protocol.startswith(protocol))
        whole = next((f.value for f in named), None)
        bands = tuple(
            Band(group, one.value, one.low, one.high, one.n, "; ".join(filter(None, (note, _thin(one.n)))))
            for group, note, one in rows
        )
        yield Words(f"{protocol}. {stated}")
        yield Bands(f"{_plain(metric)} by group", metric, bands, whole)


def _said_of(one: Figure) -> tuple[str, str, str]:
    """The protocol of a figure without what it says of the one group, that, and who stated the groups."""
    kept, notes, stated = [], [], UNKNOWN
    for part in one.protocol.split("; "):
        if part == "judged by others":
            stated = JUDGED
        elif " points from " in part:
            notes.append(part)
        else:
            kept.append(part)
    return "; ".join(kept), "; ".join(notes), stated


def worst_group(found: Artefacts) -> str:
    """The group with the largest shortfall in the leading measure, in words; empty where none was measured."""
    first = next(worst_rows(found), None)
    if first is None:
        return ""
    measure, group, figure, _, _, away, *_ = first
    return f"{group}: {measure} {figure}" + (f", {away}" if away else "")


def worst_rows(found: Artefacts) -> Iterator[tuple[str, ...]]:
    """Per measure: name, worst group with enough data, figure, interval, n, distance, who stated it, on what."""
    for report in _sliced(found):
        stated = "themselves" if report.self_reported else "others"
        where = f"{report.data.title}, {report.data.split}"
        for name in report.leading:
            kept = (row for row in report.slices if row.metric == name and not _thin(row.n, row.clusters))
            if row := next((row for row in kept if row.figure is not None), None):
                band = _band(row)
                said = (_plain(name), band.name, f"{row.figure:.3f}", band.interval, f"{row.n:,}", distance(row))
                yield *said, stated, where
    stated = where = "not recorded"
    for block in of_card(found):
        if isinstance(block, Words):
            stated = "others" if block.words.endswith(JUDGED) else "not recorded"
            where = block.words.removesuffix(f" {JUDGED}").removesuffix(f" {UNKNOWN}")
        elif isinstance(block, Bands) and (one := next((one for one in block.rows if TOO_FEW not in one.note), None)):
            said = (_plain(block.metric), one.name, f"{one.value:.3f}", one.interval, f"{one.n:,}", one.note)
            yield *said, stated, where


def _sliced(found: Artefacts) -> list[Report]:
    return [report for report in found.reports if report.slices]


def distance(row: SliceRow) -> str:
    """How far a group is from everybody, in words, with the interval."""
    if row.difference is None:
        return TOO_FEW
    if row.difference == 0:
        return "as everybody"
    worse = row.difference < 0 if row.higher_is_better else row.difference > 0
    band = ""
    if row.difference_low is not None and row.difference_high is not None:
        way = 1 if row.difference > 0 else -1
        low, high = sorted((way * row.difference_low, way * row.difference_high))
        band = f" [{low:.3f}, {high:.3f}]"
    return f"{'worse' if worse else 'better'} than everybody by {abs(row.difference):.3f}{band}"


def _band(row: SliceRow) -> Band:
    if row.figure is None:
        return Band(f"{row.attribute} {row.value}", None, None, None, row.n, TOO_FEW)
    thin = _thin(row.n, row.clusters)
    note = f"{distance(row)}; {thin}" if thin else distance(row)
    return Band(f"{row.attribute} {row.value}", row.figure, row.low, row.high, row.n, note)


def _thin(n: int, clusters: int | None = None) -> str:
    least = shipped_gates().least
    if n < least.rows:
        return f"not enough data: under {least.rows} rows"
    if clusters is not None and clusters < least.people:
        return f"not enough data: {clusters} {'person' if clusters == 1 else 'people'}"
    return ""


def _plain(name: str) -> str:
    return name.replace("_", " ")
