import numpy as np
import pytest
from tests.encoders.voices import SAMPLE_RATE, talk

from countenance.inference.functionals import FUNCTIONALS
from countenance.inference.hearing import learnt, measured, part_of
from countenance.inference.logmel import MELS, SpeakerPrior, spoken_frames, unheard
from countenance.inference.looks import LOOK_STEPS, MARGIN_STEPS, net_input, stretch_of, trimmed

PRIOR = SpeakerPrior((-6.0,) * MELS, (4.0,) * MELS)
TALK = talk(4.0, 4.0) + np.random.default_rng(0).normal(0, 1e-3, 4 * SAMPLE_RATE).astype(np.float32)


def test_a_look_is_what_lies_between_its_first_and_its_last_voice() -> None:
    spoken = np.zeros(200, bool)
    spoken[40:90] = True
    assert trimmed(spoken, (0, 200)) == (40 - MARGIN_STEPS, 90 + MARGIN_STEPS)
    assert trimmed(spoken, (38, 91)) == (38, 91), "no margin beyond the look"
    assert trimmed(spoken, (100, 200)) == (200 - LOOK_STEPS if LOOK_STEPS < 100 else 100, 200), "no voice, no trimming"
    assert trimmed(np.ones(200, bool), (0, 200)) == (50, 200), "the last 3 s"


def test_what_is_normalised_does_not_depend_on_what_comes_later() -> None:
    sounding = measured(TALK)
    baseline = learnt(unheard(), sounding)
    early, late = (stretch_of(part_of(sounding, (0, steps)), baseline, PRIOR) for steps in (100, 190))
    np.testing.assert_array_equal(early.frames, late.frames[:200])
    np.testing.assert_array_equal(early.heard.spoken, late.heard.spoken[:100])
    np.testing.assert_array_equal(early.heard.pitch, late.heard.pitch[:100])


def test_a_net_may_ask_for_frames_presence_statistics_and_how_much_was_heard() -> None:
    sounding = measured(TALK)
    baseline = learnt(unheard(), sounding)
    asked = net_input(stretch_of(sounding, baseline, PRIOR), [(0, 100), (20, 150)])
    frames = 2 * min(len(sounding.frames) // 2, len(sounding.pitch))
    assert asked["frames"].shape == (1, 1, MELS, frames)
    assert np.abs(asked["frames"]).max() <= 3.0
    assert asked["present"].shape == (1, 2, frames)
    assert asked["present"].sum(axis=2).tolist() == [[200.0, 260.0]]
    assert asked["functionals"].shape == (2, FUNCTIONALS)
    assert asked["lift"].shape == (2,)
    assert asked["seconds"].tolist() == [pytest.approx(baseline.seconds)] * 2
    assert {value.dtype for value in asked.values()} == {np.dtype(np.float32)}


def test_a_pause_is_no_voice_and_a_soft_voice_after_it_is() -> None:
    sound = np.concatenate([TALK[: 2 * SAMPLE_RATE], TALK[:SAMPLE_RATE] * 1e-4, TALK[:SAMPLE_RATE] * 0.05])
    spoken = spoken_frames(measured(sound.astype(np.float32)).frames)
    assert spoken[:200].mean() > 0.7
    assert not spoken[210:295].any()
    assert spoken[305:].mean() > 0.5
    assert spoken_frames(np.zeros((0, MELS), np.float32)).shape == (0,)
