"""Text tracks out of voices, and captions beside a source: what is permitted decides what is decoded, and for whom."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pytest
from tests.encoders.voices import talk

from countenance.capture.captioned import LONGEST, CaptionedSource, captions_of
from countenance.capture.lanes import Lane
from countenance.capture.mixing import LiveTap, Source
from countenance.capture.transcribed import TranscribedSource, words_of
from countenance.capture.words import Words
from countenance.contracts.call import Track, TrackKind
from countenance.contracts.media import SAMPLE_RATE, SECOND_US, AudioChunk, Media, Reached, Utterance, whole_us

ANA, BEN = Track("ana/audio", "ana", TrackKind.AUDIO), Track("ben/audio", "ben", TrackKind.AUDIO)
FACE = Track("ana/video", "ana", TrackKind.VIDEO)
HOP = SAMPLE_RATE // 10
NOISE = np.random.default_rng(1).integers(-6, 7, 6 * SAMPLE_RATE, dtype=np.int16)
SPEECH = NOISE.copy()
SPEECH[SAMPLE_RATE : 3 * SAMPLE_RATE] += (talk(2.0, 4.0) * 12_000).astype(np.int16)


@dataclass
class Call:
    """A live call in memory; the test says what is heard and what time it is."""

    published: list[Track] = field(default_factory=lambda: [ANA, BEN, FACE])
    lanes: dict[str, Lane] = field(default_factory=dict)
    started: list[str] = field(default_factory=list)
    now_us: int = 0

    def tracks(self) -> tuple[Track, ...]:
        return tuple(self.published)

    async def start(self, track: Track, lane: Lane) -> None:
        assert track.id not in self.lanes, "a sound is decoded once"
        self.lanes[track.id] = lane
        self.started.append(track.id)

    async def stop(self, track: Track) -> None:
        self.lanes.pop(track.id, None)

    def play(self, sounds: Mapping[str, np.ndarray], from_us: int = 0) -> None:
        """All sounds side by side, in tenths of a second."""
        for start in range(0, max(len(sound) for sound in sounds.values()), HOP):
            self.now_us = from_us + (start + HOP) * SECOND_US // SAMPLE_RATE
            for name, sound in sounds.items():
                if name in self.lanes:
                    at_us = from_us + start * SECOND_US // SAMPLE_RATE
                    self.lanes[name].decoded()
                    self.lanes[name].put(AudioChunk(name, at_us, sound[start : start + HOP]))


@dataclass
class Hearing:
    transcriber: "Scribe"
    track: Track
    say: Callable[[Utterance], None] | None
    voices: list[AudioChunk] = field(default_factory=list)

    def hear(self, voice: AudioChunk) -> None:
        self.voices.append(voice)

    def pause(self) -> None:
        self.transcriber.pauses.append(self.track.id)
        if self.say is not None:
            first, last = self.voices[0], self.voices[-1]
            who = self.track.participant_id
            self.say(Utterance(self.track.id, who, first.at_us, last.end_us, "so I said", 0.9))

    def close(self) -> None:
        self.say = None


@dataclass
class Scribe:
    """Writes the same words for every stretch of speech, at once."""

    hearings: list[Hearing] = field(default_factory=list)
    pauses: list[str] = field(default_factory=list)
    recipient: str | None = None

    def open(self, track: Track, say: Callable[[Utterance], None]) -> Hearing:
        self.hearings.append(Hearing(self, track, say))
        return self.hearings[-1]

    def counts(self) -> Mapping[str, int]:
        return {}

    def close(self) -> None:
        """Nothing to end."""


@pytest.fixture
def call() -> Call:
    return Call()


@pytest.fixture
def scribe() -> Scribe:
    return Scribe()


def tapped(call: Call, source: Source) -> LiveTap:
    return LiveTap(source, lambda: call.now_us, began_us=0)


async def given(tap: LiveTap) -> list[Media]:
    tap.hang_up()
    return [item async for item in tap.media() if not isinstance(item, Reached)]


def test_beside_each_voice_stands_a_text_track(call: Call, scribe: Scribe) -> None:
    source = TranscribedSource(call, scribe)
    assert source.tracks() == (ANA, BEN, FACE, words_of(ANA), words_of(BEN))
    assert words_of(ANA).participant_id == "ana"
    assert words_of(ANA).modality == "text"


def test_whoever_has_captions_is_not_transcribed(call: Call, scribe: Scribe) -> None:
    call.published.append(Track("ben/captions", "ben", TrackKind.TEXT))
    texts = [track.id for track in TranscribedSource(call, scribe).tracks() if track.kind is TrackKind.TEXT]
    assert texts == ["ben/captions", "ana/audio/words"]


async def test_words_alone_are_given_where_only_words_are_permitted(call: Call, scribe: Scribe) -> None:
    tap = tapped(call, TranscribedSource(call, scribe))
    await tap.subscribe(words_of(ANA))
    call.play({ANA.id: SPEECH, BEN.id: SPEECH})
    media = await given(tap)
    assert call.started == [ANA.id], "nothing of anybody else is decoded"
    assert [type(item) for item in media] == [Utterance]
    assert tap.decoded(ANA.id) == 0, "the voice was not taken as a voice"
    assert 0.6 * SECOND_US < media[0].at_us < 3.3 * SECOND_US


async def test_no_sound_of_somebody_goes_to_a_transcriber_for_reading_their_voice(call: Call, scribe: Scribe) -> None:
    tap = tapped(call, TranscribedSource(call, scribe))
    await tap.subscribe(ANA)
    call.play({ANA.id: SPEECH})
    media = await given(tap)
    assert scribe.hearings == []
    assert {type(item) for item in media} == {AudioChunk}


async def test_voice_and_words_share_one_decoder_and_end_apart(call: Call, scribe: Scribe) -> None:
    tap = tapped(call, TranscribedSource(call, scribe))
    await tap.subscribe(ANA)
    await tap.subscribe(words_of(ANA))
    call.play({ANA.id: SPEECH})
    await tap.unsubscribe(ANA)
    assert call.started == list(call.lanes) == [ANA.id]
    heard = len(scribe.hearings[0].voices)
    call.play({ANA.id: SPEECH}, from_us=6 * SECOND_US)
    assert len(scribe.hearings[0].voices) > heard, "words go on without the voice"
    before = tap.counts(ANA.id)["decoded"]
    await tap.unsubscribe(words_of(ANA))
    assert call.lanes == {}
    assert tap.counts(ANA.id)["decoded"] == before
    await tap.unsubscribe(words_of(ANA))


async def test_the_voice_goes_on_when_words_are_withdrawn(call: Call, scribe: Scribe) -> None:
    tap = tapped(call, TranscribedSource(call, scribe))
    await tap.subscribe(words_of(ANA))
    await tap.subscribe(ANA)
    await tap.unsubscribe(words_of(ANA))
    assert list(call.lanes) == [ANA.id]
    call.play({ANA.id: SPEECH})
    assert scribe.hearings[0].voices == []
    assert {type(item) for item in await given(tap)} == {AudioChunk}


async def test_after_a_withdrawal_words_still_being_recognised_are_not_given(call: Call, scribe: Scribe) -> None:
    tap = tapped(call, TranscribedSource(call, scribe))
    await tap.subscribe(words_of(ANA))
    call.play({ANA.id: SPEECH[: 2 * SAMPLE_RATE]})
    lane = call.lanes[ANA.id]
    await tap.unsubscribe(words_of(ANA))
    lane.put(AudioChunk(ANA.id, 2 * SECOND_US, SPEECH[2 * SAMPLE_RATE :]))
    scribe.hearings[0].pause()
    assert await given(tap) == []


async def test_one_speaker_at_a_time_is_transcribed(call: Call, scribe: Scribe) -> None:
    tap = tapped(call, TranscribedSource(call, scribe))
    await tap.subscribe(words_of(ANA))
    await tap.subscribe(words_of(BEN))
    later = np.roll(SPEECH, SAMPLE_RATE // 2)
    call.play({ANA.id: SPEECH, BEN.id: later})
    ana, ben = scribe.hearings
    assert ana.voices
    assert sum(len(voice.pcm) for voice in ben.voices) < sum(len(voice.pcm) for voice in ana.voices) / 2
    assert tap.counts(words_of(BEN).id)["unheard"] > 0


async def test_with_two_slots_both_are(call: Call, scribe: Scribe) -> None:
    tap = tapped(call, TranscribedSource(call, scribe, slots=2))
    await tap.subscribe(words_of(ANA))
    await tap.subscribe(words_of(BEN))
    call.play({ANA.id: SPEECH, BEN.id: SPEECH})
    assert sorted(scribe.pauses) == [words_of(ANA).id, words_of(BEN).id]


async def test_who_leaves_gives_the_slot_back(call: Call, scribe: Scribe) -> None:
    tap = tapped(call, TranscribedSource(call, scribe))
    await tap.subscribe(words_of(ANA))
    await tap.subscribe(words_of(BEN))
    call.play({ANA.id: SPEECH[: 2 * SAMPLE_RATE]})
    await tap.unsubscribe(words_of(ANA))
    call.play({BEN.id: SPEECH}, from_us=2 * SECOND_US)
    assert scribe.hearings[1].voices


async def test_words_that_come_late_are_given_when_they_come_and_hold_nobody_up(call: Call, scribe: Scribe) -> None:
    tap = tapped(call, TranscribedSource(call, scribe))
    await tap.subscribe(words_of(ANA))
    media = aiter(tap.media())
    call.now_us = 9 * SECOND_US
    reached = await anext(media)
    assert isinstance(reached, Reached)
    assert reached.at_us > 8 * SECOND_US, "time went on without a word"
    assert scribe.hearings[0].say is not None
    scribe.hearings[0].say(Utterance(words_of(ANA).id, "ana", SECOND_US, 3 * SECOND_US, "late"))
    late = await anext(media)
    assert isinstance(late, Utterance)
    assert late.at_us >= reached.at_us
    assert (late.start_us, late.end_us) == (SECOND_US, 3 * SECOND_US), "when it was said stays true"


async def test_tracks_without_sound_pass_through(call: Call, scribe: Scribe) -> None:
    tap = tapped(call, TranscribedSource(call, scribe))
    await tap.subscribe(FACE)
    assert call.started == [FACE.id]
    await tap.unsubscribe(FACE)
    assert call.lanes == {}


def caption(text: str = "Hello.", who: str = "ana", start_us: int = 0, end_us: int = SECOND_US) -> Utterance:
    return Utterance("", who, start_us, end_us, text, None, "en")


async def test_captions_of_who_permits_are_given(call: Call) -> None:
    source = CaptionedSource(call)
    track = source.announce("ana")
    tap = tapped(call, source)
    assert track in tap.tracks()
    assert not source.say(caption("too early")), "nothing is kept of what may not be read"
    await tap.subscribe(track)
    call.now_us = 4 * SECOND_US
    assert source.say(caption("  Well,\n no. "))
    assert source.say(caption("x" * (LONGEST + 1), start_us=3 * SECOND_US, end_us=2 * SECOND_US))
    assert not source.say(caption(" "))
    first, second = await given(tap)
    assert isinstance(first, Utterance)
    assert isinstance(second, Utterance)
    assert (first.track_id, first.text, first.language) == (track.id, "Well, no.", "en")
    assert (len(second.text), second.start_us, second.end_us) == (LONGEST, 2 * SECOND_US, 2 * SECOND_US)
    assert tap.decoded(track.id) == 2
    assert source.counts == {"unread": 1, "empty": 1, "cut": 1}


async def test_captions_end_with_the_permission(call: Call) -> None:
    source = CaptionedSource(call)
    track = source.announce("ana")
    tap = tapped(call, source)
    await tap.subscribe(track)
    await tap.unsubscribe(track)
    assert not source.say(caption())
    await tap.subscribe(FACE)
    await tap.unsubscribe(FACE)
    assert call.lanes == {}


def test_whoever_is_captioned_is_not_transcribed(call: Call, scribe: Scribe) -> None:
    words = Words(scribe)
    source = words.around(call)
    assert [t for t in source.tracks() if t.kind is TrackKind.TEXT] == [words_of(ANA), words_of(BEN)]
    assert not words.said(caption()), "the first words only say that there will be some"
    assert [t for t in source.tracks() if t.kind is TrackKind.TEXT] == [captions_of("ana"), words_of(BEN)]
    assert words.counts() == {"unread": 1}


async def test_without_a_transcriber_not_even_the_first_caption_is_lost(call: Call) -> None:
    words, tap = Words(), tapped(call, call)
    assert not words.said(caption())
    tap.dress(words.around)
    assert [t for t in tap.tracks() if t.kind is TrackKind.TEXT] == [captions_of("ana"), captions_of("ben")]
    await tap.subscribe(captions_of("ana"))
    assert words.said(caption())
    call.now_us = 2 * SECOND_US
    assert [item.text for item in await given(tap) if isinstance(item, Utterance)] == ["Hello."]
    assert words.counts() == {}


def test_words_that_the_call_brings_go_before_captions(call: Call, scribe: Scribe) -> None:
    own = Track("ana/text", "ana", TrackKind.TEXT)
    call.published.append(own)
    words = Words(scribe)
    source = words.around(call)
    assert not words.said(caption())
    assert words.counts() == {"written": 1}
    assert [t for t in source.tracks() if t.kind is TrackKind.TEXT] == [own, words_of(BEN)]


async def test_what_is_heard_by_two_is_in_order_for_both(call: Call, scribe: Scribe) -> None:
    tap = tapped(call, TranscribedSource(call, scribe))
    await tap.subscribe(ANA)
    await tap.subscribe(words_of(ANA))
    await asyncio.to_thread(call.play, {ANA.id: SPEECH})
    media = await given(tap)
    assert [*map(whole_us, media)] == sorted(map(whole_us, media))
    assert {type(item) for item in media} == {AudioChunk, Utterance}
