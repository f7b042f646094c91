"""How well a bundle does, for whom, and under what: the blocks that measurements fill."""

from collections.abc import Iterable, Iterator

from countenance.contracts.card import Figure
from countenance.evaluation.cards.artefacts import Artefacts
from countenance.evaluation.cards.document import Band, Block, Code, Facts, Said, Sheet, Words
from countenance.evaluation.cards.groups import groups, worst_group
from countenance.evaluation.cards.skeleton import skeleton
from countenance.evaluation.gate_words import SUMMARIES, who, why
from countenance.evaluation.report import Report

FEW = 6
FIGURE_COLUMNS = ("metric", "value", "95 % interval", "n", "majority")
NOT_MEASURED = "No measurement of the whole bundle was at hand; what follows is what its card says."


def glance(found: Artefacts) -> Iterator[Block]:
    """What a hurried reader needs."""
    card = found.card
    rows: list[tuple[str, Said]] = [
        ("Reads", card.modality),
        ("Weights", card.licence.weights),
        ("Data", card.licence.data),
    ]
    for report in found.reports:
        where = f"{report.data.title}, {report.data.split}"
        rows += [(name.replace("_", " "), f"{_metric(report, name)} on {where}") for name in report.leading[:2]]
    if not found.reports:
        rows += [(one.metric.replace("_", " "), _figure(one)) for one in card.figures[:2]]
    if worst := worst_group(found):
        rows.append(("Least well served", worst))
    if card.limits:
        rows.append(("First limit", card.limits[0]))
    yield Facts(tuple(rows))


def figures(found: Artefacts) -> Iterator[Block]:
    """Every figure with its interval, n and what knowing nothing gives."""
    for report in found.reports:
        yield from measured(report)
    if not found.reports:
        yield Words(NOT_MEASURED)
    plain = [one for one in found.card.figures if not _is_hard(one) and not _is_group(one)]
    yield from _by_protocol(plain)


def measured(report: Report) -> Iterator[Block]:
    """The figures of one report, the leading ones as bands and the others as a table."""
    data = report.data
    yield Words(
        f"Measured on {data.title}, {data.split}: {report.n:,} of {data.rows:,} rows judged"
        + "".join(f", {n:,} not judged ({reason.replace('_', ' ')})" for reason, n in data.abstained.items())
        + f"; {report.clusters:,} {data.cluster}s drawn. {report.protocol}. "
        + f"Checked against {report.identities.checked_against}: {report.identities.shared} shared."
    )
    rows = []
    for name in dict.fromkeys((*report.leading, *report.metrics)):
        one = report.metrics[name]
        band = "" if one.low is None or one.high is None else f"{one.low:.3f} to {one.high:.3f}"
        majority = "" if one.majority is None else f"{one.majority:.3f}"
        value = "not defined" if one.value is None else f"{one.value:.3f}"
        rows.append((Code(name), value, band, f"{one.n:,}", majority))
    yield Sheet(
        f"Figures on {data.title}, {data.split}", ("metric", "value", "95 % interval", "n", "majority"), tuple(rows)
    )
    if report.risk_coverage is not None and report.risk_coverage.chosen:
        stops = tuple(
            (f"{one.wanted:.2f}", _or_dash(one.threshold), _or_dash(one.coverage), _or_dash(one.risk), f"{one.n:,}")
            for one in report.risk_coverage.chosen
        )
        columns = ("error wanted", "declines below", "share answered", "error there", "n")
        yield Sheet("What declining buys, thresholds from development data", columns, stops)
    for kind, sets in report.conformal.items():
        yield Words(
            f"Prediction sets ({kind.upper()}) promise to hold the label in {1 - sets.alpha:.2f} of rows; measured "
            f"{_or_dash(sets.overall.coverage)} with {_or_dash(sets.overall.size)} labels on average."
        )


def slices(found: Artefacts) -> Iterator[Block]:
    """Every group of people, worst first."""
    made = list(groups(found))
    yield from made or [
        Words(
            "None was measured: the data says nothing of who the people are. " + found.card.data.get("demographics", "")
        )
    ]


def robustness(found: Artefacts) -> Iterator[Block]:
    """Figures under conditions harder than the plain protocol."""
    hard = [one for one in found.card.figures if _is_hard(one)]
    yield from _by_protocol(hard)
    if not hard:
        yield Words("No figure under harder conditions was measured.")


def metrics(found: Artefacts) -> Iterator[Block]:
    """What each metric means, and so why it stands here."""
    means: dict[str, str] = {}
    for report in found.reports:
        means |= {name: f"{one.meaning[:1].upper()}{one.meaning[1:]}." for name, one in report.metrics.items()}
    for one in found.card.figures:
        name = one.metric.partition(",")[0]
        if name not in means and (meaning := skeleton().meaning(name)):
            means[name] = meaning
    by_meaning: dict[str, list[str]] = {}
    for name, meaning in means.items():
        by_meaning.setdefault(meaning, []).append(name)
    rows = tuple((Code(_few(names)), meaning) for meaning, names in by_meaning.items())
    yield Sheet("Metrics", ("metric", "what it says"), rows)
    yield Words(
        "Intervals stand beside all that was drawn again; the majority column says what knowing nothing would give. "
        "Calibration is measured beside accuracy because probabilities are shown to people."
    )


def changes(found: Artefacts) -> Iterator[Block]:
    """What the release gate says against the release before."""
    if found.outcome is None:
        yield Words("No earlier measurement was given to compare with.")
        return
    yield Words(f"The release gate says: {SUMMARIES[found.outcome.verdict]}.")
    rows = tuple((who(one), one.verdict.value, why(one)) for one in found.outcome.slices())
    yield Sheet("Group by group", ("who", "verdict", "what decided it"), rows)


def _by_protocol(given: Iterable[Figure]) -> Iterator[Block]:
    protocols: dict[str, list[Figure]] = {}
    for one in given:
        protocols.setdefault(one.protocol, []).append(one)
    for protocol, figures_of in protocols.items():
        yield Sheet(f"{protocol[:1].upper()}{protocol[1:]}", FIGURE_COLUMNS, tuple(map(_row, figures_of)))


def _row(one: Figure) -> tuple[Said, ...]:
    band = Band("", one.value, one.low, one.high, one.n).interval
    majority = "" if one.majority is None else f"{one.majority:.3f}"
    return Code(one.metric), f"{one.value:.3f}", band, f"{one.n:,}", majority


def _is_group(one: Figure) -> bool:
    return "," in one.metric


def _is_hard(one: Figure) -> bool:
    said = one.metric.lower().replace("_", " ").split()
    return not _is_group(one) and (
        any(word in said for word in skeleton().robustness.words)
        or any(f" {word} scenes" in one.protocol for word in ("hard",))
    )


def _metric(report: Report, name: str) -> str:
    one = report.metrics[name]
    if one.value is None:
        return "not defined"
    return f"{one.value:.3f}" + ("" if one.low is None or one.high is None else f" [{one.low:.3f}, {one.high:.3f}]")


def _figure(one: Figure) -> str:
    band = "" if one.low is None or one.high is None else f" [{one.low:.3f}, {one.high:.3f}]"
    return f"{one.value:.3f}{band}, n {one.n:,}"


def _few(names: list[str]) -> str:
    return ", ".join(names[:FEW]) + (f" and {len(names) - FEW} more" if len(names) > FEW else "")


def _or_dash(value: float | None) -> str:
    return "none" if value is None else f"{value:.3f}"
