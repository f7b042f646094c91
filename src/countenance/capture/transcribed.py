"""Words out of voices: beside each audio track of a source stands a text track that a transcriber writes.

Where somebody permits reading their words and not their voice, only the text track is subscribed: its sound is decoded
for the transcriber alone and goes nowhere else.
"""

from collections import Counter
from threading import Lock

from countenance.capture.floor import Floor
from countenance.capture.lanes import Lane
from countenance.capture.mixing import Source
from countenance.capture.speechgate import Pause, SpeechGate
from countenance.contracts.call import Track, TrackKind
from countenance.contracts.media import AudioChunk, Media
from countenance.contracts.stages import Transcriber

WORDS = "/words"


class TranscribedSource:
    """A source with words; a participant whose captions it brings already is not transcribed."""

    def __init__(self, source: Source, transcriber: Transcriber, slots: int = 1) -> None:
        """`slots`: how many speakers are transcribed at once."""
        self._source, self._transcriber = source, transcriber
        self._floor = Floor(slots)
        self._ears: dict[str, Ear] = {}

    def tracks(self) -> tuple[Track, ...]:
        """What the source publishes, and the words of every voice that has no captions."""
        own = self._source.tracks()
        written = {track.participant_id for track in own if track.kind is TrackKind.TEXT}
        voices = (track for track in own if track.kind is TrackKind.AUDIO and track.participant_id not in written)
        return (*own, *(words_of(voice) for voice in voices))

    async def start(self, track: Track, lane: Lane) -> None:
        """Decode a track; sound is decoded once, for whoever wants it."""
        voice = voice_of(track)
        if voice.kind is not TrackKind.AUDIO:
            await self._source.start(track, lane)
            return
        ear = self._ears.get(voice.id)
        fresh = ear is None
        if ear is None:
            ear = self._ears[voice.id] = Ear(voice, lane.since_us)
        if track == voice:
            ear.voice = lane
        else:
            ear.words = _Words(track, lane, self._transcriber, self._floor)
        if fresh:
            await self._source.start(voice, ear)

    async def stop(self, track: Track) -> None:
        """Stop for one who wanted a sound; it is decoded no more when nobody wants it."""
        voice = voice_of(track)
        ear = self._ears.get(voice.id)
        if ear is None:
            await self._source.stop(track)
            return
        if track == voice:
            ear.voice = None
        elif ear.words is not None:
            ear.words.close()
            ear.words = None
        if ear.voice is None and ear.words is None:
            del self._ears[voice.id]
            await self._source.stop(voice)


class Ear(Lane):
    """Where the source puts one sound: on to the voice first, then to the words."""

    def __init__(self, track: Track, since_us: int) -> None:
        self.track, self.since_us = track, since_us
        self.counts = Counter[str]()
        self.voice: Lane | None = None
        self.words: _Words | None = None

    def decoded(self, count: int = 1) -> None:
        """Count for the voice; for words alone, here."""
        (self if self.voice is None else self.voice).counts["decoded"] += count

    def due(self, at_us: int) -> bool:
        """Sound is on no grid."""
        return self.voice is None or self.voice.due(at_us)

    def put(self, media: Media) -> None:
        """Give a piece of sound to both."""
        voice, words = self.voice, self.words
        if voice is not None:
            voice.put(media)
        if words is not None and isinstance(media, AudioChunk):
            words.hear(media)

    def reach(self, at_us: int) -> None:
        """Words hold nobody up."""
        voice = self.voice
        if voice is not None:
            voice.reach(at_us)

    def drop(self, reason: str, count: int = 1) -> None:
        """Count for the voice; for words alone, here."""
        (self if self.voice is None else self.voice).counts[reason] += count


class _Words:
    """From the sound of one person to their text track."""

    def __init__(self, track: Track, lane: Lane, transcriber: Transcriber, floor: Floor) -> None:
        self._track, self._lane, self._floor = track, lane, floor
        self._gate = SpeechGate(track.id)
        self._hearing = transcriber.open(track, lane.put)
        self._lock = Lock()
        self._heard = self._closed = False

    def hear(self, chunk: AudioChunk) -> None:
        """Pass speech on, while this speaker has a slot."""
        with self._lock:
            if self._closed:
                return
            for voice in self._gate.take(chunk):
                if isinstance(voice, Pause):
                    self._floor.leave(self._track.id)
                    self._pause()
                elif self._floor.take(self._track.id, voice.at_us):
                    self._hearing.hear(voice)
                    self._heard = True
                else:
                    self._lane.drop("unheard")
                    self._pause()

    def close(self) -> None:
        """Pass nothing on any more, and say nothing of what is being recognised."""
        with self._lock:
            self._closed = True
            self._hearing.close()
            self._floor.leave(self._track.id)

    def _pause(self) -> None:
        if self._heard:
            self._hearing.pause()
            self._heard = False


def words_of(voice: Track) -> Track:
    """The text track that stands beside an audio track."""
    return Track(voice.id + WORDS, voice.participant_id, TrackKind.TEXT)


def voice_of(track: Track) -> Track:
    """The audio track behind a text track that was made here; any other is itself."""
    if track.kind is TrackKind.TEXT and track.id.endswith(WORDS):
        return Track(track.id.removesuffix(WORDS), track.participant_id, TrackKind.AUDIO)
    return track
