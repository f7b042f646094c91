import numpy as np
import pytest

pytest.importorskip("scipy")

from countenance.inference.logmel import MELS, log_mel
from countenance.training.voice_emotion.sessions import (
    CONTEXT_FRAMES,
    augmented_epoch,
    cropped,
    hear,
    padded,
    prior_of,
)


def clips(count: int = 6, seed: int = 0) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [log_mel((0.1 * rng.standard_normal(16_000 + 1_000 * at)).astype(np.float32)) for at in range(count)]


def test_a_clip_is_heard_with_what_came_before_it_and_nothing_that_comes_after() -> None:
    made = clips()
    prior = prior_of(made, [1] * 6)
    whole = hear(made, prior)
    changed = hear([*made[:3], *(clip + 5 for clip in made[3:])], prior)
    for at in range(3):
        np.testing.assert_array_equal(whole[at], changed[at])
    other_past = hear([made[0] + 2, *made[1:]], prior)
    assert not np.allclose(whole[1], other_past[1])


def test_a_cold_start_knows_only_the_clip_itself() -> None:
    made = clips()
    prior = prior_of(made, [1] * 6)
    cold = hear(made, prior, forget=True)
    for clip, heard in zip(made, cold, strict=True):
        np.testing.assert_array_equal(heard, hear([clip], prior)[0])


def test_the_prior_is_of_speakers_and_not_of_their_number_of_clips() -> None:
    quiet, loud = clips(2), [clip + 4 for clip in clips(4, seed=1)]
    prior = prior_of([*quiet, *loud], [1, 1, 2, 2, 2, 2])
    middle = (np.concatenate(quiet).mean() + np.concatenate(loud).mean()) / 2
    assert np.mean(prior.mean) == pytest.approx(middle, abs=0.05)
    assert np.mean(prior.variance) < 3.0, "the distance between speakers is no variance of a voice"


def test_an_epoch_hears_every_clip_once_and_within_bounds() -> None:
    made = clips()
    heard = list(augmented_epoch([made, made], [1, 1, 1, 2, 2, 2], prior_of(made, [1] * 6), np.random.default_rng(1)))
    assert sorted(one.clip for one in heard) == list(range(6))
    assert all(np.isfinite(one.frames).all() and np.abs(one.frames).max() <= 3 for one in heard)


def test_an_epoch_of_one_seed_is_one_epoch() -> None:
    made = clips()
    prior = prior_of(made, [1] * 6)
    one, two = (list(augmented_epoch([made], [1] * 6, prior, np.random.default_rng(5))) for _ in range(2))
    assert all(np.array_equal(a.frames, b.frames) for a, b in zip(one, two, strict=True))


@pytest.mark.parametrize("length", [20, 99, 300, 800])
def test_a_crop_is_never_longer_than_the_net_hears(length: int) -> None:
    for seed in range(20):
        piece = cropped(np.ones((length, MELS), np.float32), np.random.default_rng(seed))
        assert 0 < len(piece) <= CONTEXT_FRAMES


def test_what_is_no_sound_is_zero_and_said_to_be_absent() -> None:
    frames, present = padded([np.full((100, MELS), 2.0, np.float32)])
    assert frames.shape == (1, 1, MELS, CONTEXT_FRAMES)
    assert frames[0, 0, :, :100].min() == 2.0
    assert not frames[0, 0, :, 100:].any()
    assert present[0].tolist() == [1.0] * 100 + [0.0] * 200
