import numpy as np
import pytest
from tests.encoders.voices import SAMPLE_RATE, glide, pulses, talk

from countenance.encoders.cycles import steadiness
from countenance.encoders.prosody import pauses, prosody, syllables
from countenance.inference.logmel import log_mel
from countenance.inference.pitch import pitch_track


def _all_of(pcm: np.ndarray) -> tuple[tuple[int, int], ...]:
    return ((0, len(pcm)),)


def _cues(pcm: np.ndarray) -> dict[str, float]:
    return prosody(pcm, _all_of(pcm))


def test_a_flat_voice_has_its_pitch_no_range_and_is_voiced_throughout() -> None:
    cues = _cues(pulses(180.0, 2.0))
    assert cues["pitch_mean_hz"] == pytest.approx(180.0, rel=0.01)
    assert cues["pitch_range_st"] == pytest.approx(0.0, abs=0.1)
    assert cues["voiced_share"] > 0.95


def test_an_octave_of_glide_spans_four_fifths_of_twelve_semitones_between_the_deciles() -> None:
    assert _cues(glide(110.0, 220.0, 3.0))["pitch_range_st"] == pytest.approx(0.8 * 12, abs=0.4)


def test_twice_the_amplitude_is_six_decibels_and_nothing_else() -> None:
    voice = pulses(150.0, 2.0) * np.float32(0.5)
    quiet, loud = _cues(voice), _cues(voice * 2)
    assert loud["energy_db"] - quiet["energy_db"] == pytest.approx(6.02, abs=0.01)
    for name in quiet.keys() - {"energy_db"}:
        assert loud[name] == pytest.approx(quiet[name], rel=1e-3, abs=1e-4), name


@pytest.mark.parametrize("jitter", [0.005, 0.01, 0.02, 0.04])
def test_jitter_is_the_mean_step_between_periods(jitter: float) -> None:
    voice = pulses(120.0, 4.0, jitter)
    expected = jitter * 2 / 3  # the mean difference of two uniform draws
    assert steadiness(voice, pitch_track(voice))["jitter"] == pytest.approx(expected, rel=0.2)


def test_a_steady_voice_has_next_to_no_jitter_and_shimmer() -> None:
    voice = pulses(160.0, 2.0)
    assert max(steadiness(voice, pitch_track(voice)).values()) < 0.003


def test_shimmer_grows_with_the_unrest_of_the_amplitude() -> None:
    voice = pulses(125.0, 2.0)  # 128 samples a cycle
    heights = 1 + 0.1 * np.where(np.arange(len(voice)) // 128 % 2, 1, -1)
    restless = (voice * heights).astype(np.float32)
    assert steadiness(restless, pitch_track(restless))["shimmer"] > 0.1


def test_too_few_cycles_give_no_jitter_rather_than_a_guess() -> None:
    voice = pulses(100.0, 0.1)
    assert steadiness(voice, pitch_track(voice)) == {}


@pytest.mark.parametrize("rate", [2.0, 3.0, 4.0, 5.0, 6.0])
def test_syllables_are_counted(rate: float) -> None:
    voice = talk(3.0, rate)
    assert _cues(voice)["speech_rate_syll_s"] == pytest.approx(rate, abs=0.5)


def test_syllables_outside_the_speech_are_not_counted() -> None:
    voice = talk(3.0, 4.0)
    places = syllables(log_mel(voice), pitch_track(voice), ((0, SAMPLE_RATE),))
    assert len(places) == pytest.approx(4, abs=1)
    assert max(places) < SAMPLE_RATE


def test_pauses_between_stretches_are_measured_and_short_gaps_are_none() -> None:
    second = SAMPLE_RATE
    found = pauses(((0, second), (second * 3 // 2, 2 * second), (second * 41 // 20, 3 * second)))
    assert found["pause_share"] == pytest.approx(0.5 / 3)
    assert found["pause_rate_s"] == pytest.approx(1 / 3)


def test_one_stretch_has_no_pause() -> None:
    assert pauses(((800, 16_000),)) == {"pause_share": 0.0, "pause_rate_s": 0.0}


def test_whispered_noise_has_energy_and_no_pitch() -> None:
    noise = (0.1 * np.random.default_rng(5).standard_normal(2 * SAMPLE_RATE)).astype(np.float32)
    cues = _cues(noise)
    assert cues["energy_db"] == pytest.approx(-20.0, abs=0.5)
    assert cues["voiced_share"] < 0.1


def test_digital_silence_taken_for_speech_has_no_pitch_and_breaks_nothing() -> None:
    cues = _cues(np.zeros(SAMPLE_RATE, np.float32))
    assert "pitch_mean_hz" not in cues
    assert cues["speech_rate_syll_s"] == 0.0
    assert all(np.isfinite(value) for value in cues.values())


def test_without_speech_there_is_nothing_to_measure() -> None:
    assert prosody(pulses(150.0, 1.0), ()) == {}


def test_a_sample_shorter_than_a_window_has_energy_only() -> None:
    cues = _cues(pulses(150.0, 0.02))
    assert "pitch_mean_hz" not in cues
    assert np.isfinite(cues["energy_db"])
    assert cues["voiced_share"] == 0.0
