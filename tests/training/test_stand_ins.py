"""The stand-ins keep people apart, groups of columns are left out whole, and a gain is a gain."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

from bench.stand_ins.fitting import Change
from bench.stand_ins.groups import GROUPS
from bench.stand_ins.score import averaged, gained, keep, nothing, scores, told
from bench.stand_ins.tasks import FOUR, NAMES, fewer, streams, tasks

from countenance.inference.functionals import FUNCTIONALS
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


def test_groups_share_no_column_and_leave_none_out() -> None:
    parts = [GROUPS[name] for name in ("quality", "tract", "balance", "dynamics")]
    assert sorted(at for part in parts for at in part) == GROUPS["shades"]
    assert Change("no-tract").columns == [at for at in range(FUNCTIONALS) if at not in GROUPS["tract"]]
    assert Change("none").columns == list(range(FUNCTIONALS))


def test_other_words_are_as_strong_as_shipped_unless_something_is_said_of_it() -> None:
    assert [Change(name).words(0.5) for name in ("none", "words:0", "no-tract+words:1")] == [0.5, 0.0, 1.0]


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
