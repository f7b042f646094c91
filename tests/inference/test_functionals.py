from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.encoders.voices import glide, talk

from countenance.inference.functionals import FUNCTIONALS, Heard, functionals
from countenance.inference.hearing import learnt, measured
from countenance.inference.logmel import MELS, SpeakerPrior, unheard
from countenance.inference.looks import stretch_of
from countenance.inference.tone import TONE

PRIOR = SpeakerPrior((-6.0,) * MELS, (4.0,) * MELS)
RISE = 148
LEVEL, TILT, LEVEL_SPREAD, LEVEL_UP, PITCH, PITCH_UP = 42, 44, 72, 102, 140, 142
"""Where some of the values stand."""


def heard(pcm: np.ndarray) -> Heard:
    sounding = measured(pcm)
    return stretch_of(sounding, learnt(unheard(), sounding), PRIOR).heard


def made(steps: int, seed: int, voiced: float = 0.6) -> Heard:
    rng = np.random.default_rng(seed)
    pitch = np.where(rng.random(steps) < voiced, rng.normal(size=steps), np.nan).astype(np.float32)
    shown = rng.normal(size=(steps, MELS)).astype(np.float32)
    spoken, tone = rng.random(steps) < 0.7, rng.normal(size=(steps, len(TONE))).astype(np.float32)
    return Heard(shown, spoken, pitch, np.nan_to_num(np.abs(pitch)), tone)


def whole(one: Heard) -> np.ndarray:
    return np.asarray(functionals(one, [(0, len(one.frames))])[0])


@settings(max_examples=50, deadline=None)
@given(steps=st.integers(1, 200), seed=st.integers(0, 99), voiced=st.floats(0, 1))
def test_any_stretch_has_as_many_finite_statistics(steps: int, seed: int, voiced: float) -> None:
    row = whole(made(steps, seed, voiced))
    assert row.shape == (FUNCTIONALS,)
    assert row.dtype == np.float32
    assert np.isfinite(row).all()


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 99), first=st.integers(0, 60), length=st.integers(2, 150))
def test_nothing_outside_a_look_plays_a_part(seed: int, first: int, length: int) -> None:
    long = made(230, seed)
    cut = slice(first, first + length)
    piece = Heard(long.frames[cut], long.spoken[cut], long.pitch[cut], long.periodic[cut], long.tone[cut])
    both = functionals(long, [(3, 90), (first, first + length)])
    np.testing.assert_allclose(both[1], whole(piece), atol=2e-4)
    np.testing.assert_allclose(both[0], functionals(long, [(3, 90)])[0], atol=1e-5)


def test_how_long_the_stretch_is_plays_no_part() -> None:
    short, long = whole(heard(talk(1.0, 4.0))), whole(heard(talk(3.0, 4.0)))
    assert np.abs(short - long).mean() < 0.3


def test_a_voice_that_rises_ends_higher_than_one_that_falls() -> None:
    up, down = whole(heard(glide(120.0, 200.0, 2.0))), whole(heard(glide(200.0, 120.0, 2.0)))
    assert up[RISE] > 0.5
    assert down[RISE] < -0.5


def test_a_voice_above_what_is_usual_shows_in_its_statistics() -> None:
    one = made(100, 0)
    higher = Heard(one.frames + np.float32(1.5), one.spoken, one.pitch + np.float32(1.5), one.periodic, one.tone)
    before, after = whole(one), whole(higher)
    for at in (LEVEL, PITCH):
        np.testing.assert_allclose(after[at] - before[at], 1.5, atol=0.01)
    for at in (LEVEL_UP, PITCH_UP):
        assert after[at] > before[at] + 0.4
    assert abs(after[LEVEL_SPREAD] - before[LEVEL_SPREAD]) < 0.01


def test_bright_voices_and_dark_ones_are_told_apart_by_their_tilt() -> None:
    one = made(100, 0)
    slope = np.linspace(-1, 1, MELS, dtype=np.float32)
    dark, bright = (whole(replace(one, frames=one.frames + side * slope)) for side in (-1, 1))
    assert dark[TILT] > bright[TILT] + 4
