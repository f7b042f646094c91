"""The FairFace reader on tiny folders in the publisher's layout and in that of an excerpt."""

import tarfile
from collections import Counter
from pathlib import Path

import pytest
from PIL import Image

from countenance.contracts.errors import DatasetError
from countenance.training.datasets.fairface import AGES, CORPUS, GENDERS, RACES
from countenance.training.datasets.store import Split, recognise

HEADER = "file,age,gender,race,service_test"
TRAIN = ("train/1.jpg,20-29,Female,Latino_Hispanic,TRUE", "train/2.jpg,more than 70,Male,Black,FALSE")
VAL = ("val/1.jpg,03-Sep,Male,East Asian,FALSE", "val/2.jpg,Oct-19,Female,Indian,TRUE", "val/3.jpg,0-2,Male,White,TRUE")


def picture(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (8, 8)).save(path)


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    for name, lines in (("train", TRAIN), ("val", VAL)):
        (tmp_path / f"fairface_label_{name}.csv").write_text("\n".join((HEADER, *lines)) + "\n", encoding="utf-8")
    for line in (*TRAIN, *VAL[:2]):
        picture(tmp_path / line.split(",")[0])
    return tmp_path


@pytest.fixture
def excerpt(tmp_path: Path) -> Path:
    (tmp_path / "labels.csv").write_text("file,age,gender,race\n7.jpg,3-9,Male,White\n", encoding="utf-8")
    picture(tmp_path / "images" / "7.jpg")
    return tmp_path


def test_the_groups_are_these() -> None:
    assert CORPUS.labels == ()
    assert AGES == ("0-2", "3-9", "10-19", "20-29", "30-39", "40-49", "50-59", "60-69", "more than 70")
    assert GENDERS == ("Male", "Female")
    assert ", ".join(RACES) == "White, Black, Latino_Hispanic, East Asian, Southeast Asian, Indian, Middle Eastern"


def test_faces_have_demographics_judged_by_others_and_no_label(corpus: Path) -> None:
    assert recognise(corpus).name == "fairface"
    rows = CORPUS.read(corpus).rows
    assert [row.uid for row in rows] == ["train/1", "train/2", "val/1", "val/2", "val/3"]
    assert rows[0].demographics == {"age": "20-29", "gender": "Female", "race": "Latino_Hispanic"}
    assert not any(row.self_reported or row.label or row.votes for row in rows)
    assert rows[0].face_path == corpus / "train" / "1.jpg"


def test_val_is_test_and_never_dev(corpus: Path) -> None:
    assert [row.split for row in CORPUS.read(corpus).rows] == [Split.TRAIN] * 2 + [Split.TEST] * 3


def test_ages_that_a_spreadsheet_turned_into_dates_are_restored_and_counted(corpus: Path) -> None:
    reading = CORPUS.read(corpus)
    assert [row.demographics["age"] for row in reading.rows[2:]] == ["3-9", "10-19", "0-2"]
    assert any(note.startswith("2 ages that a spreadsheet") for note in reading.notes)


def test_a_missing_picture_is_listed(corpus: Path) -> None:
    assert CORPUS.read(corpus).missing == ("val/3.jpg",)


def test_one_label_file_and_pictures_in_a_folder_of_their_own_will_do(corpus: Path) -> None:
    (corpus / "fairface_label_train.csv").unlink()
    (corpus / "fair_face").mkdir()
    (corpus / "val").rename(corpus / "fair_face" / "val")
    reading = CORPUS.read(corpus)
    assert reading.missing == ("fair_face/val/3.jpg",)
    assert reading.rows[0].face_path == corpus / "fair_face" / "val" / "1.jpg"
    assert "not in this folder: fairface_label_train.csv" in reading.notes


def test_an_excerpt_of_train_is_read(excerpt: Path) -> None:
    assert recognise(excerpt).name == "fairface"
    reading = CORPUS.read(excerpt)
    row = reading.rows[0]
    assert (row.uid, row.split, row.face_path) == ("train/7", Split.TRAIN, excerpt / "images" / "7.jpg")
    assert reading.missing == ()


def test_labels_of_another_corpus_are_not_fairface(excerpt: Path) -> None:
    (excerpt / "labels.csv").write_text("file,speaker,gender,age,sentence,emotion\n", encoding="utf-8")
    assert not CORPUS.detect(excerpt)
    assert not CORPUS.detect(excerpt / "labels.csv")
    with pytest.raises(DatasetError, match=r"fairface_label_val\.csv is missing.*joojs/fairface"):
        CORPUS.read(excerpt)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("val/9.jpg,Apr-12,Male,White,TRUE", "age is 'Apr-12'"),
        ("val/9.jpg,0-2,M,White,TRUE", "gender is 'M'"),
        ("val/9.jpg,0-2,Male,Grey,TRUE", "race is 'Grey'"),
        ("val/9.jpg,0-2,Male", "another number of fields"),
        ("val/9.jpg,0-2,Male,White,TRUE,1", "another number of fields"),
    ],
)
def test_a_broken_line_is_named(corpus: Path, line: str, problem: str) -> None:
    (corpus / "fairface_label_val.csv").write_text(f"{HEADER}\n{VAL[0]}\n{line}\n", encoding="utf-8")
    with pytest.raises(DatasetError, match=rf"fairface_label_val\.csv, line 3: {problem}"):
        CORPUS.read(corpus)


def test_a_label_file_without_a_column_is_refused(corpus: Path) -> None:
    (corpus / "fairface_label_val.csv").write_text("file,age,gender\n", encoding="utf-8")
    with pytest.raises(DatasetError, match="no column race"):
        CORPUS.read(corpus)


@pytest.mark.slow
def test_the_real_val_excerpt_has_the_published_counts(shared: Path, tmp_path: Path) -> None:
    archive = shared / "data" / "face_fairface_val.tar"
    if not archive.is_file():
        pytest.skip("the FairFace val archive is not beside the checkout")
    with tarfile.open(archive) as packed:
        packed.extractall(tmp_path, filter="data")
    folder = next(tmp_path.rglob("fairface_label_val.csv")).parent
    reading = recognise(folder).read(folder)
    assert (len(reading.rows), reading.missing) == (5000, ())
    races = Counter(row.demographics["race"] for row in reading.rows)
    assert (races["White"], races["Black"], races["Middle Eastern"]) == (962, 726, 527)
    ages = Counter(row.demographics["age"] for row in reading.rows)
    assert (ages["3-9"], ages["10-19"], ages["more than 70"]) == (628, 544, 52)
