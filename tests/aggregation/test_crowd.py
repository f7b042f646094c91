"""Nothing that is told of groups lets anybody work out what was read of fewer than k people."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from countenance.aggregation.crowd import LEAST, WINDOW_US, Crowd, Group
from countenance.contracts.errors import UsageError
from countenance.contracts.media import SECOND_US

T = "engagement.v1"
PEOPLE = [f"p{n:02}" for n in range(40)]


def read(crowd: Crowd, number: int, who: Sequence[str], value: float = 0.5) -> Sequence[Group]:
    """A window in which these people were read; what is told once it is over."""
    for person in who:
        for second in range(2):
            crowd.add(person, T, number * WINDOW_US + second * SECOND_US, {"engaged": value, "valence": 0.0})
    return crowd.close((number + 1) * WINDOW_US)


def test_ten_people_are_told_as_one_and_nine_are_not_told() -> None:
    assert read(Crowd(), 0, PEOPLE[:9]) == []
    (group,) = read(Crowd(), 0, PEOPLE[:10], 0.25)
    assert group == Group(T, 0, WINDOW_US, 10, LEAST, {"engaged": 0.25, "valence": 0.0})


def test_each_person_counts_once_however_often_they_were_read() -> None:
    crowd = Crowd()
    for second in range(100):
        crowd.add("p00", T, second * SECOND_US, {"engaged": 1.0})
    (group,) = read(crowd, 0, PEOPLE[1:11], 0.0)
    assert group.means == {"engaged": pytest.approx(1 / 11)}


def test_a_window_that_is_not_over_is_not_told() -> None:
    crowd = Crowd()
    for person in PEOPLE[:12]:
        crowd.add(person, T, 0, {"engaged": 0.5})
    assert crowd.close(WINDOW_US - 1) == []
    assert len(crowd.close(WINDOW_US)) == 1
    assert crowd.close(2 * WINDOW_US) == []


def test_when_one_goes_nothing_is_told_until_they_come_back() -> None:
    crowd = Crowd()
    assert [group.size for group in read(crowd, 0, PEOPLE[:12])] == [12]
    assert read(crowd, 1, PEOPLE[:11]) == []
    assert read(crowd, 2, PEOPLE[:11]) == []
    assert [group.size for group in read(crowd, 3, PEOPLE[:12])] == [12]


def test_when_one_comes_nothing_changes_until_ten_have_come() -> None:
    crowd = Crowd()
    sizes = [[group.size for group in read(crowd, n, PEOPLE[: 10 + n])] for n in range(12)]
    assert sizes == [[10]] * 10 + [[20]] * 2


def test_where_one_block_is_one_short_the_others_are_told() -> None:
    crowd = Crowd()
    assert read(crowd, 0, PEOPLE[:25])[0].size == 25
    assert read(crowd, 1, PEOPLE[1:25])[0].size == 12


def test_a_no_takes_out_what_was_not_told_yet() -> None:
    crowd = Crowd()
    for person in PEOPLE[:10]:
        crowd.add(person, T, 0, {"engaged": 0.5})
    crowd.withdraw("p03")
    assert crowd.close(WINDOW_US) == []


def test_who_is_erased_leaves_a_place_that_nobody_takes() -> None:
    crowd = Crowd()
    read(crowd, 0, PEOPLE[:10])
    crowd.forget("p03")
    assert read(crowd, 1, PEOPLE[:10]) == []
    assert "p03" not in repr(crowd._blocks)


def test_a_taxonomy_that_says_nothing_of_one_person_is_not_told() -> None:
    crowd = Crowd()
    for person in PEOPLE[1:10]:
        crowd.add(person, "va.v1", 0, {"valence": 0.1})
    crowd.add("p00", "va.v1", 0, {})
    assert [group.taxonomy for group in read(crowd, 0, PEOPLE[:10])] == [T]


def test_a_ruling_may_ask_for_more_people_and_nothing_for_fewer() -> None:
    crowd = Crowd()
    crowd.need(15)
    crowd.need(12)
    assert crowd.k == 15
    assert read(crowd, 0, PEOPLE[:14]) == []
    assert read(crowd, 1, PEOPLE[:15])[0].k == 15
    for k, window_us in ((9, WINDOW_US), (LEAST, WINDOW_US - 1)):
        with pytest.raises(UsageError, match="tell of single people"):
            Crowd(k, window_us)


@given(st.lists(st.sets(st.integers(0, 39), min_size=5), min_size=1, max_size=12), st.data())
def test_no_sum_or_difference_of_windows_is_about_fewer_than_k_people(
    windows: list[set[int]], data: st.DataObject
) -> None:
    """Even if what is read of people never changed, as is worst for them."""
    values = np.array(data.draw(st.lists(st.floats(0, 1), min_size=40, max_size=40)))
    crowd, told = Crowd(), list[tuple[float, int]]()
    cohorts = []
    for number, present in enumerate(windows):
        for n in sorted(present):
            crowd.add(PEOPLE[n], T, number * WINDOW_US, {"engaged": float(values[n])})
        for group in crowd.close((number + 1) * WINDOW_US):
            blocks = [block for block in crowd._blocks if block <= {PEOPLE[n] for n in present}]
            cohort = np.array([any(name in block for block in blocks) for name in PEOPLE])
            assert cohort.sum() == group.size >= LEAST
            assert group.means["engaged"] == pytest.approx(values[cohort].mean())
            told.append((group.means["engaged"], group.size))
            cohorts.append(cohort)
    if cohorts:
        # People whom every window that is told takes or leaves together cannot be told apart by any sum of windows.
        _, alike = np.unique(np.array(cohorts).T, axis=0, return_inverse=True)
        seen = np.array(cohorts).any(axis=0)
        assert all(np.sum(alike.ravel()[seen] == one) >= LEAST for one in set(alike.ravel()[seen]))
