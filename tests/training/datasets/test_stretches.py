"""Marks of raters who disagree about boundaries, cut into stretches with votes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countenance.contracts.errors import DatasetError
from countenance.training.datasets.store import Split
from countenance.training.datasets.stretches import Mark, Stretch, majority, split_named, stretches


def test_the_call_is_cut_where_anybody_set_a_boundary() -> None:
    marks = [Mark("1", "confused", 0, 10), Mark("2", "confused", 4, 12), Mark("2", "engaged", 20, 30)]
    assert list(stretches(marks)) == [
        Stretch(0, 4, {"confused": 1}),
        Stretch(4, 10, {"confused": 2}),
        Stretch(10, 12, {"confused": 1}),
        Stretch(20, 30, {"engaged": 1}),
    ]


def test_one_rater_has_one_vote_per_label() -> None:
    marks = [Mark("1", "confused", 0, 10), Mark("1", "confused", 0, 10), Mark("1", "engaged", 0, 10)]
    assert list(stretches(marks)) == [Stretch(0, 10, {"confused": 1, "engaged": 1})]


def test_labels_of_the_whole_call_are_one_piece_of_their_own() -> None:
    marks = [Mark("1", "engaged", 5, 6), Mark("1", "frustrated", None, None), Mark("2", "frustrated", None, None)]
    assert list(stretches(marks)) == [Stretch(None, None, {"frustrated": 2}), Stretch(5, 6, {"engaged": 1})]


MARKS = st.builds(
    lambda rater, label, start, length: Mark(rater, label, start, start + length),
    st.sampled_from("123"),
    st.sampled_from("ab"),
    st.integers(0, 30),
    st.integers(1, 10),
)


@given(st.lists(MARKS, max_size=8))
def test_every_instant_carries_exactly_the_votes_of_the_marks_over_it(marks: list[Mark]) -> None:
    pieces = list(stretches(marks))
    for instant in range(45):
        over = {(m.label, m.rater) for m in marks if (m.start_us or 0) <= instant < (m.end_us or 0)}
        covering = [p for p in pieces if (p.start_us or 0) <= instant < (p.end_us or 0)]
        assert len(covering) == bool(over)
        for piece in covering:
            assert piece.votes == {
                label: sum(1 for other, _ in over if other == label) for label in {label for label, _ in over}
            }


@pytest.mark.parametrize(
    ("votes", "raters", "label"),
    [
        ({"a": 2.0}, 3, "a"),
        ({"a": 1.0}, 2, None),
        ({"a": 2.0, "b": 2.0}, 3, None),
        ({"a": 2.0, "b": 1.0}, 3, "a"),
        ({"a": 1.0}, 0, "a"),
        ({}, 2, None),
    ],
)
def test_a_label_wins_with_more_than_half_of_the_raters_and_alone(
    votes: dict[str, float], raters: int, label: str | None
) -> None:
    assert majority(votes, raters) == label


def test_val_is_dev_and_never_test() -> None:
    assert split_named("val", "x") is split_named("Validation ", "x") is Split.DEV
    assert split_named("test", "x") is Split.TEST
    assert split_named("", "x") is Split.UNASSIGNED
    with pytest.raises(DatasetError, match="here: 'holdout' is no split"):
        split_named("holdout", "here")
