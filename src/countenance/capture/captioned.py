"""Words that somebody else writes: captions handed in by the page of the call, or by a service that has them."""

from collections import Counter
from dataclasses import replace

from countenance.capture.lanes import Lane
from countenance.capture.mixing import Source
from countenance.contracts.call import Track, TrackKind
from countenance.contracts.media import Utterance

CAPTIONS = "/captions"
LONGEST = 4000
"""Characters of one caption; the rest of a longer one is cut off and counted."""


class CaptionedSource:
    """A source with a text track for everyone who is captioned; transcripts that the call itself brings go first."""

    def __init__(self, source: Source, *, everyone: bool = False) -> None:
        """`everyone`: whoever has a track may be captioned, so that not even the first words are lost."""
        self.counts = Counter[str]()
        """What was handed in and not taken, by reason; `cut`: taken in part."""
        self._source, self._everyone = source, everyone
        self._announced: dict[str, Track] = {}
        self._lanes: dict[str, Lane] = {}

    def announce(self, participant_id: str) -> Track:
        """Captions of this participant will be handed in; nothing is kept of them before their track is started."""
        return self._announced.setdefault(participant_id, captions_of(participant_id))

    def say(self, said: Utterance) -> bool:
        """Hand in final words; False, and counted, where they may not be read: then they are not kept."""
        text = " ".join(said.text.split())
        if said.participant_id in self._written():
            return self._refuse("written")
        track = self.announce(said.participant_id)
        lane = self._lanes.get(track.id)
        if lane is None or not text:
            return self._refuse("unread" if text else "empty")
        if len(text) > LONGEST:
            self.counts["cut"] += 1
        start_us = max(0, min(said.start_us, said.end_us))
        lane.decoded()
        lane.put(replace(said, track_id=track.id, start_us=start_us, text=text[:LONGEST]))
        return True

    def tracks(self) -> tuple[Track, ...]:
        """What the source publishes, and captions of those for whom it has no words itself."""
        own, written = self._source.tracks(), self._written()
        people = dict(self._announced)
        if self._everyone:
            people |= {track.participant_id: captions_of(track.participant_id) for track in own}
        return (*own, *(people[who] for who in sorted(people.keys() - written)))

    async def start(self, track: Track, lane: Lane) -> None:
        """Take a track's captions from now on, or decode a track of the source."""
        if track == captions_of(track.participant_id):
            self._lanes[track.id] = lane
        else:
            await self._source.start(track, lane)

    async def stop(self, track: Track) -> None:
        """Take none of them any more."""
        if self._lanes.pop(track.id, None) is None:
            await self._source.stop(track)

    def _written(self) -> set[str]:
        return {track.participant_id for track in self._source.tracks() if track.kind is TrackKind.TEXT}

    def _refuse(self, reason: str) -> bool:
        self.counts[reason] += 1
        return False


def captions_of(participant_id: str) -> Track:
    """The text track of somebody's captions."""
    return Track(participant_id + CAPTIONS, participant_id, TrackKind.TEXT)
