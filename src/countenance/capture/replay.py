"""Recorded calls: one media file per participant, and words, played as if the call took place now."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from countenance.capture.decoding import Counts, StreamDecoder, Stretch
from countenance.capture.pictures import pictures
from countenance.capture.playback import Opener, ReplayTap
from countenance.capture.reading import TrackReader, words
from countenance.capture.recording import PictureInfo, Recording, SoundInfo, probe
from countenance.capture.sampling import Grid
from countenance.capture.sound import sound
from countenance.contracts.call import Call, Track, TrackKind
from countenance.contracts.errors import UsageError
from countenance.contracts.media import SECOND_US, Utterance

HOP_US = SECOND_US
"""One hop is decoded while the one before is looked at: a second keeps both cores busy."""
TEN_FPS = Grid(10)


class ReplayConnector:
    """Plays recordings, one file per participant, and the utterances of a transcript."""

    def __init__(
        self,
        recordings: Mapping[str, Path],
        utterances: Iterable[Utterance] = (),
        grid: Grid = TEN_FPS,
        *,
        offsets_us: Mapping[str, int] | None = None,
        stops_us: Mapping[str, Sequence[int]] | None = None,
        from_us: int = 0,
        hop_us: int = HOP_US,
    ) -> None:
        """`offsets_us` says when a participant's file begins in the call; media before `from_us` are not given.

        `stops_us` says for a track when its permission is known to end: nothing from there on is decoded, not even
        ahead of time.
        """
        self._paths = dict(recordings)
        self._utterances = tuple(utterances)
        self._grid = grid
        self._offsets_us = dict(offsets_us or {})
        self._stops_us = dict(stops_us or {})
        self._from_us = from_us
        self._hop_us = hop_us

    @asynccontextmanager
    async def join(self, call: Call) -> AsyncIterator[ReplayTap]:
        """Look at the headers of every file; nothing is decoded before it is subscribed."""
        self._check_people(call)
        found = await asyncio.gather(*(asyncio.to_thread(probe, path) for path in self._paths.values()))
        recordings = dict(zip(self._paths, found, strict=True))
        tap = ReplayTap(
            self._openers(recordings),
            hop_us=self._hop_us,
            from_us=self._from_us,
            duration_us=self._duration_us(recordings),
        )
        try:
            yield tap
        finally:
            await tap.close()

    def _check_people(self, call: Call) -> None:
        known = {person.id for person in call.participants}
        owners = {*self._paths, *self._offsets_us, *(said.participant_id for said in self._utterances)}
        strangers = sorted(owners - known)
        if strangers:
            raise UsageError(
                f"media of {strangers[0]!r}, who is not on the call", f"Participants: {', '.join(sorted(known))}."
            )

    def _openers(self, recordings: Mapping[str, Recording]) -> dict[Track, Opener]:
        """A way to read each track that the files and the transcript hold."""
        openers: dict[Track, Opener] = {}
        for owner, recording in recordings.items():
            if recording.video is not None:
                openers[_track(owner, TrackKind.VIDEO)] = self._pictures(owner, recording, recording.video)
            if recording.audio is not None:
                openers[_track(owner, TrackKind.AUDIO)] = self._sound(owner, recording, recording.audio)
        for owner in dict.fromkeys(said.participant_id for said in self._utterances):
            openers[_track(owner, TrackKind.TEXT)] = self._words(owner)
        return openers

    def _pictures(self, owner: str, recording: Recording, info: PictureInfo) -> Opener:
        track_id = _track(owner, TrackKind.VIDEO).id

        def open_track(since_us: int | None, from_us: int) -> TrackReader:
            stretch = self._stretch(track_id, owner, since_us, from_us)
            decoder = StreamDecoder(recording, info, stretch, Counts())
            steps = pictures(decoder, info, track_id, self._grid, stretch)
            return TrackReader(steps, decoder.counts, decoder.close)

        return open_track

    def _sound(self, owner: str, recording: Recording, info: SoundInfo) -> Opener:
        track_id = _track(owner, TrackKind.AUDIO).id

        def open_track(since_us: int | None, from_us: int) -> TrackReader:
            stretch = self._stretch(track_id, owner, since_us, from_us)
            decoder = StreamDecoder(recording, info, stretch, Counts())
            return TrackReader(sound(decoder, track_id, stretch), decoder.counts, decoder.close)

        return open_track

    def _stretch(self, track_id: str, owner: str, since_us: int | None, from_us: int) -> Stretch:
        stops = (stop for stop in sorted(self._stops_us.get(track_id, ())) if stop > (since_us or 0))
        return Stretch(self._offsets_us.get(owner, 0), since_us, from_us, next(stops, None))

    def _words(self, owner: str) -> Opener:
        own = [said for said in self._utterances if said.participant_id == owner]

        def open_track(since_us: int | None, from_us: int) -> TrackReader:
            counts, stretch = Counts(), self._stretch(_track(owner, TrackKind.TEXT).id, "", since_us, from_us)
            return TrackReader(words(own, counts, stretch), counts)

        return open_track

    def _duration_us(self, recordings: Mapping[str, Recording]) -> int | None:
        """When the last of what is known to end ends."""
        ends = [said.end_us for said in self._utterances]
        for owner, recording in recordings.items():
            if recording.duration_us is not None:
                ends.append(recording.duration_us + self._offsets_us.get(owner, 0))
        return max(ends, default=None)


def _track(owner: str, kind: TrackKind) -> Track:
    return Track(f"{owner}/{kind}", owner, kind)
