import numpy as np
import pytest

from countenance.contracts.media import SAMPLE_RATE

pytest.importorskip("torch")
pytest.importorskip("soundfile")

from countenance.training.fusion import faces, voices


def test_a_still_moves_by_two_pixels_at_most_and_stays_in_its_frame() -> None:
    picture = np.full((48, 48), 200, np.uint8)
    frames = faces.shown(picture)
    assert frames.shape == (faces.FRAMES, faces.HEIGHT, faces.WIDTH)
    tops = [int(np.flatnonzero((frame > 150).any(axis=1))[0]) for frame in frames]
    assert max(tops) - min(tops) <= 4
    assert len(set(tops)) > 1


def test_low_light_is_dark_and_noisier_for_its_brightness() -> None:
    frames = faces.shown(np.full((48, 48), 200, np.uint8))
    clean, dark = (faces.DISTORTIONS[name](frames, np.random.default_rng(3)) for name in ("clean", "low_light"))
    face = (slice(None), slice(40, 60), slice(70, 90))
    assert dark[face].mean() < 0.45 * clean[face].mean()
    assert dark[face].std() / dark[face].mean() > 3 * clean[face].std() / clean[face].mean()


def test_occlusion_covers_a_good_part_of_the_face_in_every_frame() -> None:
    frames = faces.shown(np.tile(np.arange(48, dtype=np.uint8) * 5, (48, 1)))
    for seed in range(8):
        covered = faces.DISTORTIONS["occlusion"](frames, np.random.default_rng(seed))
        changed = np.abs(covered - frames) > 12
        share = changed[:, 14:82, 46:114].mean(axis=(1, 2))
        assert share.min() > 0.04, seed
        assert share.max() < 0.75, seed


def test_thirty_percent_of_the_packets_are_lost_in_bursts() -> None:
    sound = np.random.default_rng(1).integers(-9000, 9000, 60 * SAMPLE_RATE).astype(np.int16)
    lossy = voices.DISTORTIONS["packet_loss"](sound, [], np.random.default_rng(4))
    lost = (lossy.reshape(-1, voices.PACKET) != sound.reshape(-1, voices.PACKET)).any(axis=1)
    bursts = np.diff(np.flatnonzero(np.diff(lost.astype(int), prepend=0, append=0)))[::2]
    assert lost.mean() == pytest.approx(voices.LOSS, abs=0.05)
    assert bursts.mean() == pytest.approx(voices.BURST, abs=0.7)


def test_noise_is_as_loud_as_the_speech_and_falls_towards_high_tones() -> None:
    sound = np.zeros(20 * SAMPLE_RATE, np.int16)
    speech = slice(5 * SAMPLE_RATE, 9 * SAMPLE_RATE)
    sound[speech] = (3000 * np.sin(np.arange(4 * SAMPLE_RATE) * 0.2)).astype(np.int16)
    noisy = voices.DISTORTIONS["noise"](sound, [(speech.start, speech.stop)], np.random.default_rng(5))
    noise = noisy[: speech.start].astype(float)
    level = 10 * np.log10((noise**2).mean() / (sound[speech].astype(float) ** 2).mean())
    assert level == pytest.approx(0.0, abs=1.5)
    power = np.abs(np.fft.rfft(noise)) ** 2
    assert power[100:2000].mean() > 10 * power[-2000:].mean()


@pytest.mark.parametrize("condition", sorted(voices.DISTORTIONS))
def test_a_drawn_distortion_is_the_same_again(condition: str) -> None:
    sound = np.random.default_rng(1).integers(-9000, 9000, SAMPLE_RATE).astype(np.int16)
    one, again = (voices.DISTORTIONS[condition](sound, [(0, 8000)], np.random.default_rng(9)) for _ in range(2))
    assert np.array_equal(one, again)
