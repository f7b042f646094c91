"""Who speaks, as a media server says it to everybody in a room: whether, never what or how; kept for some seconds."""

from collections import deque
from collections.abc import Collection, Mapping

from countenance.contracts.media import SECOND_US

KEPT_US = 30 * SECOND_US
MOST = 64
"""Stretches of one person that are kept at most."""

Span = tuple[int, int]


class Speakers:
    """The people of one call of whom a media server tells it; in media time. No sound is received for this."""

    def __init__(self) -> None:
        self._since: dict[str, int | None] = {}
        """From when each person has been speaking; None while they are silent."""
        self._spans: dict[str, deque[Span]] = {}

    def say(self, participant_id: str, *, speaks: bool, at_us: int) -> None:
        """Somebody speaks, or is silent, from now on; saying so again changes nothing."""
        since = self._since.get(participant_id)
        if speaks and since is None:
            self._since[participant_id] = at_us
        elif not speaks:
            if since is not None:
                self._spans.setdefault(participant_id, deque(maxlen=MOST)).append((since, at_us))
            self._since[participant_id] = None

    def only(self, speaking: Collection[str], present: Collection[str], at_us: int) -> None:
        """Of those present these speak, and no others."""
        self.keep(present)
        for participant_id in sorted(present):
            self.say(participant_id, speaks=participant_id in speaking, at_us=at_us)

    def keep(self, present: Collection[str] = ()) -> None:
        """Of everybody else nothing is known any more: they left, or the line to the media server is down."""
        self._since = {who: since for who, since in self._since.items() if who in present}
        self._spans = {who: spans for who, spans in self._spans.items() if who in present}

    def spans(self, now_us: int) -> Mapping[str, tuple[Span, ...]]:
        """When each of them spoke lately; those who are known to have been silent are there with nothing."""
        found: dict[str, tuple[Span, ...]] = {}
        for who, since in sorted(self._since.items()):
            before = self._spans.get(who, deque())
            while before and before[0][1] < now_us - KEPT_US:
                before.popleft()
            found[who] = (*before, *(() if since is None else ((since, now_us),)))
        return found
