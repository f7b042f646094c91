import numpy as np
import pytest

pytest.importorskip("scipy")

from countenance.inference.functionals import Heard
from countenance.inference.hearing import Sounding, measured
from countenance.inference.lift import Above
from countenance.inference.logmel import MELS
from countenance.inference.looks import LOOK_STEPS, Stretch
from countenance.training.voice_emotion.augment import augmented, cropped
from countenance.training.voice_emotion.sessions import (
    BEFORE_FRAMES,
    LOOSE_STEPS,
    hear,
    padded,
    piece,
    prior_of,
    recent,
    sessions,
    skewed,
    with_before,
)


def clips(count: int = 6, seed: int = 0) -> list[Sounding]:
    rng = np.random.default_rng(seed)
    return [measured((0.1 * rng.standard_normal(16_000 + 1_000 * at)).astype(np.float32)) for at in range(count)]


def louder(clip: Sounding, by: float) -> Sounding:
    return Sounding(clip.frames + np.float32(by), clip.pitch, clip.periodic, clip.tone)


def stretch(steps: int, voice: slice = slice(None)) -> Stretch:
    """A made stretch with voice in some of its steps."""
    spoken = np.zeros(steps, bool)
    spoken[voice] = True
    ones, values = np.ones((steps, MELS), np.float32), np.ones(steps, np.float32)
    over = Above(np.ones(2 * steps, np.float32), np.ones((2 * steps, 2), np.float32), values, 0.5)
    return Stretch(np.ones((2 * steps, MELS), np.float32), Heard(ones, spoken, values, values, ones), over, 5.0)


def test_a_clip_is_heard_with_what_came_before_it_and_nothing_that_comes_after() -> None:
    made = clips()
    prior = prior_of(made, [1] * 6)
    whole = hear(made, prior)
    changed = hear([*made[:3], *(louder(clip, 5) for clip in made[3:])], prior)
    for at in range(3):
        np.testing.assert_array_equal(whole[at].frames, changed[at].frames)
        np.testing.assert_array_equal(whole[at].heard.pitch, changed[at].heard.pitch)
    other_past = hear([louder(made[0], 2), *made[1:]], prior)
    assert not np.allclose(whole[1].frames, other_past[1].frames)


def test_a_cold_start_knows_only_the_clip_itself() -> None:
    made = clips()
    prior = prior_of(made, [1] * 6)
    cold = hear(made, prior, forget=True)
    for clip, heard in zip(made, cold, strict=True):
        np.testing.assert_array_equal(heard.frames, hear([clip], prior)[0].frames)


def test_the_prior_is_of_speakers_and_not_of_their_number_of_clips() -> None:
    quiet, loud = clips(2), [louder(clip, 4) for clip in clips(4, seed=1)]
    prior = prior_of([*quiet, *loud], [1, 1, 2, 2, 2, 2])
    means = [np.concatenate([clip.frames for clip in part]).mean() for part in (quiet, loud)]
    assert np.mean(prior.mean) == pytest.approx(np.mean(means), abs=0.05)
    assert np.mean(prior.variance) < 3.0, "the distance between speakers is no variance of a voice"


def test_sessions_hold_every_clip_once_and_one_speaker_each() -> None:
    speakers = [1, 2, 1, 2, 1, 1, 2, 1]
    made = list(sessions(speakers, np.random.default_rng(1)))
    assert sorted(int(at) for chosen in made for at in chosen) == list(range(8))
    assert all(len({speakers[at] for at in chosen}) == 1 for chosen in made)


def test_another_mix_of_classes_is_drawn_of_one_speaker_at_a_time() -> None:
    speakers, labels = [1, 2] * 20, [at % 4 for at in range(40)]
    made = list(skewed(speakers, labels, np.random.default_rng(1)))
    assert all(len({speakers[at] for at in chosen}) == 1 for chosen in made)
    shares = [np.bincount([labels[at] for at in chosen], minlength=4).max() / len(chosen) for chosen in made]
    assert max(shares) > 0.6


def test_a_piece_lies_around_the_voice_and_is_never_longer_than_a_look() -> None:
    one = stretch(300, slice(40, 90))
    assert recent(one) == (33, 97)
    assert recent(stretch(400)) == (400 - LOOK_STEPS, 400)
    for seed in range(40):
        first, last = piece(one, np.random.default_rng(seed))
        assert 40 - LOOSE_STEPS <= first < last <= 90 + LOOSE_STEPS
        assert last - first >= 50
        first, last = piece(stretch(400), np.random.default_rng(seed))
        assert last - first <= LOOK_STEPS


def test_a_session_is_in_one_place_and_of_one_seed() -> None:
    frames = [clip.frames for clip in clips()]
    one, two = (augmented(frames, np.random.default_rng(5)) for _ in range(2))
    assert all(np.array_equal(a, b) and np.isfinite(a).all() for a, b in zip(one, two, strict=True))


@pytest.mark.parametrize("length", [20, 99, 300, 800])
def test_a_crop_is_never_longer_than_the_net_hears(length: int) -> None:
    for seed in range(20):
        frames, before = cropped(np.ones((length, MELS), np.float32), (2, length - 2), np.random.default_rng(seed))
        assert 0 < len(frames) - before <= 2 * LOOK_STEPS
        assert 0 <= before <= BEFORE_FRAMES


def test_before_a_look_the_net_hears_as_far_back_as_there_is_sound() -> None:
    frames = np.arange(200, dtype=np.float32)[:, None] * np.ones(MELS, np.float32)
    for first, before in ((0, 0), (10, 10), (150, BEFORE_FRAMES)):
        piece_of, count = with_before(frames, first, 180)
        assert count == before
        assert piece_of[count, 0] == first
        assert piece_of[-1, 0] == 179


def test_what_is_no_look_is_said_to_be_absent() -> None:
    frames, present = padded([(np.full((100, MELS), 2.0, np.float32), 30), (np.ones((140, MELS), np.float32), 0)])
    assert frames.shape == (2, 1, MELS, 140)
    assert frames[0, 0, :, :100].min() == 2.0
    assert not frames[0, 0, :, 100:].any()
    assert present.shape == (2, 1, 140)
    assert present[0, 0].tolist() == [0.0] * 30 + [1.0] * 70 + [0.0] * 40
