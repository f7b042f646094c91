import numpy as np
import pytest
from tests.evaluation.made import distribution

from countenance.evaluation.metrics import ACCURACY, ECE
from countenance.evaluation.scores import Scores
from countenance.evaluation.slices import slices


def table(right_of_men: int, right_of_women: int, men: int = 100, women: int = 100) -> Scores:
    right = np.concatenate([np.arange(men) < right_of_men, np.arange(women) < right_of_women])
    shares = np.where(right[:, None], [0.9, 0.1], [0.1, 0.9])
    gender = np.array(["man"] * men + ["woman"] * women)
    return distribution(shares, [0] * (men + women), slices={"gender": gender})


def test_the_worst_group_comes_first_with_its_distance_to_the_whole() -> None:
    worst, best = slices([ACCURACY], table(90, 60))
    assert (worst.value, worst.n) == ("woman", 100)
    assert worst.figure == pytest.approx(0.6)
    assert worst.difference == pytest.approx(-0.15)
    assert worst.shortfall == pytest.approx(0.15)
    assert worst.difference_high is not None
    assert worst.difference_high < 0
    assert best.value == "man"


def test_an_error_had_better_be_small() -> None:
    worst, _ = slices([ECE], table(90, 60))
    assert worst.value == "woman"
    assert worst.difference is not None
    assert worst.difference > 0
    assert worst.shortfall == worst.difference


def test_a_small_group_says_that_there_is_not_enough_data() -> None:
    found = {one.value: one for one in slices([ACCURACY], table(90, 0, women=49))}
    assert found["man"].enough
    assert not found["woman"].enough
    assert (found["woman"].figure, found["woman"].shortfall, found["woman"].n) == (None, None, 49)
    assert [one.value for one in slices([ACCURACY], table(90, 0, women=49))] == ["man", "woman"]


def test_many_rows_of_one_person_are_not_enough_data() -> None:
    made = table(90, 60)
    people = np.array([f"man {at}" for at in range(100)] + ["one woman"] * 100)
    alone = distribution(made.probabilities, [0] * 200, slices=made.slices, clusters=people)
    assert {one.value: one.enough for one in slices([ACCURACY], alone)} == {"man": True, "woman": False}


def test_equal_groups_have_a_difference_whose_interval_holds_zero() -> None:
    for one in slices([ACCURACY], table(80, 80)):
        assert one.difference == pytest.approx(0.0)
        assert one.difference_low is not None
        assert one.difference_high is not None
        assert one.difference_low < 0 < one.difference_high


def test_groups_that_nobody_stated_are_no_groups() -> None:
    made = table(80, 80)
    untold = distribution(made.probabilities, [0] * 200, slices={"gender": np.array([""] * 200)})
    assert slices([ACCURACY], untold) == ()


def test_so_few_people_that_no_interval_can_be_drawn_are_not_enough_data() -> None:
    made = table(90, 60)
    people = np.array([f"man {at % 10}" for at in range(100)] + [f"woman {at % 2}" for at in range(100)])
    few = distribution(made.probabilities, [0] * 200, slices=made.slices, clusters=people)
    assert {one.value: one.enough for one in slices([ACCURACY], few)} == {"man": True, "woman": False}
