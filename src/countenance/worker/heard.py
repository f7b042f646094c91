"""What a worker hears of a call that is coached: who spoke in a window, and the words that were read in it."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from countenance.contracts.media import Utterance

Spans = Mapping[str, tuple[tuple[int, int], ...]]
"""When each participant spoke: half-open stretches in order."""


@dataclass(frozen=True, slots=True)
class Heard:
    """Of one window."""

    talk: Spans = field(default_factory=dict)
    words: tuple[Utterance, ...] = ()
    floor: Spans = field(default_factory=dict)
    """Who spoke as the media server says it, whether or not anything of them is read."""

    def without(self, stopped: Collection[str]) -> "Heard":
        """The same, but nothing of people who have stopped."""
        talk = {who: spans for who, spans in self.talk.items() if who not in stopped}
        floor = {who: spans for who, spans in self.floor.items() if who not in stopped}
        return Heard(talk, tuple(one for one in self.words if one.participant_id not in stopped), floor)


SILENT = Heard()


class Hearing:
    """Tells each word once, and of the talk what lies in the window."""

    def __init__(self, spoke: Callable[[], Spans], words: Sequence[Utterance], floor: Callable[[], Spans]) -> None:
        """`words`: grows as they are read."""
        self._spoke = spoke
        self._words = words
        self._floor = floor
        self._told = 0

    def in_window(self, start_us: int, end_us: int) -> Heard:
        """What was heard in a window, and the words that came since the one before."""
        talk, floor = (
            {who: tuple(_clipped(spans, start_us, end_us)) for who, spans in told().items()}
            for told in (self._spoke, self._floor)
        )
        words = tuple(self._words[self._told :])
        self._told += len(words)
        return Heard(talk, words, floor)


def _clipped(spans: Sequence[tuple[int, int]], first_us: int, last_us: int) -> Sequence[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for start_us, end_us in reversed(spans):
        if end_us <= first_us:
            break
        if start_us < last_us:
            found.append((max(start_us, first_us), min(end_us, last_us)))
    return found[::-1]
