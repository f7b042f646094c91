import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.encoders.voices import glide, talk

from countenance.encoders.functionals import FUNCTIONALS, Heard, functionals
from countenance.inference.hearing import learnt, measured
from countenance.inference.logmel import MELS, SpeakerPrior, normalised, speech_frames, unheard
from countenance.inference.pitch import relative_pitch

PRIOR = SpeakerPrior((-6.0,) * MELS, (4.0,) * MELS)
ENDS_HIGHER = 12


def heard(pcm: np.ndarray) -> Heard:
    sounding = measured(pcm)
    baseline = learnt(unheard(), sounding)
    return Heard(
        normalised(sounding.frames, baseline, PRIOR),
        speech_frames(sounding.frames),
        relative_pitch(sounding.pitch, baseline),
        sounding.periodic,
    )


@settings(max_examples=50, deadline=None)
@given(frames=st.integers(2, 300), seed=st.integers(0, 99), voiced=st.floats(0, 1))
def test_any_stretch_has_as_many_finite_statistics(frames: int, seed: int, voiced: float) -> None:
    rng = np.random.default_rng(seed)
    pitch = np.where(rng.random(frames // 2) < voiced, rng.normal(size=frames // 2), np.nan).astype(np.float32)
    shown = rng.normal(size=(frames, MELS)).astype(np.float32)
    row = functionals(Heard(shown, rng.random(frames) < 0.7, pitch, np.abs(pitch)))
    assert row.shape == (FUNCTIONALS,)
    assert np.isfinite(row).all()


def test_how_long_the_stretch_is_plays_no_part() -> None:
    short, long = functionals(heard(talk(1.0, 4.0))), functionals(heard(talk(3.0, 4.0)))
    assert np.abs(short - long).mean() < 0.3


def test_a_voice_that_rises_ends_higher_than_one_that_falls() -> None:
    up, down = functionals(heard(glide(120.0, 200.0, 2.0))), functionals(heard(glide(200.0, 120.0, 2.0)))
    assert up[ENDS_HIGHER] > 0.5
    assert down[ENDS_HIGHER] < -0.5
