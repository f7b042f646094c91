"""Who spoke when, counted: turn-taking measures that infer nothing about anybody."""

from dataclasses import dataclass

FROM_VOICE = "voice"
FROM_TRANSCRIPT = "transcript"


@dataclass(frozen=True, slots=True, order=True)
class Stretch:
    """A half-open stretch of media time in which one participant spoke."""

    start_us: int
    end_us: int
    participant_id: str
    source: str = FROM_VOICE
    """`voice` (speech activity of a track that may be read) or `transcript` (the times of its lines)."""


@dataclass(frozen=True, slots=True, order=True)
class Turn:
    """Stretches of one participant joined over short silences."""

    start_us: int
    end_us: int
    participant_id: str

    @property
    def length_us(self) -> int:
        """How long the turn lasted."""
        return self.end_us - self.start_us


@dataclass(frozen=True, slots=True)
class Lag:
    """How fast one participant answers."""

    count: int
    """Turns that began after another's turn had ended."""
    median_us: int | None
    p90_us: int | None
    """Nearest rank; None when nothing was answered."""
    overlaps: int
    """Turns that began while another spoke; they are counted here and enter neither figure."""


@dataclass(frozen=True, slots=True)
class TalkMeasures:
    """The turn-taking of one participant."""

    participant_id: str
    sources: tuple[str, ...]
    """Where the stretches came from; empty when nothing of this person's speech was measured."""
    talk_us: int
    talk_share: float
    """Share of the talk time of all participants, 0..1; 0 when nobody spoke."""
    turns: int
    monologue: Turn | None
    """The longest turn, the earliest of equals."""
    pauses: int
    longest_pause_us: int
    response: Lag
    interruptions: int
    """Times this participant cut in and the other stopped."""
    interrupted: int
    """Times this participant was cut off."""
    words_per_minute: float | None
    """Only where the words may be read."""


@dataclass(frozen=True, slots=True)
class CallTelemetry:
    """The turn-taking of a whole call."""

    duration_us: int
    talk: tuple[TalkMeasures, ...]
    """In the order in which the participants were given."""
    turns: tuple[Turn, ...]
    silences: tuple[tuple[int, int], ...]
    """Half-open stretches in which nobody measured spoke for at least the dead-air limit."""

    @property
    def dead_air_us(self) -> int:
        """Sum of the silences."""
        return sum(end - start for start, end in self.silences)
