"""What a course of training shows, worked out by hand."""

from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from countenance.contracts.errors import UsageError
from countenance.training.datasets.call_lines import CallLines
from countenance.training.datasets.goemotions import LABELS, GoEmotionsSplit
from countenance.training.recipe import RECIPES, load_recipe
from countenance.training.text_emotion.labels import COARSE
from countenance.training.text_emotion.lessons import Lessons, Told, lessons, shown, trust, with_lines
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


def material(told: Told | None = None, **more: object) -> Lessons:
    """What a course shows of the four texts."""
    asked = course(**more)
    return lessons(comments(), shown(comments(), asked), asked, told)


def test_texts_of_rare_labels_are_shown_more_often() -> None:
    found = material(rare_below=2, rare_extra=2)
    assert found.texts == ("a", "b", "c", "d", "d", "d")
    assert list(found.fine[:, GRIEF]) == [0, 0, 0, 1, 1, 1]


def test_rare_labels_weigh_more_within_bounds_and_the_mean_stays_one() -> None:
    weights = material(rarity=1.0, weights=(0.5, 2.0)).weights
    assert weights.mean() == pytest.approx(1.0)
    assert weights[GRIEF] / weights[JOY] <= 4.0
    assert set(material().weights) == {1.0}


def test_common_labels_are_learnt_half_from_the_teacher_and_rare_ones_not_at_all() -> None:
    told = Told(np.full((4, 28), 0.2, np.float32), np.full((4, 8), 0.4, np.float32))
    found = material(told, soft=SOFT.model_dump())
    np.testing.assert_allclose(found.fine[:, JOY], [0.6, 0.6, 0.6, 0.1], atol=1e-6)
    np.testing.assert_allclose(found.fine[:, GRIEF], [0, 0, 0, 1])
    np.testing.assert_allclose(found.coarse[0, 1], 0.7, atol=1e-6)


def test_a_course_may_show_some_comments_alone_and_always_the_same() -> None:
    some = [shown(comments(), course(comments=2, seed=seed)).tolist() for seed in (1, 1, 2, 3, 4)]
    assert all(len(rows) == 2 for rows in some)
    assert some[0] == some[1]
    assert len({tuple(rows) for rows in some}) > 1
    assert shown(comments(), course(comments=9)).tolist() == [0, 1, 2, 3]


def test_call_lines_join_the_material_as_often_as_asked_with_their_own_labels() -> None:
    labels = np.zeros((1, len(LABELS)), np.float32)
    labels[0, LABELS.index("annoyance")] = 1.0
    found = with_lines(material(), CallLines(("not again",), labels, ("x/1",), ("x",)), 2)
    assert found.texts == ("a", "b", "c", "d", "not again", "not again")
    assert list(found.fine[-1]) == list(labels[0])
    assert found.coarse[-1, list(COARSE).index("anger")] == 1.0
    assert len(found.fine) == len(found.coarse) == 6


def test_a_course_that_begins_anew_has_nothing_to_keep() -> None:
    with pytest.raises(ValidationError, match="nothing to keep"):
        course(keeps=0.5)
    assert course(keeps=0.5, goes_on_from=("first-1",)).keeps == 0.5


def test_trust_in_the_teacher_grows_in_a_straight_line() -> None:
    np.testing.assert_allclose(trust(np.array([0.0, 1.0, 2.0, 3.0, 9.0]), SOFT), [0, 0, 0.5, 1, 1])


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("epochs = 3", "epochs = 2", "course second: no course before it leaves first-3"),
        ('goes_on_from = ["second-3"', 'goes_on_from = ["third-1"', "course third: no course before it leaves third-1"),
        ("average = 2", "average = 3", "average: the last course has 2 epochs, not 3"),
    ],
)
def test_a_recipe_that_names_what_it_does_not_train_is_refused_before_it_trains(
    before: str, after: str, said: str, tmp_path: Path
) -> None:
    text = (RECIPES / "text-emotion.toml").read_text(encoding="utf-8")
    assert before in text
    (tmp_path / "mine.toml").write_text(text.replace(before, after, 1), encoding="utf-8")
    with pytest.raises(UsageError, match=said):
        load_recipe(TextRecipe, str(tmp_path / "mine.toml"))


def test_a_misspelt_key_of_a_course_is_named(tmp_path: Path) -> None:
    text = (RECIPES / "text-emotion.toml").read_text(encoding="utf-8").replace("layer_decay", "layer_dekay")
    (tmp_path / "mine.toml").write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match="layer_dekay"):
        load_recipe(TextRecipe, str(tmp_path / "mine.toml"))
