"""Which tracks of a call are decoded: those that may be read at this moment, and no others."""

from collections.abc import Sequence, Set

from countenance.contracts.call import Modality, Track
from countenance.contracts.stages import Tap
from countenance.permission import Permissions


class Subscriptions:
    """The open tracks of one call."""

    def __init__(self, permissions: Permissions) -> None:
        self._permissions = permissions
        self._open: dict[str, Track] = {}
        self._known, self._paused = tuple[Track, ...](), permissions.paused
        self._leased: Set[tuple[str, Modality]] | None = None

    def get(self, track_id: str) -> Track | None:
        """An open track."""
        return self._open.get(track_id)

    def stand(self, tap: Tap) -> bool:
        """Whether nothing has changed since they were looked at, but for people's answers."""
        return tap.tracks() == self._known and self._permissions.paused == self._paused

    def lease(self, covered: Set[tuple[str, Modality]] | None) -> None:
        """What the leases of the open window cover: nothing else is decoded. None: it was read before, under others."""
        if covered != self._leased:
            self._leased, self._known = covered, ()

    def lift(self, participant_id: str, modality: Modality) -> None:
        """There is a lease on it: if a no stood against it, that has ended."""
        if (participant_id, modality) in self._permissions.stopped:
            self._permissions.stopped.discard((participant_id, modality))
            self._known = ()

    async def follow(self, tap: Tap, at_us: int) -> Sequence[Track]:
        """Open and close tracks by what is permitted; gives those that were open and may not be read any more."""
        tracks, paused, barred = tap.tracks(), self._permissions.paused, self._permissions.barred
        held = [t for t in tracks if self._leased is None or (t.participant_id, t.modality) in self._leased]
        allowed = {t.id: t for t in held if barred(t.participant_id, t.modality, at_us) is None}
        closed = [track for name, track in sorted(self._open.items()) if name not in allowed]
        for track in closed:
            await self._close(tap, track)
        for name, track in sorted(allowed.items()):
            if name not in self._open:
                await self._subscribe(tap, track, at_us)
        self._known, self._paused = tracks, paused
        return [t for t in closed if barred(t.participant_id, t.modality, at_us) is not None]

    async def stop(self, tap: Tap, participant_id: str, modality: Modality) -> None:
        """A no that has just come; a lease asked for after it may end it."""
        self._permissions.stopped.add((participant_id, modality))
        for track in tap.tracks():
            if (track.participant_id, track.modality) == (participant_id, modality):
                await self._close(tap, track)

    async def _subscribe(self, tap: Tap, track: Track, at_us: int) -> None:
        """Open a track, unless a no has come or comes meanwhile."""
        said_no = (track.participant_id, track.modality)
        if said_no not in self._permissions.stopped:
            self._open[track.id] = track
            await tap.subscribe(track, at_us)
        if said_no in self._permissions.stopped:
            await self._close(tap, track)

    async def _close(self, tap: Tap, track: Track) -> None:
        self._open.pop(track.id, None)
        await tap.unsubscribe(track)
