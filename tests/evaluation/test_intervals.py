import numpy as np
import pytest
from tests.evaluation.made import distribution, honest

from countenance.evaluation.intervals import draws, ends, interval, intervals
from countenance.evaluation.metrics import ACCURACY, ECE, MACRO_F1, auc_of, measures_for


def test_the_same_seed_gives_the_same_interval_and_another_seed_another() -> None:
    table = honest(200)
    assert interval(MACRO_F1, table, seed=1) == interval(MACRO_F1, table, seed=1)
    assert interval(MACRO_F1, table, seed=1) != interval(MACRO_F1, table, seed=2)


def test_many_measures_share_their_draws() -> None:
    table = honest(100)
    together = intervals(measures_for(table), table)
    assert together["ece_15"] == interval(ECE, table)


def test_rows_of_one_person_are_drawn_together() -> None:
    clusters = np.array(["Ada", "Ada", "Bo", "Cy", "Cy", "Cy"])
    for weights in draws(clusters, seed=0, repeats=50):
        assert (weights[:, 0] == weights[:, 1]).all()
        assert (weights[:, 3] == weights[:, 4]).all()
        assert (weights[:, [0, 2, 3]].sum(axis=1) == 3).all()


def test_few_people_with_many_rows_give_a_wider_interval_than_the_rows_alone() -> None:
    rng = np.random.default_rng(0)
    luck = rng.random(20)
    right = np.concatenate([rng.random(50) < share for share in luck])
    shares = np.where(right[:, None], [0.8, 0.2], [0.2, 0.8])
    rows = distribution(shares, [0] * 1000)
    people = distribution(shares, [0] * 1000, clusters=np.repeat(np.arange(20), 50).astype(str))
    by_row, by_person = interval(ACCURACY, rows), interval(ACCURACY, people)
    assert by_row.value == by_person.value
    assert by_row.low is not None
    assert by_row.high is not None
    assert by_person.low is not None
    assert by_person.high is not None
    assert by_person.high - by_person.low > 2 * (by_row.high - by_row.low)


def test_the_interval_holds_the_true_share_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(7)
    held = 0
    for trial in range(200):
        right = rng.random(150) < 0.7
        found = interval(
            ACCURACY, distribution(np.where(right[:, None], [0.9, 0.1], [0.1, 0.9]), [0] * 150), trial, 300
        )
        assert found.low is not None
        assert found.high is not None
        held += found.low <= 0.7 <= found.high
    # 95 % of 200 with a binomial error of 1.5 points; a percentile bootstrap of 150 rows falls a little short.
    assert 176 <= held <= 199


def test_one_person_alone_has_no_interval() -> None:
    table = honest(30, clusters=np.full(30, "Ada"))
    found = interval(ACCURACY, table)
    assert found.value is not None
    assert (found.low, found.high, found.clusters) == (None, None, 1)


def test_an_interval_is_said_only_where_nearly_every_draw_gives_a_number() -> None:
    table = distribution(np.array([[0.9, 0.1], [0.2, 0.8], [0.4, 0.6]]), [0, 1, 1])
    found = interval(auc_of("calm"), table)
    assert found.value == pytest.approx(1.0)
    assert (found.low, found.high) == (None, None)  # a third of the draws lack the one calm row
    assert ends(np.array([np.nan, np.nan])) == (None, None)
