"""What the report page shows, worked out before any template runs."""

from dataclasses import dataclass, replace

from markupsafe import Markup

from countenance.contracts.media import SECOND_US
from countenance.surface import words
from countenance.surface.drawing import curve, percent
from countenance.surface.findings import Moment, availability, by_person, moments, shares, stretches, tick_spans
from countenance.surface.record import CallRecord, ParticipantRecord, Use
from countenance.surface.series import Curve, Episode, Series
from countenance.surface.summary import episode_words

ROWS = 60
GAPS = 12
REASONS = 3
STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200)
ENDS = {
    "valence": ("pleasant", "unpleasant"),
    "arousal": ("lively", "calm"),
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


@dataclass(frozen=True, slots=True)
class Strip:
    """One modality over the call."""

    name: str
    pieces: tuple[Piece, ...]
    summary: str


@dataclass(frozen=True, slots=True)
class Person:
    """Everything about one person on the timeline."""

    id: str
    name: str
    charts: tuple[Chart, ...]
    strips: tuple[Strip, ...]
    events: tuple[Piece, ...]
    gaps: tuple[Piece, ...]
    """Where something permitted gave nothing, or stopped, with the reason: the longest, in order of time."""
    shorter_gaps: int
    """How many more there are."""
    runs: tuple[tuple[float, float, str], ...]
    """What the reading says, in words, from second to second."""


TITLES = {
    "engagement.v1": "Engagement",
    "ekman7.v1": "Expressions",
    "va.v1": "Pleasantness and liveliness",
}


def people(record: CallRecord) -> tuple[Person, ...]:
    """Every person of the call."""
    series = by_person(record)
    return tuple(_person(record, one, series[one.participant.id]) for one in record.participants)


def ticks(duration_us: int, most: int = 6) -> tuple[tuple[float, str], ...]:
    """Places in percent and times of the marks on the time axis."""
    seconds = max(1, duration_us // SECOND_US)
    step = next((one for one in STEPS if seconds / one <= most), STEPS[-1] * (1 + seconds // (STEPS[-1] * most)))
    return tuple((percent(at * SECOND_US, duration_us), words.clock(at * SECOND_US)) for at in range(0, seconds, step))


def talk_pieces(record: CallRecord, participant_id: str) -> tuple[Piece, ...]:
    """The turns of one person."""
    turns = (turn for turn in record.telemetry.turns if turn.participant_id == participant_id)
    return tuple(
        piece(turn.start_us, turn.end_us, record.duration_us, "talk", f"spoke for {words.lasting(turn.length_us)}")
        for turn in turns
    )


def silence_pieces(record: CallRecord) -> tuple[Piece, ...]:
    """Dead air."""
    return tuple(
        piece(start, end, record.duration_us, "gap", f"dead air for {words.lasting(end - start)}")
        for start, end in record.telemetry.silences
    )


def piece(start_us: int, end_us: int, duration_us: int, kind: str, text: str) -> Piece:
    """A block on the time axis."""
    left, right = percent(start_us, duration_us), percent(end_us, duration_us)
    return Piece(left, round(right - left, 3), kind, text, start_us / SECOND_US, end_us / SECOND_US)


def moments_of(record: CallRecord) -> dict[str, list[Moment]]:
    """The moments worth a look, by person."""
    found: dict[str, list[Moment]] = {one.participant.id: [] for one in record.participants}
    for one in moments(record):
        found[one.participant_id].append(one)
    return found


def use_words(use: Use, stopped_us: int | None) -> str:
    """What became of a modality, in words."""
    if use is Use.STOPPED:
        return f"consent withdrawn at {words.clock(stopped_us or 0)}"
    return {
        Use.READ: "read",
        Use.DECLINED: "not read: consent refused",
        Use.NOT_ASKED: "not read: no consent given",
        Use.REFUSED: "not read: not permitted",
        Use.ABSENT: "nothing in the recording",
    }[use]


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


def _person(record: CallRecord, person: ParticipantRecord, series: list[Series]) -> Person:
    who = person.participant.id
    strips = tuple(_strips(record, person))
    gaps = sorted((one for strip in strips for one in strip.pieces if _is_gap(one)), key=lambda one: -one.width)
    return Person(
        id=who,
        name=person.participant.name,
        charts=tuple(_chart(record, one) for one in series),
        strips=strips,
        events=tuple(_event(record, one) for one in record.episodes if one.participant_id == who),
        gaps=tuple(sorted(gaps[:GAPS], key=lambda one: one.at)),
        shorter_gaps=len(gaps[GAPS:]),
        runs=_runs(series[0]) if series else (),
    )


def _event(record: CallRecord, one: Episode) -> Piece:
    end = record.duration_us if one.end_us is None else one.end_us
    text = f"{words.plain(one.name)}: {episode_words(one)}"
    why = words.listed([words.feature(name) for name, effect in one.evidence if effect > 0][:REASONS])
    return replace(piece(one.start_us, end, record.duration_us, "event", text), why=why)


def _is_gap(one: Piece) -> bool:
    return one.kind == "gap" or (one.kind == "off" and one.at > 0)


def _strips(record: CallRecord, person: ParticipantRecord) -> list[Strip]:
    strips: list[Strip] = []
    for one in person.modalities:
        pieces: list[Piece] = []
        said: list[str] = []
        for part in availability(record, person.participant.id, one):
            text = "read"
            if part.state == "gap":
                text = words.gap(one.modality, part.reason)
            elif part.state == "off":
                text = use_words(Use(part.reason), one.stopped_us)
            pieces.append(piece(part.start_us, part.end_us, record.duration_us, part.state, text))
            said.append(f"{words.clock(part.start_us)} to {words.clock(part.end_us)} {text}")
        strips.append(Strip(words.modality(one.modality), tuple(pieces), "; ".join(said)))
    return strips


def _chart(record: CallRecord, series: Series) -> Chart:
    order = record.taxonomies.get(series.taxonomy, ())
    curves = {**series.labels, **series.dimensions}
    names = [name for name in order if name in curves] or sorted(curves)
    lanes = tuple(_lane(record, series, name, curves[name], name in series.dimensions) for name in names)
    title = TITLES.get(series.taxonomy, words.capital(words.plain(series.taxonomy)))
    return Chart(title, lanes, _sheet(series, names, curves), _divided(record, series), _states(record, series, names))


def _states(record: CallRecord, series: Series, names: list[str]) -> tuple[Piece, ...]:
    pieces: list[Piece] = []
    for run in stretches(series) if series.labels else ():
        kind, text = "unclear", "no clear state"
        if run.reason is not None:
            kind, text = "gap", words.reason(run.reason)
        elif run.label is not None:
            kind, text = f"state c{names.index(run.label) % 8}", words.plain(run.label)
        pieces.append(piece(run.start_us, run.end_us, record.duration_us, kind, text))
    return tuple(pieces)


def _lane(record: CallRecord, series: Series, name: str, drawn: Curve, signed: bool) -> Lane:
    top, bottom = ENDS.get(name, ("likely", "unlikely"))
    shown = tuple(
        (one.start_us, record.duration_us if one.end_us is None else one.end_us)
        for one in record.episodes
        if (one.participant_id, one.taxonomy, one.label) == (series.participant_id, series.taxonomy, name)
    )
    summary = _lane_summary(series, name, drawn, signed, (top, bottom))
    picture = curve(series, drawn, record.duration_us, -1.0 if signed else 0.0, summary, shown)
    return Lane(words.capital(words.plain(name)), top, bottom, summary, picture)


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


def _runs(series: Series) -> tuple[tuple[float, float, str], ...]:
    found: list[tuple[float, float, str]] = []
    for row, (start, end) in enumerate(tick_spans(series)):
        text = tick_words(series, row)
        if found and found[-1][1:] == (start / SECOND_US, text):
            found[-1] = (found[-1][0], end / SECOND_US, text)
        else:
            found.append((start / SECOND_US, end / SECOND_US, text))
    return tuple(found)
