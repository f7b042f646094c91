"""What the report page shows, worked out before any template runs."""

from dataclasses import dataclass, replace

from countenance.contracts.call import TELEMETRY
from countenance.contracts.features import feature_words
from countenance.contracts.media import SECOND_US
from countenance.contracts.readings import Reason
from countenance.surface import words
from countenance.surface.charts import Chart, Piece, chart, piece, spoken_runs
from countenance.surface.drawing import percent
from countenance.surface.findings import Moment, availability, by_person, moments
from countenance.surface.record import CallRecord, ParticipantRecord, Use
from countenance.surface.series import Episode, Series
from countenance.surface.summary import episode_words

GAPS = 12
REASONS = 3
STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200)


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
    """Where something permitted gave nothing, or stopped, and why: the longest, in order of time, silence apart."""
    shorter_gaps: int
    """How many more there are."""
    runs: tuple[tuple[float, float, str], ...]
    """What the reading says, in words, from second to second."""


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


def _person(record: CallRecord, person: ParticipantRecord, series: list[Series]) -> Person:
    who = person.participant.id
    strips = tuple(_strips(record, person))
    gaps = sorted((one for strip in strips for one in strip.pieces if _is_gap(one)), key=lambda one: -one.width)
    return Person(
        id=who,
        name=person.participant.name,
        charts=tuple(chart(record, one) for one in series),
        strips=strips,
        events=tuple(_event(record, one) for one in record.episodes if one.participant_id == who),
        gaps=tuple(sorted(gaps[:GAPS], key=lambda one: one.at)),
        shorter_gaps=len(gaps[GAPS:]),
        runs=spoken_runs(series[0]) if series else (),
    )


def _event(record: CallRecord, one: Episode) -> Piece:
    end = record.duration_us if one.end_us is None else one.end_us
    text = f"{words.plain(one.name)}: {episode_words(one)}"
    why = words.listed([feature_words(name, "en") for name, effect in one.evidence if effect > 0][:REASONS])
    return replace(piece(one.start_us, end, record.duration_us, "event", text), why=why)


def _is_gap(one: Piece) -> bool:
    return one.kind == "gap" or (one.kind == "off" and one.at > 0)


def _strips(record: CallRecord, person: ParticipantRecord) -> list[Strip]:
    strips: list[Strip] = []
    for one in (each for each in person.modalities if each.modality != TELEMETRY):
        pieces: list[Piece] = []
        said: list[str] = []
        for part in availability(record, person.participant.id, one):
            text = "read"
            if part.state == "gap":
                text = words.gap(one.modality, part.reason)
            elif part.state == "off":
                text = use_words(Use(part.reason), one.stopped_us)
            kind = "silent" if part.reason == Reason.SILENCE else part.state
            pieces.append(piece(part.start_us, part.end_us, record.duration_us, kind, text))
            said.append(f"{words.clock(part.start_us)} to {words.clock(part.end_us)} {text}")
        strips.append(Strip(words.modality(one.modality), tuple(pieces), "; ".join(said)))
    return strips
