import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.encoders.voices import SAMPLE_RATE, glide, pulses

from countenance.inference.pitch import HOP, WINDOW, pitch_track


@settings(max_examples=60, deadline=None)
@given(hertz=st.floats(75, 440))
def test_a_pulse_train_has_its_own_pitch_in_every_window_and_no_octave_of_it(hertz: float) -> None:
    track = pitch_track(pulses(hertz, 1.0))
    assert (track > 0).mean() > 0.95
    np.testing.assert_allclose(track[track > 0], hertz, rtol=0.01)


def test_a_glide_is_followed() -> None:
    track = pitch_track(glide(120.0, 240.0, 2.0))
    voiced = np.flatnonzero(track)
    expected = 120.0 * 2.0 ** ((voiced * HOP + WINDOW / 2) / SAMPLE_RATE / 2.0)
    assert len(voiced) > 85
    np.testing.assert_allclose(track[voiced], expected, rtol=0.02)


def test_noise_has_next_to_no_pitch() -> None:
    noise = (0.1 * np.random.default_rng(3).standard_normal(2 * SAMPLE_RATE)).astype(np.float32)
    assert (pitch_track(noise) > 0).mean() < 0.1


def test_silence_and_sound_shorter_than_a_window_have_none() -> None:
    assert not pitch_track(np.zeros(SAMPLE_RATE, np.float32)).any()
    assert pitch_track(np.zeros(WINDOW - 1, np.float32)).shape == (0,)
    assert pitch_track(pulses(150.0, WINDOW / SAMPLE_RATE)).shape == (1,)


def test_a_missing_fundamental_as_on_the_telephone_is_still_heard() -> None:
    spectrum = np.fft.rfft(pulses(120.0, 1.0))
    spectrum[:300] = 0.0
    track = pitch_track(np.fft.irfft(spectrum).astype(np.float32))
    assert np.median(track[track > 0]) == pytest.approx(120.0, rel=0.01)
