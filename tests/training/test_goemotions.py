"""The GoEmotions reader, on made-up rows in the exact layout."""

from pathlib import Path

import numpy as np
import pytest

from countenance.contracts.errors import DatasetError
from countenance.training.datasets.goemotions import LABELS, read_goemotions
from countenance.training.text_emotion.labels import COARSE, EKMAN, FINE, coarse_labels


def write(folder: Path, name: str, *lines: str) -> Path:
    place = folder / "data" / "original"
    place.mkdir(parents=True, exist_ok=True)
    (place / f"{name}.tsv").write_bytes("".join(lines).encode("utf-8"))
    return folder


def test_several_labels_of_one_text_are_all_kept(tmp_path: Path) -> None:
    folder = write(tmp_path, "train", "wait so what happens now?\t6,7\tzz00001\n")
    split = read_goemotions(folder, "train")
    assert split.texts == ("wait so what happens now?",)
    assert [LABELS[i] for i in np.flatnonzero(split.labels[0])] == ["confusion", "curiosity"]
    assert split.ids == ("zz00001",)


def test_the_quoted_label_field_of_the_original_release_is_read(tmp_path: Path) -> None:
    split = read_goemotions(write(tmp_path, "dev", 'made up\t"2,5"\tzz00002\n'), "dev")
    assert list(np.flatnonzero(split.labels[0])) == [2, 5]


def test_quotes_are_plain_characters_and_never_join_lines(tmp_path: Path) -> None:
    folder = write(tmp_path, "train", '"it begins here\t27\tzz1\n', 'and "ends" there"\t17\tzz2\n')
    assert read_goemotions(folder, "train").texts == ('"it begins here', 'and "ends" there"')


def test_a_stray_tab_inside_a_text_stays_in_the_text(tmp_path: Path) -> None:
    split = read_goemotions(write(tmp_path, "train", "one\ttwo\t3\tzz1\n"), "train")
    assert split.texts == ("one\ttwo",)
    assert list(np.flatnonzero(split.labels[0])) == [3]


def test_line_separators_inside_a_text_do_not_cut_it(tmp_path: Path) -> None:
    text = "first\N{LINE SEPARATOR}second\N{NEXT LINE}third"
    assert read_goemotions(write(tmp_path, "train", f"{text}\t0\tzz1\r\n"), "train").texts == (text,)


def test_a_label_out_of_range_names_file_and_line(tmp_path: Path) -> None:
    folder = write(tmp_path, "train", "fine\t27\tzz1\n", "wrong\t28\tzz2\n")
    with pytest.raises(DatasetError, match=r"train\.tsv, line 2: '28'"):
        read_goemotions(folder, "train")


def test_a_line_without_three_fields_names_file_and_line(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"dev\.tsv, line 1: fewer than three"):
        read_goemotions(write(tmp_path, "dev", "only text\n"), "dev")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"test\.tsv is missing"):
        read_goemotions(tmp_path, "test")


def test_an_unknown_split_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no split 'val'"):
        read_goemotions(tmp_path, "val")


def test_an_empty_split_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="holds no rows"):
        read_goemotions(write(tmp_path, "train", "\n"), "train")


def test_every_fine_label_belongs_to_exactly_one_ekman_class() -> None:
    members = [label for group in EKMAN.values() for label in group]
    assert sorted(members) == sorted(FINE)


def test_frustration_stands_beside_anger_and_sadness() -> None:
    row = np.zeros((1, len(FINE)), np.float32)
    row[0, FINE.index("disappointment")] = 1
    assert [name for name, on in zip(COARSE, coarse_labels(row)[0], strict=True) if on] == [
        "sadness",
        "frustration",
    ]
