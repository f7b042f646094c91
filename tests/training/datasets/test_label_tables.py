"""Tables of labels in the states that publishers and copyists leave them."""

import sys
from pathlib import Path

import pytest

from countenance.contracts.errors import DatasetError
from countenance.training.datasets.label_tables import header, read_table


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_delimiter_is_sniffed_and_columns_are_chosen_by_name(tmp_path: Path, delimiter: str) -> None:
    path = tmp_path / "labels.csv"
    path.write_text(delimiter.join(["extra", "name", "label "]) + "\n" + delimiter.join(["9", " a.avi", "2"]) + "\n")
    (line,) = read_table(path, ("name", "label"))
    assert (line.values["name"], line.values["label"], line.source) == ("a.avi", "2", "labels.csv line 2")


def test_a_byte_order_mark_is_no_part_of_the_first_name(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_text("name,label\na,1\n", encoding="utf-8-sig")
    assert header(path) == ["name", "label"]


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_text("name\na\n")
    with pytest.raises(DatasetError, match=r"labels\.csv, line 1: no column label"):
        read_table(path, ("name", "label"))


def test_a_line_cut_short_names_file_and_line_and_blank_lines_are_nothing(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_text("name,label\n\na,1\nb\n")
    with pytest.raises(DatasetError, match=r"labels\.csv, line 4: no value for label"):
        read_table(path, ("name", "label"))


def test_a_code_out_of_range_names_file_and_line(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_text("label\n3\n-1\n")
    first, second = read_table(path, ("label",))
    assert first.code("label", 3) == 3
    with pytest.raises(DatasetError, match=r"labels\.csv, line 3: label is '-1', not 0 to 3"):
        second.code("label", 3)


def test_text_in_another_encoding_is_an_error_and_no_header(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_bytes("name,Übung\n".encode("latin-1"))
    assert header(path) == []
    with pytest.raises(DatasetError, match="no readable table"):
        read_table(path, ("name",))


def test_a_file_that_is_no_spreadsheet_is_named(tmp_path: Path) -> None:
    path = tmp_path / "labels.xlsx"
    path.write_bytes(b"not a workbook")
    with pytest.raises(DatasetError, match=r"labels\.xlsx is no readable spreadsheet"):
        read_table(path, ("name",))


def test_without_openpyxl_a_spreadsheet_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(DatasetError, match=r"pip install 'countenance\[train\]'"):
        read_table(tmp_path / "labels.xlsx", ("name",))
