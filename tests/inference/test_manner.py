import numpy as np
import pytest
from tests.encoders.voices import SAMPLE_RATE, talk

from countenance.contracts.media import Sounding
from countenance.inference.functionals import FUNCTIONALS
from countenance.inference.hearing import learnt, measured, part_of
from countenance.inference.logmel import MEMORY_SECONDS, unheard
from countenance.inference.manner import with_manner

TALK = talk(4.0, 4.0) + np.random.default_rng(0).normal(0, 1e-3, 4 * SAMPLE_RATE).astype(np.float32)
SOUNDING = measured(TALK)
HEARD = learnt(unheard(), SOUNDING)


def test_how_somebody_talks_is_learnt_with_the_rest_of_the_baseline() -> None:
    assert unheard().manner is None
    assert HEARD.manner is not None
    assert HEARD.manner.mean.shape == HEARD.manner.square.shape == (FUNCTIONALS,)
    assert HEARD.manner.mean.dtype == HEARD.manner.square.dtype == np.float32
    assert HEARD.manner.seconds == pytest.approx(HEARD.seconds)


def test_what_was_seen_weighs_by_its_seconds() -> None:
    other = part_of(SOUNDING, (0, 60))
    alone = with_manner(unheard(), other, 1.0).manner
    assert alone is not None
    np.testing.assert_allclose(alone.square, alone.mean**2, rtol=1e-5)
    both = with_manner(with_manner(unheard(), other, 1.0), other, 3.0).manner
    assert both is not None
    np.testing.assert_allclose(both.mean, alone.mean, rtol=1e-5)
    assert both.seconds == 4.0
    first, second = with_manner(HEARD, SOUNDING, 1.0).manner, with_manner(HEARD, other, 1.0).manner
    assert first is not None
    assert second is not None
    share = 1.0 / (HEARD.seconds + 1.0)
    np.testing.assert_allclose(second.mean - first.mean, share * (row(other) - row(SOUNDING)), atol=1e-4)


def row(sounding: Sounding) -> np.ndarray:
    """The statistics of a stretch in units of the voice heard so far."""
    seen = with_manner(HEARD, sounding, 1e9).manner
    assert seen is not None
    return seen.mean


def test_only_the_last_three_seconds_count_and_the_oldest_fade() -> None:
    noisy = np.concatenate([np.random.default_rng(1).normal(0, 0.1, SAMPLE_RATE).astype(np.float32), TALK])
    long = measured(noisy)
    steps = min(len(long.frames) // 2, len(long.pitch))
    np.testing.assert_allclose(row(long), row(part_of(long, (20, steps))), atol=1e-3)
    manner = with_manner(HEARD, SOUNDING, 1e9).manner
    assert manner is not None
    assert manner.seconds == MEMORY_SECONDS


def test_nothing_is_measured_before_a_second_of_voice_was_heard_and_none_is_lost() -> None:
    waiting = with_manner(with_manner(HEARD, SOUNDING, 0.3), part_of(SOUNDING, (0, 0)), 0.6).manner
    assert waiting is not None
    assert HEARD.manner is not None
    assert waiting.mean is HEARD.manner.mean
    assert waiting.waiting_s == pytest.approx(0.9)
    after = with_manner(with_manner(HEARD, SOUNDING, 0.9), SOUNDING, 0.1).manner
    assert after is not None
    assert after.seconds == pytest.approx(HEARD.seconds + 1.0)
    assert after.waiting_s == 0.0
