"""Who speaks, as their own pages say it: counted like a voice that is heard, and forgotten when nobody repeats it."""

from collections.abc import Mapping

LAPSE_US = 10_000_000
"""A page that says nothing for so long is gone: whether its person speaks is not known any more."""

Span = tuple[int, int]


class Reported:
    """What the pages of one call have said, in media time."""

    def __init__(self) -> None:
        self._since: dict[str, int | None] = {}
        """From when each person has been speaking; None while they are silent."""
        self._heard_us: dict[str, int] = {}
        self._spans: dict[str, list[Span]] = {}

    def say(self, participant_id: str, *, speaks: bool, at_us: int) -> None:
        """A page says whether its person speaks from now on."""
        self._heard_us[participant_id] = at_us
        since = self._since.get(participant_id)
        if speaks:
            self._since[participant_id] = at_us if since is None else since
            return
        if since is not None:
            self._spans.setdefault(participant_id, []).append((since, at_us))
        self._since[participant_id] = None

    def window(self, start_us: int, end_us: int) -> Mapping[str, tuple[Span, ...]]:
        """When each person spoke in a window, of those whose page still says so."""
        fresh = [who for who, heard_us in self._heard_us.items() if heard_us > start_us - LAPSE_US]
        return {who: tuple(self._in(who, start_us, end_us)) for who in sorted(fresh)}

    def _in(self, who: str, start_us: int, end_us: int) -> list[Span]:
        since = self._since.get(who)
        spans = [*self._spans.get(who, ()), *([] if since is None else [(since, end_us)])]
        self._spans[who] = [one for one in self._spans.get(who, ()) if one[1] > start_us]
        return [(max(a, start_us), min(b, end_us)) for a, b in spans if a < end_us and b > start_us]
