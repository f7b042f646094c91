import numpy as np
import pytest
from tests.encoders.voices import pulses

pytest.importorskip("scipy")
pytest.importorskip("soundfile")

from countenance.contracts.media import SAMPLE_RATE
from countenance.training.voice_emotion.lines import LINES, MEANINGS, noisy, telephone
from countenance.training.voice_emotion.sounds import CLEAN_SPEEDS, VERSIONS, Place, disturbed, version


def power_db(wave: np.ndarray, low: float, high: float) -> float:
    power = np.abs(np.fft.rfft(wave)) ** 2
    hertz = np.fft.rfftfreq(len(wave), 1 / SAMPLE_RATE)
    return float(10 * np.log10(power[(hertz >= low) & (hertz < high)].mean() + 1e-12))


@pytest.mark.parametrize("name", LINES)
def test_a_line_keeps_length_and_voice(name: str) -> None:
    wave = np.float32(0.3) * pulses(120.0, 1.0)
    heard = LINES[name](wave, np.random.default_rng(0))
    assert heard.dtype == np.float32
    assert abs(len(heard) - len(wave)) <= SAMPLE_RATE // 50
    assert np.isfinite(heard).all()
    assert abs(power_db(heard, 400, 3000) - power_db(wave, 400, 3000)) < 4


def test_a_telephone_has_no_highs() -> None:
    wave = np.random.default_rng(0).normal(0, 0.1, SAMPLE_RATE).astype(np.float32)
    heard = telephone(wave, np.random.default_rng(0))
    assert power_db(heard, 4500, 7500) < power_db(heard, 500, 3000) - 25


def test_noise_lies_as_far_below_the_voice_as_asked() -> None:
    wave = np.float32(0.3) * pulses(120.0, 1.0)
    added = noisy(wave, np.random.default_rng(0), 10.0) - wave
    assert 10 * np.log10((wave**2).mean() / (added**2).mean()) == pytest.approx(10.0, abs=0.1)


def test_every_line_says_what_it_is() -> None:
    assert LINES.keys() == MEANINGS.keys()


def test_the_first_version_is_the_recording_and_the_others_are_not() -> None:
    wave = pulses(120.0, 1.0)
    assert np.array_equal(next(version([wave], [1], 0)), wave)
    lengths = [len(next(version([wave], [1], number))) for number in range(VERSIONS)]
    assert lengths[1] > len(wave) > lengths[2]
    assert lengths[len(CLEAN_SPEEDS)] == len(wave)


def test_an_actor_is_in_one_place_for_a_whole_session() -> None:
    wave = pulses(120.0, 1.0)
    one, two = (list(version([wave, wave], [3, 3], len(CLEAN_SPEEDS))) for _ in range(2))
    assert all(np.array_equal(a, b) for a, b in zip(one, two, strict=True))
    assert np.corrcoef(one[0], one[1])[0, 1] > 0.5, "the same room; only the noise differs"


def test_a_room_lingers() -> None:
    wave = np.concatenate([pulses(120.0, 0.5), np.zeros(SAMPLE_RATE // 2, np.float32)])
    heard = disturbed(wave, Place((0.6, 1.0), 60.0, None, None), np.random.default_rng(0))
    after = slice(SAMPLE_RATE // 2 + 800, SAMPLE_RATE // 2 + 2400)
    assert (heard[after] ** 2).mean() > 100 * (wave[after] ** 2).mean() + 1e-8
