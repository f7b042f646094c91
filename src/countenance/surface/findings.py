"""What stands out in a record: state shares, unsure time with its reasons, and the moments worth a look."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby, pairwise

import numpy as np

from countenance.contracts.media import SECOND_US
from countenance.contracts.trust import ConsentStatus
from countenance.surface.record import CallRecord, Line, LineStatus, ModalityRecord, Use
from countenance.surface.series import Series

MOMENT_US = 3 * SECOND_US
MOMENTS = 5
BEFORE_US = 5 * SECOND_US
"""A reading follows the words that moved it by a few seconds."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A run of ticks that say the same."""

    start_us: int
    end_us: int
    label: str | None
    reason: str | None
    """An abstain reason; with no label and no reason nothing stood out."""
    first: int
    """Index of the first tick."""
    after: int
    """Index after the last tick."""

    @property
    def length_us(self) -> int:
        """How long it lasted."""
        return self.end_us - self.start_us


@dataclass(frozen=True, slots=True)
class Shares:
    """How the time of one series divides, in microseconds."""

    labels: dict[str, int]
    """Time each label led."""
    unclear_us: int
    """Read, but no label stood out."""
    not_sure: dict[str, int]
    """Abstained, by reason, longest first."""
    not_read_us: int
    """The rest of the call."""

    @property
    def read_us(self) -> int:
        """Time with a reading, clear or not."""
        return sum(self.labels.values()) + self.unclear_us

    @property
    def usual(self) -> str | None:
        """The label that led for more than half of the time with a reading."""
        return next((name for name, time in self.labels.items() if 2 * time > self.read_us), None)


@dataclass(frozen=True, slots=True)
class Moment:
    """A stretch worth a look."""

    participant_id: str
    taxonomy: str
    label: str
    start_us: int
    end_us: int
    probability: float
    low: float
    high: float
    quote: str
    """Words of this person that may be shown, or nothing."""


@dataclass(frozen=True, slots=True)
class Availability:
    """A stretch of one modality: read, or not and why."""

    start_us: int
    end_us: int
    state: str
    """`read`, `gap` (permitted, but nothing to read) or `off`."""
    reason: str
    """An abstain reason for a gap; for `off` a Use."""


def tick_spans(series: Series) -> Iterator[tuple[int, int]]:
    """The time each tick stands for: from the tick before, or its own start, to its end."""
    before = 0
    for start, end in zip(series.start_us.tolist(), series.end_us.tolist(), strict=True):
        yield max(start, before), end
        before = end


def stretches(series: Series) -> tuple[Stretch, ...]:
    """Runs of ticks with the same leading label or the same reason, cut where time has a hole."""
    runs: list[Stretch] = []
    ticks = zip(tick_spans(series), series.leading, series.reasons, strict=True)
    for row, ((start, end), label, reason) in enumerate(ticks):
        last = runs[-1] if runs else None
        if last and (last.label, last.reason, last.end_us) == (label, reason, start):
            runs[-1] = Stretch(last.start_us, end, label, reason, last.first, row + 1)
        else:
            runs.append(Stretch(start, end, label, reason, row, row + 1))
    return tuple(runs)


def shares(series: Series, duration_us: int) -> Shares:
    """How the call divides into states, unclear, unsure and unread time."""
    labels: Counter[str] = Counter(dict.fromkeys(series.labels, 0))
    reasons: Counter[str] = Counter()
    unclear = 0
    for run in stretches(series):
        if run.reason is not None:
            reasons[run.reason] += run.length_us
        elif run.label is not None:
            labels[run.label] += run.length_us
        else:
            unclear += run.length_us
    read = labels.total() + reasons.total() + unclear
    return Shares(dict(labels), unclear, dict(reasons.most_common()), max(0, duration_us - read))


