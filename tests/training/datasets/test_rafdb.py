"""The RAF-DB reader on a tiny folder in the publisher's layout, with its misspelling and its uneven numbers."""

from pathlib import Path

import pytest
from PIL import Image

from countenance.contracts.errors import DatasetError
from countenance.training.datasets.carving import train_or_dev
from countenance.training.datasets.rafdb import AGES, CORPUS, GENDERS, LABELS, RACES
from countenance.training.datasets.store import Row, Split, recognise

LINES = ("train_00001.jpg 5", "train_00002.jpg 4", "train_00003.jpg 1", "test_0001.jpg 7", "test_0002.jpg 3")
MARKS = "".join(f"{30 + n}.5\t{40 + n}.25\n" for n in range(5))


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    basic = tmp_path / "basic"
    for folder in ("EmoLabel", "Image/original", "Image/aligned", "Annotation/manual"):
        (basic / folder).mkdir(parents=True)
    (basic / "EmoLabel" / "list_patition_label.txt").write_text("\n".join(LINES) + "\n", encoding="utf-8")
    for line in LINES[:-1]:
        stem = line.split(".")[0]
        Image.new("RGB", (8, 8)).save(basic / "Image" / "original" / f"{stem}.jpg")
        Image.new("RGB", (8, 8)).save(basic / "Image" / "aligned" / f"{stem}_aligned.jpg")
        (basic / "Annotation" / "manual" / f"{stem}_manu_attri.txt").write_text(f"{MARKS}1\n2\n3\n", encoding="utf-8")
    return tmp_path


def by_uid(folder: Path) -> dict[str, Row]:
    return {row.uid: row for row in CORPUS.read(folder).rows}


def labels_of(corpus: Path) -> Path:
    return corpus / "basic" / "EmoLabel" / "list_patition_label.txt"


def test_the_codes_are_these() -> None:
    assert LABELS == ("Surprise", "Fear", "Disgust", "Happiness", "Sadness", "Anger", "Neutral")
    assert CORPUS.labels == LABELS
    assert (GENDERS, RACES) == (("male", "female", "unsure"), ("Caucasian", "African-American", "Asian"))
    assert AGES == ("0-3", "4-19", "20-39", "40-69", "70+")


def test_faces_are_read_with_codes_from_one_and_four_digits_in_test(corpus: Path) -> None:
    assert recognise(corpus).name == "rafdb"
    rows = by_uid(corpus)
    assert {uid: row.label for uid, row in rows.items()} == {
        "train_00001": "Sadness",
        "train_00002": "Happiness",
        "train_00003": "Surprise",
        "test_0001": "Neutral",
        "test_0002": "Disgust",
    }
    assert rows["test_0001"].face_path == corpus / "basic" / "Image" / "aligned" / "test_0001_aligned.jpg"
    assert rows["test_0001"].source == "list_patition_label.txt line 4"


def test_the_right_spelling_and_the_inner_folder_are_accepted_too(corpus: Path) -> None:
    labels_of(corpus).rename(corpus / "basic" / "EmoLabel" / "list_partition_label.txt")
    assert recognise(corpus / "basic").name == "rafdb"
    assert len(by_uid(corpus / "basic")) == len(LINES)


def test_the_official_test_part_is_kept_and_dev_is_carved_out_of_train(corpus: Path) -> None:
    for row in CORPUS.read(corpus).rows:
        assert row.split is (Split.TEST if row.uid.startswith("test") else train_or_dev(row.uid))


def test_demographics_are_said_to_be_judged_by_others(corpus: Path) -> None:
    row = by_uid(corpus)["train_00001"]
    assert row.demographics == {"gender": "female", "race": "Asian", "age": "40-69"}
    assert not row.self_reported
    assert any("judged by the publisher's annotators" in note for note in CORPUS.read(corpus).notes)


def test_a_face_without_annotation_has_no_demographics_and_is_counted(corpus: Path) -> None:
    reading = CORPUS.read(corpus)
    assert reading.rows[-1].demographics == {}
    assert "1 faces have no file in Annotation/manual: no gender, race and age" in reading.notes


def test_a_missing_picture_is_listed(corpus: Path) -> None:
    assert CORPUS.read(corpus).missing == ("Image/aligned/test_0002_aligned.jpg",)


def test_originals_are_taken_where_the_aligned_ones_are_still_packed(corpus: Path) -> None:
    images = corpus / "basic" / "Image"
    (images / "aligned").rename(images / "kept_elsewhere")
    (images / "aligned.zip").write_bytes(b"PK")
    reading = CORPUS.read(corpus)
    assert reading.rows[0].face_path == images / "original" / "train_00001.jpg"
    assert "pictures: original" in reading.notes
    assert "Image/aligned.zip is not unpacked: unzip it into Image/aligned" in reading.notes


@pytest.mark.parametrize("line", ["train_00009.jpg", "train_00009.jpg 8", "train_00009.jpg 0", "face.jpg 1", "a b c"])
def test_a_broken_label_line_is_named(corpus: Path, line: str) -> None:
    labels_of(corpus).write_text(f"{LINES[0]}\n\n{line}\n", encoding="utf-8")
    with pytest.raises(DatasetError, match=r"list_patition_label\.txt, line 3"):
        CORPUS.read(corpus)


def test_a_face_named_twice_is_refused(corpus: Path) -> None:
    labels_of(corpus).write_text(f"{LINES[0]}\n{LINES[0]}\n", encoding="utf-8")
    with pytest.raises(DatasetError, match="train_00001 occurs twice"):
        CORPUS.read(corpus)


@pytest.mark.parametrize(("codes", "line"), [("1\n3\n2\n", 7), ("1\n2\n", 8), ("x\n1\n1\n", 6)])
def test_a_broken_annotation_is_named(corpus: Path, codes: str, line: int) -> None:
    path = corpus / "basic" / "Annotation" / "manual" / "train_00002_manu_attri.txt"
    path.write_text(MARKS + codes, encoding="utf-8")
    with pytest.raises(DatasetError, match=rf"train_00002_manu_attri\.txt, line {line}:"):
        CORPUS.read(corpus)


def test_a_missing_label_file_is_named_with_where_to_ask(corpus: Path) -> None:
    labels_of(corpus).unlink()
    assert not CORPUS.detect(corpus)
    with pytest.raises(DatasetError, match=r"list_patition_label\.txt is missing.*whdeng"):
        CORPUS.read(corpus)
