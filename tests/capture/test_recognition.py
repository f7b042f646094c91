"""Recognisers on a thread of their own: fakes that a test holds back, and a real one that hears real words."""

import os
import sys
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from countenance.capture import recognition
from countenance.capture.recognition import LONGEST, SHORTEST, WAITING, Heard, LocalTranscriber
from countenance.capture.speechgate import Pause, SpeechGate
from countenance.contracts.call import Track, TrackKind
from countenance.contracts.errors import BundleError, MediaError
from countenance.contracts.media import SAMPLE_RATE, SECOND_US, AudioChunk, Utterance
from countenance.contracts.stages import Transcriber

WORDS = Track("ana/audio/words", "ana", TrackKind.TEXT)
HELD_S = 30
"""Far longer than anything here takes: a test that needs it has failed."""


@dataclass
class Slow:
    """Recognises when the test lets it, and remembers what it was given."""

    heard: list[NDArray[np.int16]] = field(default_factory=list)
    asked: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    go: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    fails: int = 0
    """How many of the first stretches cannot be read."""
    nice: int | None = None

    def recognise(self, pcm: NDArray[np.int16]) -> Iterator[Heard]:
        self.heard.append(pcm)
        if sys.platform == "linux":
            self.nice = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
        self.asked.release()
        assert self.go.acquire(timeout=HELD_S)
        if len(self.heard) <= self.fails:
            raise MediaError("noise", "")
        yield Heard(0, len(pcm) * SECOND_US // SAMPLE_RATE, f" said {len(self.heard)} ", 0.9, "en")


@dataclass
class Said:
    """What was said, and a way to wait for it."""

    utterances: list[Utterance] = field(default_factory=list)
    more: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    waited: int = 0

    def __call__(self, said: Utterance) -> None:
        self.utterances.append(said)
        self.more.release()

    def wait(self) -> Utterance:
        assert self.more.acquire(timeout=HELD_S)
        self.waited += 1
        return self.utterances[self.waited - 1]


def voice(at_us: int, samples: int = SAMPLE_RATE, level: int = 1) -> AudioChunk:
    return AudioChunk("ana/audio", at_us, np.full(samples, level, np.int16))


@pytest.fixture
def slow() -> Slow:
    return Slow()


@pytest.fixture
def transcriber(slow: Slow) -> Iterator[LocalTranscriber]:
    made = LocalTranscriber(lambda: slow)
    yield made
    for _ in range(20):
        slow.go.release()
    made.close()


def test_words_have_the_time_of_the_voice_and_stay_on_this_machine(transcriber: LocalTranscriber, slow: Slow) -> None:
    said = Said()
    kept: Transcriber = transcriber
    hearing = kept.open(WORDS, said)
    hearing.hear(voice(5 * SECOND_US))
    hearing.hear(voice(6 * SECOND_US))
    hearing.pause()
    slow.go.release()
    found = said.wait()
    assert found == Utterance(WORDS.id, "ana", 5 * SECOND_US, 7 * SECOND_US, "said 1", 0.9, "en")
    assert kept.recipient is None
    assert transcriber.counts()["utterances"] == 1


def test_nothing_waits_for_the_recogniser_and_the_oldest_stretch_gives_way(
    transcriber: LocalTranscriber, slow: Slow
) -> None:
    said = Said()
    hearing = transcriber.open(WORDS, said)
    for second in range(WAITING + 3):
        hearing.hear(voice(2 * second * SECOND_US, level=second))
        hearing.pause()
        if second == 0:
            assert slow.asked.acquire(timeout=HELD_S), "the first is being recognised while the others come"
    assert transcriber.counts() == {"dropped_busy": 2}
    for _ in range(WAITING + 1):
        slow.go.release()
        said.wait()
    assert [int(pcm[0]) for pcm in slow.heard] == [0, *range(3, WAITING + 3)]
    assert [one.end_us for one in said.utterances] == sorted(one.end_us for one in said.utterances)


def test_after_close_nothing_is_said_though_it_was_being_recognised(transcriber: LocalTranscriber, slow: Slow) -> None:
    said, other = Said(), Said()
    hearing, ben = transcriber.open(WORDS, said), transcriber.open(WORDS, other)
    for second in (0, 2, 4):
        hearing.hear(voice(second * SECOND_US))
        hearing.pause()
    assert slow.asked.acquire(timeout=HELD_S)
    hearing.hear(voice(6 * SECOND_US))
    hearing.close()
    hearing.pause()
    hearing.hear(voice(8 * SECOND_US))
    hearing.pause()
    ben.hear(voice(9 * SECOND_US))
    ben.pause()
    slow.go.release()
    slow.go.release()
    other.wait()
    assert said.utterances == []
    assert len(slow.heard) == 2, "what waited of the closed one was never recognised"
    assert transcriber.counts() == {"dropped_closed": 4, "utterances": 1}


def test_unbroken_speech_is_cut_where_it_is_quietest(transcriber: LocalTranscriber, slow: Slow) -> None:
    said = Said()
    hearing = transcriber.open(WORDS, said)
    loud = np.full(LONGEST, 5000, np.int16)
    loud[11 * SAMPLE_RATE : 11 * SAMPLE_RATE + 320] = 1
    for start in range(0, LONGEST, 1600):
        hearing.hear(AudioChunk("ana/audio", start * SECOND_US // SAMPLE_RATE, loud[start : start + 1600]))
    slow.go.release()
    assert said.wait().end_us == (11 * SAMPLE_RATE + 320) * SECOND_US // SAMPLE_RATE
    hearing.pause()
    slow.go.release()
    assert said.wait().end_us == 12 * SECOND_US


def test_a_gap_begins_a_new_stretch_and_a_cough_is_none(transcriber: LocalTranscriber, slow: Slow) -> None:
    said = Said()
    hearing = transcriber.open(WORDS, said)
    hearing.hear(voice(0))
    hearing.hear(voice(3 * SECOND_US, SHORTEST - 1))
    hearing.pause()
    hearing.pause()
    slow.go.release()
    assert said.wait().end_us == SECOND_US
    assert transcriber.counts()["dropped_short"] == 1


def test_a_stretch_that_cannot_be_read_is_counted_and_the_next_one_is_read(
    transcriber: LocalTranscriber, slow: Slow
) -> None:
    said = Said()
    hearing = transcriber.open(WORDS, said)
    slow.fails = 1
    for second in (0, 2):
        hearing.hear(voice(second * SECOND_US))
        hearing.pause()
        slow.go.release()
    assert said.wait().start_us == 2 * SECOND_US
    assert transcriber.counts()["dropped_failed"] == 1


class Padding:
    """Invents words after the end of the sound, and empty ones inside it."""

    def recognise(self, pcm: NDArray[np.int16]) -> Iterable[Heard]:
        yield Heard(0, 400_000, "  ")
        yield Heard(100_000, 90_000_000, "so  be it")
        yield Heard(2_000_000, 3_000_000, "thanks for watching")


def test_words_invented_beyond_the_sound_are_not_said() -> None:
    said = Said()
    transcriber = LocalTranscriber(Padding)
    hearing = transcriber.open(WORDS, said)
    hearing.hear(voice(SECOND_US))
    hearing.pause()
    said.wait()
    transcriber.close()
    assert [(one.text, one.start_us, one.end_us) for one in said.utterances] == [("so be it", 1_100_000, 2_000_000)]


def test_what_goes_wrong_while_loading_is_said_at_once() -> None:
    def broken() -> Slow:
        raise BundleError("no model", "Give one.")

    with pytest.raises(BundleError, match="no model"):
        LocalTranscriber(broken)


@pytest.mark.skipif(sys.platform != "linux", reason="threads have a priority of their own on Linux alone")
def test_the_recogniser_gives_way_to_everything_else(transcriber: LocalTranscriber, slow: Slow) -> None:
    hearing = transcriber.open(WORDS, Said())
    hearing.hear(voice(0))
    hearing.pause()
    assert slow.asked.acquire(timeout=HELD_S)
    assert slow.nice is not None
    assert slow.nice > os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) or slow.nice == 19


def test_real_words_on_a_telephone_become_some_of_those_words(shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pocketsphinx")
    from countenance.testing.sphinx import SphinxRecogniser

    monkeypatch.setattr(recognition, "WAITING", 100)
    folder = shared / "data/audio_meeting_ami"
    pcm, said = _sound(folder / "sample.wav"), Said()
    transcriber = LocalTranscriber(SphinxRecogniser)
    hearing, gate = transcriber.open(WORDS, said), SpeechGate(WORDS.id)
    for start in range(0, 20 * SAMPLE_RATE, 1600):
        for item in gate.take(AudioChunk("a", start * SECOND_US // SAMPLE_RATE, pcm[start : start + 1600])):
            if isinstance(item, Pause):
                hearing.pause()
            else:
                hearing.hear(item)
    short, long = said.wait(), said.wait()  # a greeting, and talk that is cut after 12 s
    transcriber.close()
    heard = set(f"{short.text} {long.text}".split())
    lines = (folder / "sample.stm").read_text().splitlines()
    spoken = {word.strip("?,.'").lower() for line in lines for word in line.split()[5:]}
    assert len(heard & spoken) >= 4, heard
    assert 6 * SECOND_US < short.start_us < short.end_us <= long.start_us < long.end_us < 20 * SECOND_US


def _sound(path: Path) -> NDArray[np.int16]:
    resampler = av.AudioResampler("s16", "mono", SAMPLE_RATE)
    with av.open(str(path)) as container:
        frames = [out for frame in container.decode(audio=0) for out in resampler.resample(frame)]
    return np.concatenate([frame.to_ndarray()[0] for frame in frames])
