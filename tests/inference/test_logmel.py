import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from countenance.contracts.media import SAMPLE_RATE, SpeakerBaseline
from countenance.inference import logmel
from countenance.inference.logmel import (
    HOP,
    MELS,
    WINDOW,
    SpeakerPrior,
    frame_count,
    log_mel,
    normalised,
    speech_frames,
    unheard,
    updated,
)

PRIOR = SpeakerPrior(tuple(np.linspace(-3.0, -8.0, MELS)), (4.0,) * MELS)


def _noise(seconds: float, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return (0.1 * rng.standard_normal(int(seconds * SAMPLE_RATE))).astype(np.float32)


def _tone(hertz: float) -> np.ndarray:
    return (0.5 * np.sin(2 * np.pi * hertz * np.arange(SAMPLE_RATE) / SAMPLE_RATE)).astype(np.float32)


def test_a_second_gives_a_frame_every_ten_milliseconds_as_long_as_a_whole_window_fits() -> None:
    frames = log_mel(_noise(1.0))
    assert frames.shape == (98, MELS)
    assert frames.dtype == np.float32


@pytest.mark.parametrize(("samples", "count"), [(0, 0), (WINDOW - 1, 0), (WINDOW, 1), (WINDOW + HOP, 2)])
def test_only_whole_windows_count(samples: int, count: int) -> None:
    assert frame_count(samples) == count
    assert log_mel(np.zeros(samples, np.float32)).shape == (count, MELS)


def test_a_tone_is_loudest_in_the_band_around_it_and_higher_tones_in_higher_bands() -> None:
    bands = [int(log_mel(_tone(hertz)).mean(axis=0).argmax()) for hertz in (100, 300, 1000, 3000, 7000)]
    assert bands == sorted(set(bands))
    mel = 2595 * np.log10(1 + 1000 / 700)
    low, high = (2595 * np.log10(1 + hertz / 700) for hertz in (50, 7800))
    assert bands[2] == pytest.approx((mel - low) / (high - low) * (MELS + 1) - 1, abs=1)


def test_the_bands_are_those_of_triangles_laid_over_a_plain_spectrum() -> None:
    sound = _noise(0.2)
    low, high = (2595 * np.log10(1 + hertz / 700) for hertz in (50.0, 7800.0))
    edges = 700 * (10 ** (np.linspace(low, high, MELS + 2) / 2595) - 1)
    bins = np.arange(257) * SAMPLE_RATE / 512
    bank = np.array([np.interp(bins, edges[m : m + 3], [0, 1, 0]) for m in range(MELS)])
    bank /= bank.sum(axis=1, keepdims=True)
    for at, frame in enumerate(log_mel(sound)):
        window = sound[at * HOP : at * HOP + WINDOW] * np.hanning(WINDOW + 1)[:-1]
        np.testing.assert_allclose(frame, np.log(bank @ np.abs(np.fft.rfft(window, 512)) ** 2 + 1e-9), atol=1e-3)


def test_digital_silence_is_finite() -> None:
    assert np.isfinite(log_mel(np.zeros(SAMPLE_RATE, np.float32))).all()


def test_frames_thirty_decibels_under_the_voice_are_not_speech() -> None:
    sound = _noise(1.0)
    sound[SAMPLE_RATE // 2 :] *= 0.01
    spoken = speech_frames(log_mel(sound))
    assert spoken[:45].all()
    assert not spoken[52:].any()
    assert speech_frames(np.zeros((0, MELS), np.float32)).shape == (0,)


@given(cuts=st.lists(st.integers(0, 98), max_size=5), seed=st.integers(0, 100))
def test_a_baseline_learnt_in_pieces_is_that_of_the_whole(cuts: list[int], seed: int) -> None:
    frames = log_mel(_noise(1.0, seed))
    pieces = unheard()
    for piece in np.split(frames, sorted(cuts)):
        pieces = updated(pieces, piece)
    np.testing.assert_allclose(pieces.mean, frames.mean(axis=0), atol=1e-4)
    np.testing.assert_allclose(pieces.variance, frames.var(axis=0), atol=1e-3)
    assert pieces.seconds == pytest.approx(0.98)


def test_hearing_nothing_changes_nothing() -> None:
    before = updated(unheard(), log_mel(_noise(0.5)))
    assert updated(before, np.zeros((0, MELS), np.float32)) is before


def test_old_speech_fades_so_that_a_baseline_never_sets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logmel, "MEMORY_SECONDS", 2.0)
    baseline = unheard()
    for _ in range(20):
        baseline = updated(baseline, np.full((100, MELS), -9.0, np.float32))
    assert baseline.seconds == 2.0
    for _ in range(10):
        baseline = updated(baseline, np.full((100, MELS), -1.0, np.float32))
    assert baseline.mean[0] > -1.5


@given(decibels=st.floats(-20, 20))
def test_the_level_of_the_microphone_says_nothing_even_of_the_first_words(decibels: float) -> None:
    quiet = log_mel(_noise(1.0))
    loud = quiet + np.float32(decibels * np.log(10) / 10)
    for frames in (quiet, loud):
        assert frames.shape == (98, MELS)
    first = normalised(quiet, updated(unheard(), quiet), PRIOR)
    again = normalised(loud, updated(unheard(), loud), PRIOR)
    np.testing.assert_allclose(first, again, atol=1e-3)


def test_the_prior_weighs_as_much_as_three_seconds_of_voice() -> None:
    prior = SpeakerPrior((0.0,) * MELS, (1.0,) * MELS)
    heard = np.where(np.arange(MELS) % 2, 1.0, -1.0).astype(np.float32)  # no change of level, only of shape
    baseline = SpeakerBaseline(heard, np.ones(MELS, np.float32), 3.0)
    np.testing.assert_allclose(normalised(heard[None], baseline, prior)[0], heard / 2, atol=1e-3)


def test_without_any_voice_the_prior_stands_alone() -> None:
    frames = np.array([PRIOR.mean], np.float32)
    np.testing.assert_allclose(normalised(frames, unheard(), PRIOR), 0.0, atol=1e-6)


def test_normalised_frames_stay_within_three() -> None:
    frames = np.stack([np.full(MELS, -200.0), np.full(MELS, 200.0)]).astype(np.float32)
    out = normalised(frames, updated(unheard(), log_mel(_noise(1.0))), PRIOR)
    assert out.min() == -3.0
    assert out.max() == 3.0
    assert out.dtype == np.float32
