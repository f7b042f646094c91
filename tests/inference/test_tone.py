"""Measures of tone measure what they are called, and a look is told nothing of what lies outside it."""

import numpy as np
import pytest
from bench.voice import RESONANCES, made_voice
from hypothesis import given, settings
from hypothesis import strategies as st

from countenance.capture.speech import as_float
from countenance.inference.hearing import followed, measured
from countenance.inference.pitch import AFRESH, SETTLED, voice_track, windows_of
from countenance.inference.shades import SHADES, shades
from countenance.inference.tone import BALANCE, TONE, tone_of

MADE = as_float(made_voice(4))
PITCH, PERIODIC, _ = voice_track(MADE)
VOICED = PITCH > 0


def means(pcm: np.ndarray) -> dict[str, float]:
    """Of a sound with the pitch of the made voice."""
    rows = tone_of(windows_of(np.asarray(pcm, np.float32)).power, PITCH, PERIODIC)[VOICED]
    return dict(zip(TONE, rows.mean(axis=0).tolist(), strict=True))


def of_look(
    pitch: np.ndarray, level: np.ndarray, spoken: np.ndarray, tone: np.ndarray, looks: list[tuple[int, int]]
) -> np.ndarray:
    steps = np.arange(len(pitch))
    since = {
        lag: np.array([(steps >= first + lag) & (steps < last) for first, last in looks], np.float32)
        for lag in (0, 1, 2)
    }
    return shades(pitch, level, spoken, tone, since, looks)


def test_formants_of_a_made_voice_are_found() -> None:
    rows = tone_of(windows_of(MADE).power, PITCH, PERIODIC)[VOICED]
    found = 1000 * 2 ** np.median(rows[:, [TONE.index(name) for name in ("f1", "f2", "f3")]], axis=0)
    assert found == pytest.approx([place for place, _ in RESONANCES], rel=0.12)


def test_noise_fills_the_valleys_between_harmonics() -> None:
    noisy = means(MADE + np.random.default_rng(0).normal(0, 0.01, len(MADE)))
    for name in ("harmonics_low", "harmonics_high"):
        assert noisy[name] < means(MADE)[name] - 0.2


def test_a_darker_voice_has_less_above_one_kilohertz() -> None:
    plain, dark = means(MADE), means(np.convolve(MADE, np.ones(8) / 8, "same"))
    assert dark["alpha_ratio"] < plain["alpha_ratio"] - 0.2
    assert dark["hammarberg"] > plain["hammarberg"] + 0.2


@pytest.mark.parametrize("pcm", [np.zeros(16000), np.full(16000, 0.3), np.random.default_rng(1).normal(0, 0.1, 16000)])
def test_silence_a_constant_and_noise_have_finite_measures(pcm: np.ndarray) -> None:
    sounding = measured(np.asarray(pcm, np.float32))
    assert sounding.tone.shape == (len(sounding.pitch), len(TONE))
    assert np.isfinite(sounding.tone).all()


def test_a_piece_too_short_for_a_window_has_none() -> None:
    assert measured(np.zeros(100, np.float32)).tone.shape == (0, len(TONE))


def test_what_needs_a_pitch_is_nought_without_one() -> None:
    pitch = np.where(np.arange(len(PITCH)) % 3, PITCH, np.float32(0))
    rows = tone_of(windows_of(MADE).power, pitch, PERIODIC)
    assert not rows[pitch == 0, : -len(BALANCE)].any()
    assert rows[pitch == 0, -len(BALANCE) :].all()


def test_sound_that_comes_in_pieces_is_measured_the_same() -> None:
    step = SETTLED * 320
    whole, _ = followed(MADE, AFRESH)
    before, rows = AFRESH, []
    for at in range(0, len(MADE) - 640, step):
        sounding, before = followed(MADE[at : at + step + 320], before)
        rows.append(sounding.tone)
    pieces = np.concatenate(rows)
    count = min(len(pieces), len(whole.tone))
    np.testing.assert_allclose(pieces[:count], whole.tone[:count], atol=1e-3)


@settings(max_examples=40)
@given(seed=st.integers(0, 1000), first=st.integers(0, 60), length=st.integers(2, 120))
def test_nothing_outside_a_look_plays_a_part(seed: int, first: int, length: int) -> None:
    rng = np.random.default_rng(seed)
    pitch = np.where(rng.random(200) < 0.7, rng.normal(size=200), np.nan).astype(np.float32)
    level, spoken = rng.normal(size=200).astype(np.float32), rng.random(200) < 0.8
    tone = rng.normal(size=(200, len(TONE))).astype(np.float32)
    own = slice(first, first + length)
    inside = of_look(pitch, level, spoken, tone, [(3, 90), (first, first + length)])
    alone = of_look(pitch[own], level[own], spoken[own], tone[own], [(0, length)])
    assert inside.shape == (2, SHADES)
    np.testing.assert_allclose(inside[1], alone[0], atol=1e-4)


def test_lengths_of_stretches_are_in_seconds() -> None:
    pitch = np.full(100, np.nan, np.float32)
    pitch[10:20], pitch[40:70] = 0.0, 0.0
    level, spoken = np.zeros(100, np.float32), np.ones(100, bool)
    row = of_look(pitch, level, spoken, np.zeros((100, len(TONE)), np.float32), [(0, 100)])[0]
    mean, weighted, gaps, in_gaps = row[-4:]
    assert mean == pytest.approx(0.4)  # 0.2 s and 0.6 s
    assert weighted == pytest.approx((0.2 * 10 + 0.6 * 30) / 40)
    assert (gaps, in_gaps) == (0, 0)  # there was none


def test_a_stretch_that_began_before_a_look_counts_as_far_as_in_it() -> None:
    pitch = np.full(100, np.nan, np.float32)
    pitch[10:60] = 0.0
    level, spoken = np.zeros(100, np.float32), np.ones(100, bool)
    row = of_look(pitch, level, spoken, np.zeros((100, len(TONE)), np.float32), [(40, 90)])[0]
    assert row[-4:-2] == pytest.approx([0.4, 0.4])


def test_pitch_that_rises_fast_and_falls_slowly_is_told_so() -> None:
    wave = np.concatenate([np.linspace(0, 1, 11), np.linspace(1, 0, 41)[1:]]).astype(np.float32)
    pitch = np.tile(wave[:-1], 2)
    level, spoken = np.zeros(len(pitch), np.float32), np.ones(len(pitch), bool)
    row = of_look(pitch, level, spoken, np.zeros((len(pitch), len(TONE)), np.float32), [(0, len(pitch))])[0]
    up, _, down, _, rises, _ = row[-10:-4]
    assert up == pytest.approx(0.1, abs=1e-3)
    assert down == pytest.approx(-0.025, abs=1e-3)
    assert rises == pytest.approx(20 / 99, abs=0.02)


def test_an_unsteady_pitch_shows_as_unrest() -> None:
    steady = np.zeros(100, np.float32)
    shaken = np.where(np.arange(100) % 2, 0.2, 0.0).astype(np.float32)
    spoken, tone = np.ones(100, bool), np.zeros((100, len(TONE)), np.float32)
    calm, uneasy = (of_look(pitch, steady, spoken, tone, [(0, 100)])[0] for pitch in (steady, shaken))
    at = 2 * len(TONE) + len(BALANCE)
    assert calm[at] == 0
    assert uneasy[at] == pytest.approx(0.4, abs=1e-5)
