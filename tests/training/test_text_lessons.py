"""What a course of training shows, worked out by hand."""

from pathlib import Path

import numpy as np
import pytest

from countenance.contracts.errors import UsageError
from countenance.training.datasets.goemotions import LABELS, GoEmotionsSplit
from countenance.training.recipe import RECIPES, load_recipe
from countenance.training.text_emotion.lessons import Told, lessons, trust
from countenance.training.text_emotion.recipe import Course, Soft, TextRecipe

GRIEF, JOY = LABELS.index("grief"), LABELS.index("joy")
SOFT = Soft(teachers=("first-1",), share=0.5, none_below=1, full_from=3)


def comments() -> GoEmotionsSplit:
    """Three joyful texts and one of grief."""
    labels = np.zeros((4, len(LABELS)), np.float32)
    labels[:3, JOY] = 1.0
    labels[3, GRIEF] = 1.0
    return GoEmotionsSplit(("a", "b", "c", "d"), labels, ("1", "2", "3", "4"))


def course(**more: object) -> Course:
    return Course.model_validate({"name": "one", "seed": 0, "epochs": 1, "rate": 1e-4, "head_rate": 1e-4, **more})


def test_texts_of_rare_labels_are_shown_more_often() -> None:
    shown = lessons(comments(), course(rare_below=2, rare_extra=2))
    assert shown.texts == ("a", "b", "c", "d", "d", "d")
    assert list(shown.fine[:, GRIEF]) == [0, 0, 0, 1, 1, 1]


def test_rare_labels_weigh_more_within_bounds_and_the_mean_stays_one() -> None:
    weights = lessons(comments(), course(rarity=1.0, weights=(0.5, 2.0))).weights
    assert weights.mean() == pytest.approx(1.0)
    assert weights[GRIEF] / weights[JOY] <= 4.0
    assert set(lessons(comments(), course()).weights) == {1.0}


def test_common_labels_are_learnt_half_from_the_teacher_and_rare_ones_not_at_all() -> None:
    told = Told(np.full((4, 28), 0.2, np.float32), np.full((4, 8), 0.4, np.float32))
    shown = lessons(comments(), course(soft=SOFT.model_dump()), told)
    np.testing.assert_allclose(shown.fine[:, JOY], [0.6, 0.6, 0.6, 0.1], atol=1e-6)
    np.testing.assert_allclose(shown.fine[:, GRIEF], [0, 0, 0, 1])
    np.testing.assert_allclose(shown.coarse[0, 1], 0.7, atol=1e-6)


def test_trust_in_the_teacher_grows_in_a_straight_line() -> None:
    np.testing.assert_allclose(trust(np.array([0.0, 1.0, 2.0, 3.0, 9.0]), SOFT), [0, 0, 0.5, 1, 1])


def test_the_shipped_recipe_names_teachers_that_it_trains() -> None:
    shipped = load_recipe(TextRecipe, "text-emotion")
    names = [course.name for course in shipped.course]
    taught = [teacher.split("-") for one in shipped.course if one.soft for teacher in one.soft.teachers]
    epochs = {course.name: course.epochs for course in shipped.course}
    assert all(name in names and 1 <= int(epoch) <= epochs[name] for name, epoch in taught)
    assert shipped.average <= shipped.course[-1].epochs


def test_a_misspelt_key_of_a_course_is_named(tmp_path: Path) -> None:
    text = (RECIPES / "text-emotion.toml").read_text(encoding="utf-8").replace("layer_decay", "layer_dekay")
    (tmp_path / "mine.toml").write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match="layer_dekay"):
        load_recipe(TextRecipe, str(tmp_path / "mine.toml"))