def moments(record: CallRecord) -> tuple[Moment, ...]:
    """Stretches outside each person's usual state, at most a handful, in order of time: events, then the surest."""
    taxonomy = next(iter(record.taxonomies), None)
    found: list[Moment] = []
    for series in record.series:
        if series.taxonomy != taxonomy:
            continue
        usual = shares(series, record.duration_us).usual
        found.extend(
            _moment(record, series, run, run.label)
            for run in stretches(series)
            if run.label is not None and run.label != usual and run.length_us >= MOMENT_US
        )
    best = sorted(found, key=lambda one: (not _in_event(record, one), -_weight(one), one.start_us))[:MOMENTS]
    return tuple(sorted(best, key=lambda one: (one.start_us, one.participant_id)))


def availability(record: CallRecord, participant_id: str, modality: ModalityRecord) -> tuple[Availability, ...]:
    """One modality over the whole call: where it was read, where it gave nothing, where it was off."""
    edges: set[int] = {0, record.duration_us}
    gaps = [
        (max(0, one.start_us), min(record.duration_us, one.end_us), one.reason)
        for one in record.gaps
        if (one.participant_id, one.modality) == (participant_id, modality.modality)
    ]
    edges.update(edge for start, end, _ in gaps for edge in (start, end))
    edges.update(min(record.duration_us, max(0, one.at_us)) for one in modality.consents)
    ordered = sorted(edges)
    pieces: list[Availability] = []
    for start, end in pairwise(ordered):
        state, reason = _state_at(modality, gaps, start)
        if pieces and (pieces[-1].state, pieces[-1].reason) == (state, reason):
            pieces[-1] = Availability(pieces[-1].start_us, end, state, reason)
        else:
            pieces.append(Availability(start, end, state, reason))
    return tuple(pieces)


def quote(lines: tuple[Line, ...], participant_id: str, start_us: int, end_us: int) -> str:
    """The line of one person that fills most of a stretch, or of the few seconds before it, and may be shown."""

    def shared(line: Line) -> int:
        return min(end_us, line.end_us) - max(start_us - BEFORE_US, line.start_us)

    own = [one for one in lines if one.participant_id == participant_id and one.status is not LineStatus.HIDDEN]
    best = max(own, key=lambda line: (shared(line), -line.start_us), default=None)
    return best.text if best is not None and shared(best) > 0 else ""


def _state_at(modality: ModalityRecord, gaps: list[tuple[int, int, str]], at_us: int) -> tuple[str, str]:
    if modality.use in {Use.REFUSED, Use.NOT_ASKED, Use.DECLINED, Use.ABSENT}:
        return "off", modality.use.value
    status = ConsentStatus.GIVEN if modality.needs_nobody else None
    for one in modality.consents:
        if one.at_us <= at_us:
            status = one.status
    if status is not ConsentStatus.GIVEN:
        return "off", (Use.STOPPED if status is not None else Use.NOT_ASKED).value
    reason = next((why for start, end, why in gaps if start <= at_us < end), None)
    return ("read", "") if reason is None else ("gap", reason)


def _in_event(record: CallRecord, one: Moment) -> bool:
    return any(
        (event.participant_id, event.taxonomy, event.label) == (one.participant_id, one.taxonomy, one.label)
        and event.start_us < one.end_us
        and (event.end_us is None or event.end_us > one.start_us)
        for event in record.episodes
    )


def _weight(one: Moment) -> float:
    return one.low * (one.end_us - one.start_us)


def _moment(record: CallRecord, series: Series, run: Stretch, label: str) -> Moment:
    curve = series.labels[label]
    value, low, high = (float(np.mean(one[run.first : run.after])) for one in (curve.value, curve.low, curve.high))
    who = series.participant_id
    words = quote(record.transcript, who, run.start_us, run.end_us)
    return Moment(who, series.taxonomy, label, run.start_us, run.end_us, value, low, high, words)


def by_person(record: CallRecord) -> dict[str, list[Series]]:
    """The series of each participant, in the order of the taxonomies."""
    order = {name: place for place, name in enumerate(record.taxonomies)}
    ordered = sorted(record.series, key=lambda one: (one.participant_id, order.get(one.taxonomy, len(order))))
    groups = groupby(ordered, key=lambda one: one.participant_id)
    found = {who: list(group) for who, group in groups}
    return {one.participant.id: found.get(one.participant.id, []) for one in record.participants}
