import numpy as np
import pytest
import webrtcvad
from numpy.typing import NDArray

from countenance.contracts.media import SAMPLE_RATE
from countenance.testing.sample_call.acting import Actor
from countenance.testing.sample_call.phonemes import SOUNDS, VOWELS, sounds_of
from countenance.testing.sample_call.script import read_script
from countenance.testing.sample_call.voice import FRAME_MS, MOODS, TAIL_MS, Voice, speak

VOICE = Voice(pitch_hz=200.0, tract=1.1)
LINE = "I was looking at my invoice this morning."
FRAME = SAMPLE_RATE // 50
SLACK_MS = 120
"""The detector itself decides in steps of 20 ms and holds on to speech for about 90 ms."""


def pitch_hz(pcm: NDArray[np.float32]) -> float:
    """The commonest period of a piece of voice, by autocorrelation of 60 ms windows."""
    lags = np.arange(SAMPLE_RATE // 420, SAMPLE_RATE // 80)
    best = []
    for start in range(0, len(pcm) - 960, 480):
        piece = pcm[start : start + 960] - pcm[start : start + 960].mean()
        if np.sqrt((piece**2).mean()) > 0.03:
            whole = np.correlate(piece, piece, "full")[959:]
            best.append(lags[np.argmax(whole[lags])])
    return float(SAMPLE_RATE / np.median(best))


def heard(pcm: NDArray[np.int16]) -> NDArray[np.bool_]:
    """What the shipped detector takes for speech, in frames of 20 ms."""
    detector = webrtcvad.Vad(2)
    frames = pcm[: len(pcm) // FRAME * FRAME].reshape(-1, FRAME)
    return np.array([detector.is_speech(frame.tobytes(), SAMPLE_RATE) for frame in frames])


def test_the_same_line_gives_the_same_samples() -> None:
    first, second = (speak(LINE, 2_000, VOICE, MOODS["calm"]) for _ in range(2))
    assert np.array_equal(first.pcm, second.pcm)
    assert np.array_equal(first.opening, second.opening)


@pytest.mark.parametrize("length_ms", [800, 2_000, 5_400])
def test_a_line_fills_its_time_exactly(length_ms: int) -> None:
    spoken = speak(LINE, length_ms, VOICE, MOODS["calm"])
    assert len(spoken.pcm) == length_ms * SAMPLE_RATE // 1000
    assert len(spoken.opening) == length_ms // FRAME_MS
    tail = TAIL_MS * SAMPLE_RATE // 1000
    assert not spoken.pcm[-tail:].any()
    assert np.abs(spoken.pcm[: -2 * tail][-SAMPLE_RATE // 10 :]).max() > 0.01


def test_the_voice_has_the_pitch_it_is_given() -> None:
    for pitch in (110.0, 205.0):
        said = speak(LINE, 2_500, Voice(pitch, 1.0), MOODS["calm"]).pcm
        assert pitch_hz(said) == pytest.approx(pitch, rel=0.12)


def test_an_upset_line_is_higher_and_louder_than_a_calm_one() -> None:
    calm, upset = (speak(LINE, 2_000, VOICE, MOODS[mood]).pcm for mood in ("calm", "upset"))
    assert pitch_hz(upset) > 1.12 * pitch_hz(calm)
    assert np.sqrt((upset**2).mean()) > 1.4 * np.sqrt((calm**2).mean())


def test_a_question_rises_at_its_end() -> None:
    asked, stated = (speak(f"Do you have the letter there{mark}", 2_000, VOICE, MOODS["calm"]).pcm for mark in "?.")
    end = slice(-SAMPLE_RATE * 35 // 100, -SAMPLE_RATE // 20)
    assert pitch_hz(asked[end]) > 1.15 * pitch_hz(stated[end])


def test_no_sample_is_clipped() -> None:
    assert all(np.abs(speak(LINE, 2_000, VOICE, mood).pcm).max() < 0.95 for mood in MOODS.values())


@pytest.mark.parametrize("name", ["Ana", "Ben"])
def test_voice_activity_finds_every_line_and_nothing_else(name: str) -> None:
    script = read_script()
    speech = heard(Actor(script, name).sound())
    at_ms = np.arange(len(speech)) * 20
    allowed = np.zeros(len(speech), bool)
    for line in script.lines_of(name):
        allowed |= (at_ms >= line.start - SLACK_MS) & (at_ms < line.end + SLACK_MS)
        inside = (at_ms >= line.start) & (at_ms < line.end)
        edges = at_ms[inside & speech][[0, -1]]
        assert edges[0] - line.start <= 100, line.text
        assert line.end - (edges[1] + 20) <= 100, line.text
        assert speech[inside].mean() > 0.85, line.text
    assert not at_ms[speech & ~allowed].size


def test_the_sound_of_a_person_is_the_same_twice() -> None:
    assert np.array_equal(Actor(read_script(), "Ana").sound(), Actor(read_script(), "Ana").sound())


def test_a_quiet_room_is_not_dead_silence() -> None:
    hold = Actor(read_script(), "Ana").sound()[28 * SAMPLE_RATE : 34 * SAMPLE_RATE].astype(float)
    assert 1 < hold.std() < 40


@pytest.mark.parametrize(
    ("word", "sounds"),
    [("plan", [".", "p", "l", "æ", "n"]), ("This,", ["ð", "ɪ", "s"]), ("same", ["s", "e", "i", "m"]), ("?", [])],
)
def test_words_become_sounds(word: str, sounds: list[str]) -> None:
    assert sounds_of(word) == sounds


def test_every_word_of_the_script_can_be_said() -> None:
    for line in read_script().lines:
        for word in line.text.split():
            sounds = sounds_of(word)
            assert set(sounds) <= set(SOUNDS), word
            assert VOWELS & set(sounds), word
