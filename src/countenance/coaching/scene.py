"""What is known of a call at one moment: the estimates of this second, who spoke when, and the last words."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from countenance.coaching.conditions import Certainty, Side
from countenance.contracts.media import SECOND_US, Utterance
from countenance.contracts.telemetry import Stretch

KEPT_US = 900 * SECOND_US
"""No condition looks further back."""
BRIDGE_US = 1_500_000
"""A shorter own silence, in which nobody else speaks, does not end a turn."""
PAUSE_US = 700_000
"""Who was silent for so long is between two sentences."""
SURE_WIDTH, FAIR_WIDTH = 0.2, 0.4
"""Widths of a band up to which certainty is high, and medium."""

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Estimated:
    """The probability of one label, with its band."""

    value: float
    low: float
    high: float

    @property
    def width(self) -> float:
        """Of the band."""
        # Numbers come with six decimals; what is left beyond them is of the subtraction alone.
        return round(self.high - self.low, 6)


@dataclass(frozen=True, slots=True)
class State:
    """What was read of one person in one second."""

    participant_id: str
    labels: Mapping[str, Estimated]
    """Empty where nothing could be said."""
    label: str | None = None
    """The label that leads, if any does."""
    evidence: tuple[tuple[str, float], ...] = ()
    """Feature and value: what moved the label that leads, the weightiest first."""


@dataclass(frozen=True, slots=True)
class Tick:
    """One second of a call, after its readings are out."""

    end_us: int
    sides: Mapping[str, Side]
    """On which side each participant is; those on neither are left out."""
    states: tuple[State, ...] = ()
    """Of the taxonomy that the playbook names."""
    talk: tuple[Stretch, ...] = ()
    """Speech within this second."""
    words: tuple[Utterance, ...] = ()
    """What was said and may be read, heard in this second."""
    measured: frozenset[str] = frozenset()
    """Whose speech is measured now: silence of anybody else says nothing."""
    reads: frozenset[str] = frozenset()
    """Whose words may be read now."""


def state_of(data: Mapping[str, Any]) -> State:
    """A state out of the data of a sample, as it went out: live, from a file and from the store alike."""
    labels = {
        name: Estimated(one["probability"], one["interval"][0], one["interval"][1])
        for name, one in data.get("labels", {}).items()
    }
    evidence = tuple((one["feature"], one["value"]) for one in data.get("evidence", ()))
    return State(data["subject"]["participant_id"], labels, data.get("label"), evidence)


def certainty(width: float) -> Certainty:
    """The width of a band, in a word."""
    if width <= SURE_WIDTH:
        return Certainty.HIGH
    return Certainty.MEDIUM if width <= FAIR_WIDTH else Certainty.LOW


@dataclass(slots=True)
class Scene:
    """A call as far as coaching remembers it."""

    end_us: int = 0
    sides: Mapping[str, Side] = field(default_factory=dict)
    states: Mapping[str, State] = field(default_factory=dict)
    reads: frozenset[str] = frozenset()
    words: deque[Utterance] = field(default_factory=deque)
    _talk: dict[str, deque[Span]] = field(default_factory=dict)
    _measured_us: dict[str, int] = field(default_factory=dict)

    def step(self, tick: Tick) -> None:
        """Take in one more second."""
        self.end_us, self.sides, self.reads = tick.end_us, tick.sides, tick.reads
        self.states = {state.participant_id: state for state in tick.states}
        before_us = tick.end_us - SECOND_US
        self._measured_us = {who: self._measured_us.get(who, before_us) for who in sorted(tick.measured)}
        for one in sorted(tick.talk):
            self._hear(one)
        self.words.extend(sorted(tick.words, key=lambda one: (one.end_us, one.participant_id)))
        self._forget(tick.end_us - KEPT_US)

    def forget(self, participant_id: str) -> None:
        """Drop everything of one person."""
        self.states = {who: state for who, state in self.states.items() if who != participant_id}
        self.words = deque(one for one in self.words if one.participant_id != participant_id)
        self._talk.pop(participant_id, None)
        self._measured_us.pop(participant_id, None)

    def people(self, side: Side) -> list[str]:
        """Everybody on a side."""
        return [who for who, one in self.sides.items() if one is side]

    def measures(self, side: Side, since_us: int | None = None) -> bool:
        """Whether the speech of somebody on a side is measured, and has been since a time."""
        begun = [self._measured_us[who] for who in self.people(side) if who in self._measured_us]
        return bool(begun) and (since_us is None or min(begun) <= since_us)

    def may_read(self, side: Side) -> bool:
        """Whether the words of somebody on a side may be read."""
        return any(who in self.reads for who in self.people(side))

    def speaks(self, side: Side) -> bool | None:
        """Whether somebody on a side is in mid-sentence; None where that is not measured."""
        if not self.measures(side):
            return None
        last_us = max((spans[-1][1] for who in self.people(side) if (spans := self.spans(who))), default=0)
        return last_us > max(0, self.end_us - PAUSE_US)

    def spans(self, who: str) -> deque[Span]:
        """When somebody spoke, in order."""
        return self._talk.get(who, deque())

    def talk_us(self, side: Side, since_us: int) -> int:
        """How long a side spoke since a time."""
        return sum(
            end - max(start, since_us) for who in self.people(side) for start, end in self.spans(who) if end > since_us
        )

    def turn_us(self, who: str) -> int:
        """How long somebody has been speaking without a break; 0 when they are not."""
        spans = self.spans(who)
        if not spans or self.end_us - spans[-1][1] >= BRIDGE_US:
            return 0
        start_us, end_us = spans[-1]
        for earlier in list(spans)[-2::-1]:
            if start_us - earlier[1] >= BRIDGE_US or self._others_spoke(who, earlier[1], start_us):
                break
            start_us = earlier[0]
        return end_us - start_us

    def silent_us(self) -> int | None:
        """For how long nobody has spoken; None before the first word, or where a side is not measured."""
        ends = [spans[-1][1] for who in self.sides if (spans := self.spans(who))]
        if not ends or not all(self.measures(side, max(ends)) for side in Side):
            return None
        return max(0, self.end_us - max(ends))

    def said_since(self, side: Side, since_us: int) -> list[Utterance]:
        """What a side has said since a time."""
        return [one for one in self.words if one.end_us > since_us and self.sides.get(one.participant_id) is side]

    def _others_spoke(self, who: str, start_us: int, end_us: int) -> bool:
        others = (self.spans(one) for one in self._talk if one != who)
        return any(start < end_us and end > start_us for spans in others for start, end in spans)

    def _hear(self, one: Stretch) -> None:
        spans = self._talk.setdefault(one.participant_id, deque())
        if spans and one.start_us <= spans[-1][1]:
            spans[-1] = (spans[-1][0], max(spans[-1][1], one.end_us))
        elif one.end_us > one.start_us:
            spans.append((one.start_us, one.end_us))

    def _forget(self, before_us: int) -> None:
        for spans in self._talk.values():
            while spans and spans[0][1] <= before_us:
                spans.popleft()
        while self.words and self.words[0].end_us <= before_us:
            self.words.popleft()
