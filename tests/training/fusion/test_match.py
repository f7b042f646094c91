from pathlib import Path

import numpy as np
import pytest
from tests.training.fusion.made import part, side

from countenance.contracts.call import FACE, TEXT, VOICE
from countenance.contracts.errors import DatasetError
from countenance.contracts.readings import Reason
from countenance.training.fusion.ablation import CIRCUMSTANCES, ablate, fusions_of, tuple_bench
from countenance.training.fusion.about import about_tuples
from countenance.training.fusion.match import READ, WARNING, clusters, match, windows
from countenance.training.fusion.parts import CLEAN, CONDITIONS, read_part, write_part


def test_every_tuple_is_of_one_label_and_every_clip_stands_in_it_equally_often() -> None:
    parts = {m: part(m, "test") for m in READ}
    matched = match(parts, 3, seed=1)
    for row, label in zip(matched.rows.tolist(), matched.labels, strict=True):
        assert {parts[m].items[at].label for m, at in zip(READ, row, strict=True)} == {label}
    assert set(np.bincount(matched.rows[:, READ.index(VOICE)])) == {3}


def test_no_face_is_used_again_before_all_of_its_label_were() -> None:
    parts = {m: part(m, "test") for m in READ}
    used = np.bincount(match(parts, 3, seed=1).rows[:, READ.index(FACE)])
    assert used.max() - used.min() <= 1


def test_a_draw_is_the_same_again_and_another_seed_matches_otherwise() -> None:
    parts = {m: part(m, "test") for m in READ}
    one, again, other = (match(parts, 2, seed).rows for seed in (1, 1, 2))
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)


def test_a_label_that_a_modality_never_shows_is_an_error() -> None:
    parts = {m: part(m, "test") for m in READ}
    faces = parts[FACE]
    kept = tuple(item for item in faces.items if item.label != "fear")
    parts[FACE] = type(faces)(FACE, "test", CLEAN, kept, {}, {})
    with pytest.raises(DatasetError, match="no face item of test says fear"):
        match(parts, 1, seed=1)


def test_a_modality_that_is_gone_leaves_no_trace_and_one_that_said_nothing_says_why() -> None:
    parts = {m: part(m, "test") for m in READ}
    matched = match(parts, 1, seed=1)
    for window, row in zip(windows(matched, parts, (FACE, VOICE)), matched.rows.tolist(), strict=True):
        assert not {o.modality for o in window.observations} & {TEXT}
        if parts[VOICE].items[row[1]].missing:
            assert window.missing[VOICE].reason is Reason.SILENCE


def test_half_the_frames_are_half_the_frames() -> None:
    parts = {m: part(m, "test") for m in READ}
    matched = match(parts, 1, seed=1)
    full, half = (windows(matched, parts, (FACE,), every) for every in (1, 2))
    for one, other in zip(full, half, strict=True):
        assert other.observations == one.observations[::2]


def test_clusters_name_what_is_drawn_together() -> None:
    parts = {m: part(m, "test") for m in READ}
    found = clusters(match(parts, 2, seed=1), parts)
    assert set(found[VOICE]) == {item.cluster for item in parts[VOICE].items}


def test_a_part_is_read_as_it_was_written(tmp_path: Path) -> None:
    made = part(FACE, "dev", "low_light")
    write_part(made, tmp_path)
    assert read_part(tmp_path, FACE, "dev", "low_light") == made


def test_a_missing_part_names_the_command_that_makes_it(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="data tuples"):
        read_part(tmp_path, FACE, "dev", "low_light")


def test_the_ablation_of_the_pool_holds_every_subset_and_circumstance_and_warns_first() -> None:
    parts = side("test")
    systems, models = fusions_of([])
    found = ablate(tuple_bench(parts), systems, about_tuples("test"), models)
    assert found.warning.startswith(WARNING)
    assert {row.modalities for row in found.subsets} == {
        (FACE,), (VOICE,), (TEXT,), (FACE, VOICE), (FACE, TEXT), (VOICE, TEXT), (FACE, VOICE, TEXT),
    }  # fmt: skip
    assert [row.condition for row in found.robustness] == [c.name for c in CIRCUMSTANCES]
    assert {row.modality for row in found.alone} == set(READ)


def test_the_pool_alone_says_what_the_modality_says() -> None:
    parts = side("test")
    found = ablate(tuple_bench(parts), fusions_of([])[0], about_tuples("test"), {})
    face = next(row for row in found.subsets if row.modalities == (FACE,))
    silent = sum(not item.observations for item in parts[FACE, CLEAN].items) / len(parts[FACE, CLEAN].items)
    assert face.figures.said == pytest.approx(1 - silent, abs=0.05)
    assert face.disputed == 0.0


def test_every_condition_of_a_modality_begins_with_clean() -> None:
    assert all(conditions[0] == CLEAN for conditions in CONDITIONS.values())
