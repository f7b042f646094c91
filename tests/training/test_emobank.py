"""The EmoBank reader, on made-up rows in the exact layout."""

from pathlib import Path

import numpy as np
import pytest

from countenance.contracts.errors import DatasetError
from countenance.training.datasets.emobank import read_emobank

HEADER = "id,split,V,A,D,text\n"
ROWS = (
    'doc01_0_10,train,3.0,3.5,3.2,"He said ""fine""."\n'
    "doc01_10_20,test,1.2,4.0,2.0,It broke again\n"
    'doc01_20_30,train,4.6,3.0,3.0,"Two lines,\nand a comma"\n'
    "doc01_30_40,dev,3.0,2.0,3.0,Noted\n"
)


def corpus(folder: Path, text: str) -> Path:
    (folder / "corpus").mkdir()
    (folder / "corpus" / "emobank.csv").write_text(text, encoding="utf-8")
    return folder


def test_the_split_column_decides_where_a_sentence_belongs(tmp_path: Path) -> None:
    folder = corpus(tmp_path, HEADER + ROWS)
    assert read_emobank(folder, "train").ids == ("doc01_0_10", "doc01_20_30")
    assert read_emobank(folder, "dev").ids == ("doc01_30_40",)
    assert read_emobank(folder, "test").ids == ("doc01_10_20",)


def test_doubled_quotes_commas_and_line_breaks_belong_to_the_text(tmp_path: Path) -> None:
    split = read_emobank(corpus(tmp_path, HEADER + ROWS), "train")
    assert split.texts == ('He said "fine".', "Two lines,\nand a comma")


def test_ratings_stay_on_the_scale_of_the_raters(tmp_path: Path) -> None:
    split = read_emobank(corpus(tmp_path, HEADER + ROWS), "train")
    np.testing.assert_array_equal(split.vad, [[3.0, 3.5, 3.2], [4.6, 3.0, 3.0]])


def test_columns_are_found_by_name_not_by_place(tmp_path: Path) -> None:
    folder = corpus(tmp_path, "text,D,A,V,split,id\nhello,1.0,2.0,3.0,train,x\n")
    np.testing.assert_array_equal(read_emobank(folder, "train").vad, [[3.0, 2.0, 1.0]])


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no column split"):
        read_emobank(corpus(tmp_path, "id,V,A,D,text\nx,3,3,3,hello\n"), "train")


@pytest.mark.parametrize("value", ["", "high", "5.5", "nan"])
def test_a_rating_off_the_scale_names_the_sentence(tmp_path: Path, value: str) -> None:
    folder = corpus(tmp_path, f"{HEADER}doc9,train,{value},3.0,3.0,hello\n")
    with pytest.raises(DatasetError, match="sentence doc9: V is"):
        read_emobank(folder, "train")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"emobank\.csv is missing"):
        read_emobank(tmp_path, "train")


def test_an_unknown_split_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no split 'val'"):
        read_emobank(tmp_path, "val")


def test_a_split_without_rows_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no rows of split 'test'"):
        read_emobank(corpus(tmp_path, HEADER + "x,train,3,3,3,hello\n"), "test")
