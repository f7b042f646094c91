"""Who is who on a media server: from what is published there under some name to the tracks of a call."""

from collections.abc import Hashable
from typing import Generic, TypeVar

from countenance.contracts.call import Call, Track, TrackKind

K = TypeVar("K", bound=Hashable)
"""How a media server tells one publication from another."""


class Roster(Generic[K]):
    """What is published now, as tracks of participants; whoever is not on the call has none.

    Of each kind a person has one track: the newest, and the one before when that ends. A publication that ended and
    began again is another track, so that no permission, queue or clock of the old one is taken for one of the new.
    """

    def __init__(self, call: Call) -> None:
        """Participants are known by their ids until somebody says how the media server calls them."""
        self._known = {person.id: person.id for person in call.participants}
        self._published: dict[K, tuple[str, TrackKind]] = {}
        self._shown: dict[K, Track] = {}
        self._numbers: dict[tuple[str, TrackKind], int] = {}

    def know(self, called: str, participant_id: str) -> None:
        """The media server calls a participant so; replaces what was known of that name."""
        self._known[called] = participant_id
        owned = {key for key, (name, _) in self._published.items() if name == called}
        for key in owned:
            if (shown := self._shown.get(key)) is not None and shown.participant_id != participant_id:
                del self._shown[key]

    def publish(self, key: K, kind: TrackKind, called: str) -> None:
        """Somebody publishes this; saying so again changes nothing."""
        if self._published.get(key) != (called, kind):
            self.withdraw(key)
            self._published[key] = (called, kind)

    def withdraw(self, key: K) -> None:
        """It is published no more."""
        self._published.pop(key, None)
        self._shown.pop(key, None)

    def published(self) -> tuple[K, ...]:
        """Everything that is published, of known people or not."""
        return tuple(self._published)

    def tracks(self) -> tuple[Track, ...]:
        """The track of each kind that each participant published last, in the order in which they came."""
        tracks = [track for key in self._published if (track := self._track(key)) is not None]
        newest = {(track.participant_id, track.kind): track for track in tracks}
        return tuple(track for track in tracks if newest[track.participant_id, track.kind] == track)

    def key(self, track: Track) -> K | None:
        """The publication of a track; None once it has ended."""
        return next((key for key, shown in self._shown.items() if shown == track), None)

    def whose(self, called: str) -> str | None:
        """The participant whom the media server calls so."""
        return self._known.get(called)

    def owner(self, key: K) -> str | None:
        """The participant who publishes this; None where nobody does, or nobody on the call."""
        called, _ = self._published.get(key, ("", None))
        return self._known.get(called)

    def strangers(self) -> int:
        """How many publications belong to nobody on the call; nothing of them is ever read."""
        return sum(called not in self._known for called, _ in self._published.values())

    def _track(self, key: K) -> Track | None:
        called, kind = self._published[key]
        owner = self._known.get(called)
        if owner is None:
            return None
        if key not in self._shown:
            number = self._numbers[owner, kind] = self._numbers.get((owner, kind), 0) + 1
            self._shown[key] = Track(f"{owner}/{kind}" + (f".{number}" if number > 1 else ""), owner, kind)
        return self._shown[key]
