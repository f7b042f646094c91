import numpy as np
import pytest

pytest.importorskip("scipy")

from countenance.encoders.functionals import Heard
from countenance.inference.hearing import Sounding, measured
from countenance.inference.logmel import MELS
from countenance.training.voice_emotion.augment import augmented, cropped
from countenance.training.voice_emotion.sessions import (
    CONTEXT_FRAMES,
    hear,
    padded,
    part_of,
    prior_of,
    recent,
    sessions,
)


def clips(count: int = 6, seed: int = 0) -> list[Sounding]:
    rng = np.random.default_rng(seed)
    return [measured((0.1 * rng.standard_normal(16_000 + 1_000 * at)).astype(np.float32)) for at in range(count)]


def louder(clip: Sounding, by: float) -> Sounding:
    return Sounding(clip.frames + np.float32(by), clip.pitch, clip.periodic)


def heard_of(length: int) -> Heard:
    ones, windows = np.ones((length, MELS), np.float32), np.ones(length // 2, np.float32)
    return Heard(ones, np.ones(length, bool), windows, windows)


def test_a_clip_is_heard_with_what_came_before_it_and_nothing_that_comes_after() -> None:
    made = clips()
    prior = prior_of(made, [1] * 6)
    whole = hear(made, prior)
    changed = hear([*made[:3], *(louder(clip, 5) for clip in made[3:])], prior)
    for at in range(3):
        np.testing.assert_array_equal(whole[at].frames, changed[at].frames)
        np.testing.assert_array_equal(whole[at].pitch, changed[at].pitch)
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


def test_a_piece_keeps_frames_and_pitch_together() -> None:
    whole = heard_of(400)
    piece = part_of(whole, 100, 200)
    assert (len(piece.frames), len(piece.spoken), len(piece.pitch)) == (200, 200, 100)
    assert len(recent(whole).frames) == CONTEXT_FRAMES
    assert len(recent(heard_of(50)).frames) == 50


def test_a_session_is_in_one_place_and_of_one_seed() -> None:
    frames = [clip.frames for clip in clips()]
    one, two = (augmented(frames, np.random.default_rng(5)) for _ in range(2))
    assert all(np.array_equal(a, b) and np.isfinite(a).all() for a, b in zip(one, two, strict=True))


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
