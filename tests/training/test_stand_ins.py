"""The stand-ins keep people apart, the new measures measure what they are called, and a gain is a gain."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

import torch
from bench.stand_ins.extras import EXTRAS, columns, extras
from bench.stand_ins.rows import Rows
from bench.stand_ins.score import averaged, gained, keep, nothing, scores, told
from bench.stand_ins.tasks import FOUR, NAMES, fewer, streams, tasks
from bench.stand_ins.tone import TONE, tone
from bench.stand_ins.words import LANGUAGES, Worded, moves, said
from bench.voice import RESONANCES, made_voice
from numpy.typing import NDArray

from countenance.capture.speech import as_float
from countenance.inference.functionals import Heard
from countenance.inference.hearing import measured
from countenance.inference.logmel import Floats
from countenance.training.datasets.ravdess import Clip

ACTORS = range(1, 21)
CLIPS = [
    Clip(Path("-"), label, strong, statement, repetition, actor)
    for actor in ACTORS
    for label in range(8)
    for strong in (False, True)
    for statement in (1, 2)
    for repetition in (1, 2)
    if label or not strong
]


def test_no_actor_is_on_both_sides_and_each_stand_in_judges_everybody() -> None:
    judged: dict[str, set[int]] = {name: set() for name in NAMES}
    for task in tasks(ACTORS):
        heard = {clip.actor for clip in CLIPS if task.chosen(clip)}
        for judge in task.judges:
            own = {clip.actor for clip in CLIPS if judge.chosen(clip)}
            assert heard
            assert own
            assert not heard & own
            judged[judge.name] |= own
    assert all(own == set(ACTORS) for own in judged.values())


def test_gender_and_sentence_differ_where_both_are_said_to() -> None:
    for task in tasks(ACTORS):
        for judge in task.judges:
            if judge.name in NAMES[5:]:
                heard = [clip for clip in CLIPS if task.chosen(clip)]
                own = [clip for clip in CLIPS if judge.chosen(clip)]
                assert not {clip.woman for clip in heard} & {clip.woman for clip in own}
                assert not {clip.statement for clip in heard} & {clip.statement for clip in own}


def test_skewed_sessions_hold_the_four_classes_of_one_actor_each() -> None:
    judge = next(judge for task in tasks(ACTORS) for judge in task.judges if judge.skewed)
    for own in streams(CLIPS, judge):
        assert len({CLIPS[at].actor for at in own}) == 1
        assert {CLIPS[at].label for at in own} <= set(FOUR)


def test_fewer_actors_are_women_and_men_alike() -> None:
    assert fewer([1, 1, 2, 3, 4, 5, 6, 7, 8], 2) == {2, 6, 1, 5}
    assert fewer(ACTORS, 1) == set(ACTORS)


def made() -> Floats:
    """Four seconds of the made voice."""
    return as_float(made_voice(4))


def test_formants_of_a_made_voice_are_found() -> None:
    pcm = made()
    sounding = measured(pcm)
    rows = tone(pcm, sounding.pitch, sounding.periodic)[sounding.pitch > 0]
    found = 1000 * 2 ** np.median(rows[:, [TONE.index(name) for name in ("f1", "f2", "f3")]], axis=0)
    assert found == pytest.approx([place for place, _ in RESONANCES], rel=0.12)


def test_noise_fills_the_valleys_and_a_darker_voice_has_less_above() -> None:
    pcm = made()
    sounding = measured(pcm)
    voiced = sounding.pitch > 0
    noisy = np.asarray(pcm + np.random.default_rng(0).normal(0, 0.01, len(pcm)), np.float32)
    dark = np.asarray(np.convolve(pcm, np.ones(8) / 8, "same"), np.float32)
    plain, other, darker = (
        tone(one, sounding.pitch, sounding.periodic)[voiced].mean(axis=0) for one in (pcm, noisy, dark)
    )
    for name in ("harmonics_low", "harmonics_high"):
        assert other[TONE.index(name)] < plain[TONE.index(name)] - 0.2
    assert darker[TONE.index("alpha_ratio")] < plain[TONE.index("alpha_ratio")] - 0.2
    assert darker[TONE.index("hammarberg")] > plain[TONE.index("hammarberg")] + 0.2


def test_nothing_outside_a_look_plays_a_part() -> None:
    rng = np.random.default_rng(3)
    pitch = np.where(rng.random(200) < 0.7, rng.normal(size=200), np.nan).astype(np.float32)
    spoken = rng.random(200) < 0.8
    heard = Heard(rng.normal(size=(200, 64)).astype(np.float32), spoken, pitch, np.ones(200, np.float32))
    tones = rng.normal(size=(200, len(TONE))).astype(np.float32)
    cut = replace(
        heard,
        frames=heard.frames[40:150],
        spoken=spoken[40:150],
        pitch=pitch[40:150],
        periodic=heard.periodic[40:150],
    )
    whole, alone = extras(heard, tones, [(40, 150)]), extras(cut, tones[40:150], [(0, 110)])
    assert whole.shape == (1, EXTRAS)
    assert np.allclose(whole, alone, atol=1e-5)


def test_groups_share_no_column_and_leave_none_out() -> None:
    groups = [columns(name) for name in ("quality", "tract", "balance", "dynamics")]
    assert sorted(at for group in groups for at in group) == columns("all") == list(range(EXTRAS))


def test_a_gain_is_paired_over_actors() -> None:
    rng = np.random.default_rng(1)
    before = nothing(20)
    for table in before.values():
        table[..., 1] = 6
        table[..., 0] = rng.integers(1, 5, table.shape[:2])
    after = {name: table + np.array([1, 0]) for name, table in before.items()}
    assert gained(before, before)["all"] == {"value": 0.0, "low": 0.0, "high": 0.0}
    assert gained(before, after)["all"] == {"value": 0.1667, "low": 0.1667, "high": 0.1667}
    assert scores(after)[NAMES[0]] == pytest.approx(scores(before)[NAMES[0]] + 1 / 6)


def test_other_words_move_rows_by_what_two_sentences_differ_and_no_label() -> None:
    parts = [rows(np.eye(4)[:3] * 2), rows(np.full((2, 4), 5.0))]
    found = moves(parts, [0, 1], torch.tensor([1.0, 2.0]))
    assert found.shape == (8, 3)  # ordered pairs of three and of two; how far a speaker is known does not move
    assert torch.allclose(found[0], torch.tensor([2.0, -1.0, 0.0]) / 2**0.5)
    assert not found[6:].any()
    assert torch.allclose(found.sum(0), torch.zeros(3), atol=1e-6)
    torch.manual_seed(0)
    worded = Worded(torch.zeros(100, 3), found, 0.5)
    taken = worded[torch.arange(100)]
    assert {tuple(one) for one in taken.tolist()} <= {tuple(one) for one in (0.5 * found).tolist()}
    assert not torch.equal(taken, worded[torch.arange(100)])


def rows(values: NDArray[np.floating]) -> Rows:
    many = np.zeros(len(values), np.float32)
    return Rows(np.asarray(values, np.float32), values, values, many, many, many.astype(np.intp))


def test_sentences_of_the_pages_are_whole_and_hold_no_markup() -> None:
    for language in LANGUAGES:
        found = said(language)
        assert len(found) > 200
        assert not any(mark in text for text in found for mark in '{}<>%"')
    assert not set(said("de")) & set(said("fr"))


def test_draws_are_averaged_clip_by_clip(tmp_path: Path) -> None:
    draws = []
    for at, right in enumerate((1, 3)):
        counts = {"none": nothing(2), "words:1": nothing(2)}
        for name in NAMES:
            counts["none"][name][..., :] = 1, 4
            counts["words:1"][name][..., :] = right, 4
        draws.append(tmp_path / f"{at}.npz")
        keep(draws[-1], counts)
    found = told(averaged(draws))
    assert found["none"]["score"] == 0.25
    assert found["words:1"]["score"] == 0.5
    assert found["words:1"]["gained"]["all"] == {"value": 0.25, "low": 0.25, "high": 0.25}
