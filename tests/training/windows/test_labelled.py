from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countenance.contracts.errors import DatasetError
from countenance.contracts.media import SECOND_US
from countenance.contracts.readings import Window
from countenance.training.datasets.store import Row, Split
from countenance.training.windows.labelled import LabelledWindow, groups_of, label_windows

WINDOWS = tuple(Window("p_1", n * SECOND_US, (n + 1) * SECOND_US, (), {}) for n in range(10))


def row(start_us: int | None, end_us: int | None, uid: str = "r") -> Row:
    return Row(uid, "own", Split.TRAIN, "line 2", votes={"lost": 2.0}, raters=3, subject_id="ana", group_id="c",
               start_us=start_us, end_us=end_us)  # fmt: skip


def seconds(one: Row) -> list[int]:
    return [found.window.start_us // SECOND_US for found in label_windows(WINDOWS, [one])]


def test_a_window_belongs_to_the_stretch_that_holds_its_middle() -> None:
    assert seconds(row(2_400_000, 4_600_000)) == [2, 3, 4]
    assert seconds(row(2_600_000, 4_400_000)) == [3]


def test_a_stretch_shorter_than_a_second_takes_the_window_around_it() -> None:
    assert seconds(row(2_600_000, 2_900_000)) == [2]


def test_a_row_without_times_is_the_whole_recording() -> None:
    assert seconds(row(None, None)) == list(range(10))


@given(st.lists(st.integers(1, 9_999_999), min_size=1, max_size=6, unique=True))
def test_stretches_that_touch_share_no_window_unless_one_is_too_short_to_hold_a_middle(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), 10_000_000]
    spans = [(a, b) for a, b in pairwise(edges) if b - a >= SECOND_US]
    found = [second for span in spans for second in seconds(row(*span))]
    assert len(found) == len(set(found))


def test_votes_and_raters_go_with_every_window() -> None:
    (one,) = label_windows(WINDOWS, [row(0, SECOND_US)])
    assert (one.votes, one.raters, one.subject, one.call, one.id) == ({"lost": 2.0}, 3, "ana", "c", "r#0")


def test_a_hard_label_without_votes_is_one_vote() -> None:
    (one,) = label_windows(WINDOWS, [replace(row(0, SECOND_US), votes={}, raters=0, label="lost")])
    assert (one.votes, one.raters) == ({"lost": 1.0}, 1)


def test_windows_of_nobody_are_an_error() -> None:
    with pytest.raises(DatasetError, match="names no person"):
        list(label_windows(WINDOWS, [replace(row(0, SECOND_US), subject_id=None)]))


def test_people_and_calls_that_hang_together_are_one_group() -> None:
    def one(subject: str, call: str) -> LabelledWindow:
        return LabelledWindow(WINDOWS[0], "s", subject, call, Split.TRAIN, {}, 1, {})

    groups = groups_of([one("ana", "1"), one("ben", "1"), one("ben", "2"), one("eva", "3"), one("ana", "4")])
    assert groups[0] == groups[1] == groups[2] == groups[4]
    assert groups[3] != groups[0]


def test_a_person_and_a_call_of_one_name_are_not_taken_for_each_other() -> None:
    pairs = [("x", "y"), ("z", "x")]
    groups = groups_of([LabelledWindow(WINDOWS[0], "s", who, call, Split.TRAIN, {}, 1, {}) for who, call in pairs])
    assert groups[0] != groups[1]
