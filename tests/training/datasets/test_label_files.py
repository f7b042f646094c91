from pathlib import Path

import pytest

from countenance.contracts.errors import DatasetError
from countenance.training.datasets.label_files import centred, number, visible


def test_files_that_systems_leave_behind_are_not_seen() -> None:
    names = ("b.wav", "._b.wav", ".DS_Store", "a.wav")
    assert visible(Path("folder") / name for name in names) == [Path("folder/a.wav"), Path("folder/b.wav")]


@pytest.mark.parametrize(("rating", "value"), [(1, -1), (3, 0), (4, 0.5), (5, 1), (0, -1), (5.5, 1)])
def test_a_rating_is_centred_and_stays_within_its_scale(rating: float, value: float) -> None:
    assert centred(rating, 1, 5) == value


@pytest.mark.parametrize("text", ["", "many", "nan", "inf"])
def test_what_is_no_number_is_named_with_its_line(text: str) -> None:
    with pytest.raises(DatasetError, match=rf"labels\.csv, line 4 holds '{text}'"):
        number(text, Path("labels.csv"), 4)
    assert number("2.5", Path("labels.csv"), 4) == 2.5
