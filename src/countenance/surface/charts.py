"""The curves of one person in one taxonomy: lanes, states, words and the table behind them."""

from dataclasses import dataclass

from markupsafe import Markup

from countenance.contracts.media import SECOND_US
from countenance.surface import words
from countenance.surface.drawing import curve, percent
from countenance.surface.findings import shares, stretches, tick_spans
from countenance.surface.record import CallRecord
from countenance.surface.series import Curve, Series

ROWS = 60
COLOURS = 8
ENDS = {
    "valence": ("pleasant", "unpleasant"),
    "arousal": ("lively", "calm"),
}


TITLES = {
    "engagement.v1": "Engagement",
    "ekman7.v1": "Expressions",
    "va.v1": "Pleasantness and liveliness",
}


@dataclass(frozen=True, slots=True)
class Piece:
    """A block on the time axis."""

    left: float
    width: float
    kind: str
    words: str
    at: float
    """Seconds since call start."""
    until: float
    why: str = ""
    """What moved the reading, for events."""


@dataclass(frozen=True, slots=True)
class Lane:
    """One curve."""

    name: str
    top: str
    bottom: str
    summary: str
    picture: Markup
    colour: int
    """Index of a colour, the same for a label in every report."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """The table behind a chart."""

    columns: tuple[str, ...]
    rows: tuple[tuple[float, tuple[str, ...]], ...]
    """Seconds since call start, and a cell per column."""


@dataclass(frozen=True, slots=True)
class Chart:
    """One person in one taxonomy."""

    title: str
    lanes: tuple[Lane, ...]
    sheet: Sheet
    summary: str
    states: tuple[Piece, ...]
    """What leads, or why nothing does."""


def chart(record: CallRecord, series: Series) -> Chart:
    """Every curve of one series, with its table and its words."""
    order = record.taxonomies.get(series.taxonomy, ())
    curves = {**series.labels, **series.dimensions}
    names = [name for name in order if name in curves] or sorted(curves)
    lanes = tuple(_lane(record, series, name, curves[name], _colour(order, name)) for name in names)
    title = TITLES.get(series.taxonomy, words.capital(words.plain(series.taxonomy)))
    return Chart(title, lanes, _sheet(series, names, curves), _divided(record, series), _states(record, series, order))


def spoken_runs(series: Series) -> tuple[tuple[float, float, str], ...]:
    """What a series says in words, from second to second, runs joined."""
    found: list[tuple[float, float, str]] = []
    for row, (start, end) in enumerate(tick_spans(series)):
        text = tick_words(series, row)
        if found and found[-1][1:] == (start / SECOND_US, text):
            found[-1] = (found[-1][0], end / SECOND_US, text)
        else:
            found.append((start / SECOND_US, end / SECOND_US, text))
    return tuple(found)


def piece(start_us: int, end_us: int, duration_us: int, kind: str, text: str) -> Piece:
    """A block on the time axis."""
    left, right = percent(start_us, duration_us), percent(end_us, duration_us)
    return Piece(left, round(right - left, 3), kind, text, start_us / SECOND_US, end_us / SECOND_US)


def tick_words(series: Series, row: int) -> str:
    """What one tick says."""
    reason, label = series.reasons[row], series.leading[row]
    if reason is not None:
        return f"not sure: {words.reason(reason)}"
    if label is None or label not in series.labels:
        return "no clear state"
    value, low, high = numbers(series.labels[label], row)
    return words.estimate(label, value, low, high)


def numbers(drawn: Curve, row: int) -> tuple[float, float, float]:
    """Value and band of one tick."""
    return float(drawn.value[row]), float(drawn.low[row]), float(drawn.high[row])


def _states(record: CallRecord, series: Series, order: tuple[str, ...]) -> tuple[Piece, ...]:
    pieces: list[Piece] = []
    for run in stretches(series) if series.labels else ():
        kind, text = "unclear", "no clear state"
        if run.reason is not None:
            kind, text = "gap", words.reason(run.reason)
        elif run.label is not None:
            kind, text = f"state c{_colour(order, run.label)}", words.plain(run.label)
        pieces.append(piece(run.start_us, run.end_us, record.duration_us, kind, text))
    return tuple(pieces)


def _lane(record: CallRecord, series: Series, name: str, drawn: Curve, colour: int) -> Lane:
    signed = name in series.dimensions
    top, bottom = ENDS.get(name, ("likely", "unlikely"))
    shown = tuple(
        (one.start_us, record.duration_us if one.end_us is None else one.end_us)
        for one in record.episodes
        if (one.participant_id, one.taxonomy, one.label) == (series.participant_id, series.taxonomy, name)
    )
    summary = _lane_summary(series, name, drawn, signed, (top, bottom))
    picture = curve(series, drawn, record.duration_us, -1.0 if signed else 0.0, summary, shown)
    return Lane(words.capital(words.plain(name)), top, bottom, summary, picture, colour)


def _colour(order: tuple[str, ...], name: str) -> int:
    return order.index(name) % COLOURS if name in order else len(order) % COLOURS


def _lane_summary(series: Series, name: str, drawn: Curve, signed: bool, ends: tuple[str, str]) -> str:
    known = [row for row in range(len(series)) if drawn.value[row] == drawn.value[row]]
    if not known:
        return f"{words.plain(name)}: no reading."
    peak = max(known, key=lambda row: float(drawn.value[row]))
    at = words.clock(int(series.start_us[peak]))
    if signed:
        return f"{words.plain(name)}: most {ends[0]} at {at}."
    value, low, high = numbers(drawn, peak)
    return f"{words.plain(name)}: highest at {at}, {words.likelihood(value)}, {words.certainty(low, high)}."


def _divided(record: CallRecord, series: Series) -> str:
    divided = shares(series, record.duration_us)
    led = sorted(((time, name) for name, time in divided.labels.items() if time), reverse=True)
    parts = [f"{words.plain(name)} for {words.lasting(time)}" for time, name in led]
    if divided.unclear_us:
        kind = "no clear state" if divided.labels else "read"
        parts.append(f"{kind} for {words.lasting(divided.unclear_us)}")
    parts += [f"not sure for {words.lasting(time)} ({words.reason(why)})" for why, time in divided.not_sure.items()]
    return f"{words.capital(words.listed(parts))}." if parts else "No reading."


def _sheet(series: Series, names: list[str], curves: dict[str, Curve]) -> Sheet:
    step = max(1, -(-len(series) // ROWS))
    rows = []
    for row in range(0, len(series), step):
        cells = [tick_words(series, row)] if series.labels else []
        cells += [_cell(curves[name], row) for name in names]
        rows.append((int(series.start_us[row]) / SECOND_US, tuple(cells)))
    heads = (["in words"] if series.labels else []) + [words.plain(name) for name in names]
    return Sheet(tuple(heads), tuple(rows))


def _cell(drawn: Curve, row: int) -> str:
    value, low, high = numbers(drawn, row)
    return "no reading" if value != value else f"{value:.2f} ({low:.2f} to {high:.2f})"
