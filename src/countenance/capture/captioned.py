"""Words that somebody else writes: captions handed in by the page of the call, or by a service that has them."""

from collections import Counter

from countenance.capture.lanes import Lane
from countenance.capture.mixing import Source
from countenance.contracts.call import Track, TrackKind
from countenance.contracts.media import Utterance

CAPTIONS = "/captions"
LONGEST = 4000
"""Characters of one caption; the rest of a longer one is cut off and counted."""


class CaptionedSource:
    """A source with a text track for everyone whose captions were announced."""

    def __init__(self, source: Source) -> None:
        self.counts = Counter[str]()
        self._source = source
        self._people: dict[str, Track] = {}
        self._lanes: dict[str, Lane] = {}

    def announce(self, participant_id: str) -> Track:
        """Captions of this participant will be handed in; nothing is kept of them before their track is started."""
        track = Track(participant_id + CAPTIONS, participant_id, TrackKind.TEXT)
        return self._people.setdefault(participant_id, track)

    def retract(self, participant_id: str) -> None:
        """No more captions of this participant."""
        self._people.pop(participant_id, None)

    def say(self, said: Utterance) -> bool:
        """Hand in final words; False, and counted, where they may not be read: then they are not kept."""
        track = self._people.get(said.participant_id)
        lane = self._lanes.get(track.id) if track is not None else None
        text = " ".join(said.text.split())
        reason = "unannounced" if track is None else "unread" if lane is None else None if text else "empty"
        if track is None or lane is None or reason is not None:
            self.counts[reason or "unread"] += 1
            return False
        if len(text) > LONGEST:
            self.counts["cut"] += 1
        start_us = max(0, min(said.start_us, said.end_us))
        lane.decoded()
        lane.put(
            Utterance(
                track.id, track.participant_id, start_us, said.end_us, text[:LONGEST], said.confidence, said.language
            )
        )
        return True

    def tracks(self) -> tuple[Track, ...]:
        """What the source publishes, and captions; who is captioned here is read from nothing else written."""
        own = self._source.tracks()
        others = (t for t in own if t.kind is not TrackKind.TEXT or t.participant_id not in self._people)
        return (*others, *self._people.values())

    async def start(self, track: Track, lane: Lane) -> None:
        """Take a track's captions from now on, or decode a track of the source."""
        if track in self._people.values():
            self._lanes[track.id] = lane
        else:
            await self._source.start(track, lane)

    async def stop(self, track: Track) -> None:
        """Take none of them any more."""
        if self._lanes.pop(track.id, None) is None:
            await self._source.stop(track)
