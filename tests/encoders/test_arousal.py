from dataclasses import replace

import numpy as np
from tests.encoders.voices import pulses, talk

from countenance.contracts.media import Quality, SpeakerBaseline, VoiceSample
from countenance.encoders.arousal import arousal
from countenance.inference.hearing import learnt, measured
from countenance.inference.logmel import unheard

USUAL = pulses(120.0, 3.0)


def said(pcm: np.ndarray, baseline: SpeakerBaseline) -> dict[str, float]:
    voice = VoiceSample("ana", 0, 3_000_000, pcm, ((0, len(pcm)),), baseline, Quality(1.0))
    return arousal(voice, measured(pcm))


def heard_for(seconds: float) -> SpeakerBaseline:
    whole = learnt(unheard(), measured(USUAL))
    return replace(whole, seconds=seconds, voiced_s=seconds)


def test_what_is_usual_for_the_speaker_is_the_middle() -> None:
    assert abs(said(USUAL, heard_for(60.0))["arousal"]) < 0.1


def test_a_higher_voice_is_livelier_and_a_lower_one_calmer() -> None:
    assert said(pulses(160.0, 3.0), heard_for(60.0))["arousal"] > said(pulses(95.0, 3.0), heard_for(60.0))["arousal"]


def test_a_louder_voice_is_livelier() -> None:
    louder, softer = said(USUAL * np.float32(2), heard_for(60.0)), said(USUAL * np.float32(0.5), heard_for(60.0))
    assert louder["arousal"] > 0.05 > -0.05 > softer["arousal"]


def test_a_speaker_of_whom_little_was_heard_stays_near_the_middle() -> None:
    loud = USUAL * np.float32(3)
    assert 0 < said(loud, heard_for(0.5))["arousal"] < said(loud, heard_for(60.0))["arousal"] <= 1


def test_of_a_speaker_never_heard_nothing_is_said() -> None:
    assert said(talk(3.0, 4.0), unheard()) == {}
    assert said(pulses(120.0, 0.2), heard_for(60.0)) == {}
