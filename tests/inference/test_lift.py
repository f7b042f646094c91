from dataclasses import replace

import numpy as np
import pytest
from tests.encoders.voices import pulses

from countenance.contracts.media import SpeakerBaseline
from countenance.inference.hearing import learnt, measured, part_of
from countenance.inference.lift import above, lift, lifts
from countenance.inference.logmel import unheard

USUAL = pulses(120.0, 3.0)
ALL = (0, 150)


def known(seconds: float = 60.0) -> SpeakerBaseline:
    return replace(learnt(unheard(), measured(USUAL)), seconds=seconds, voiced_s=seconds)


def test_six_decibels_more_and_nothing_else_is_a_third_of_a_unit() -> None:
    sounding = measured(USUAL)
    louder = replace(sounding, frames=sounding.frames + np.float32(1.4))
    before, after = (lift(above(one, known()), ALL) for one in (sounding, louder))
    assert before is not None
    assert after == pytest.approx(before + 60 / 63 / 3, abs=1e-4)


def test_a_look_says_what_the_piece_says_alone() -> None:
    sounding = measured(np.concatenate([USUAL, pulses(170.0, 3.0) * np.float32(2)]))
    whole = above(sounding, known())
    for look in ((0, 150), (40, 90), (160, 290)):
        alone = above(part_of(sounding, look), known())
        assert lift(whole, look) == pytest.approx(lift(alone, (0, look[1] - look[0])), abs=1e-5)
    calm, lively = lifts(whole, [(0, 140), (160, 290)])
    assert lively > calm + 0.5


def test_a_voice_without_pitch_is_judged_by_level_and_brightness() -> None:
    usual = measured(USUAL)
    sounding = replace(usual, frames=usual.frames + np.float32(1.4))
    silent = replace(sounding, pitch=np.zeros_like(sounding.pitch))
    both, pitched = (lift(above(one, known()), ALL) for one in (silent, sounding))
    assert both is not None
    assert pitched is not None
    assert both > pitched, "the pitch was the usual one: it spoke against a livelier voice"


def test_where_too_little_was_heard_nothing_is_said_and_a_net_gets_zero() -> None:
    sounding = measured(USUAL)
    assert lift(above(sounding, unheard()), ALL) is None
    assert lift(above(sounding, known()), (0, 10)) is None
    assert lifts(above(sounding, known()), [(0, 10), ALL])[0] == 0.0
