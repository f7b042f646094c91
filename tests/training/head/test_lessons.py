from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.training.head.made import LABELS, labelled

from countenance.contracts.errors import DatasetError
from countenance.training.head.lessons import OTHER, check_enough, folds, leading, lessons


def test_targets_are_the_shares_of_the_raters() -> None:
    found = lessons(labelled(), LABELS)
    assert found.labels == LABELS
    assert found.exclusive
    np.testing.assert_allclose(found.targets[0], [2 / 3, 1 / 3, 0.0], atol=1e-6)


def test_raters_who_gave_no_label_or_an_unknown_one_are_a_column_of_their_own() -> None:
    windows = [replace(labelled(people=1)[0], votes={"calm": 1.0, "bored": 1.0})]
    found = lessons(windows, LABELS)
    assert found.labels == (*LABELS, OTHER)
    np.testing.assert_allclose(found.targets[0], [1 / 3, 0.0, 0.0, 2 / 3], atol=1e-6)


def test_two_labels_of_one_rater_make_labels_that_may_hold_together() -> None:
    windows = [replace(labelled(people=1)[0], votes={"calm": 3.0, "lost": 3.0})]
    found = lessons(windows, LABELS)
    assert not found.exclusive
    np.testing.assert_allclose(found.targets[0], [1.0, 1.0, 0.0])


def test_a_long_stretch_weighs_more_than_a_short_one_but_not_by_its_length() -> None:
    one, *others = labelled(people=1, stretches=1, seconds=5)
    short = replace(one, stretch="short")
    found = lessons([short, *others], LABELS)
    assert found.weights[0] == pytest.approx(2 * found.weights[1])


def test_a_window_without_a_label_teaches_nothing() -> None:
    windows = labelled(people=1)
    assert len(lessons([replace(windows[0], votes={}), *windows[1:]], LABELS).windows) == len(windows) - 1
    with pytest.raises(DatasetError, match="no stretch carries a label"):
        lessons([replace(windows[0], votes={})], LABELS)


@given(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), min_size=2, max_size=40))
@settings(max_examples=60, deadline=None)
def test_no_person_and_no_call_stands_in_two_folds(pairs: list[tuple[int, int]]) -> None:
    base = labelled(people=1)[0]
    windows = [replace(base, subject=f"s{s}", call=f"c{c}", stretch=str(n)) for n, (s, c) in enumerate(pairs)]
    found = lessons(windows, LABELS)
    placed = folds(found)
    for names in ([w.subject for w in windows], [w.call for w in windows]):
        assert all(len({int(placed[n]) for n, own in enumerate(names) if own == name}) == 1 for name in names)


def test_the_people_of_a_label_are_spread_over_the_folds() -> None:
    found = lessons(labelled(people=10), LABELS)
    placed = folds(found)
    assert [len({found.groups[row] for row in np.flatnonzero(placed == fold)}) for fold in range(5)] == [2] * 5


def test_too_little_is_refused_in_words_that_say_what_is_missing() -> None:
    windows = [w for w in labelled(people=2, stretches=9) if w.votes.get("cross", 0.0) < 2.0 or w.subject == "person 0"]
    with pytest.raises(DatasetError, match=r"'cross' leads in 3 stretches of 1 people; at least 8 stretches of 2"):
        check_enough(lessons(windows, LABELS))


def test_a_label_that_the_data_does_not_know_is_refused_and_the_known_ones_are_named() -> None:
    with pytest.raises(DatasetError, match=r"'bored' leads in 0 stretches.*Labels in the data: calm, cross, lost"):
        check_enough(lessons(labelled(), ("calm", "bored")))


def test_enough_is_enough() -> None:
    found = lessons(labelled(people=6), LABELS)
    check_enough(found)
    assert leading(found) == {"calm": 18, "lost": 18, "cross": 18}
