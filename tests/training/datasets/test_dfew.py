"""The DFEW reader, on made-up clips in the exact layout."""

from pathlib import Path

import pytest

from countenance.contracts.errors import DatasetError
from countenance.training.datasets.dfew import CORPUS, EMOTIONS, read_fold
from countenance.training.datasets.store import Split, recognise

VOTES = "1happy,2sad,3neutral,4angry,5surprise,6disgust,7fear,order,label\n"
TRAIN = [(number, number % 7 + 1) for number in range(1, 41)]
TEST = [(12_345, 4), (99, 7)]


def make(folder: Path, train: list[tuple[int, int]] = TRAIN, test: list[tuple[int, int]] = TEST) -> Path:
    (folder / "Annotation").mkdir()
    lines = [VOTES, "0,0,5,5,0,0,0,777,0\n"]
    for number, code in {*train, *test}:
        counts = [1] * 7
        counts[code - 1] = 4
        lines.append(",".join(map(str, (*counts, number, code))) + "\n")
        (folder / "Clip" / "clip_224x224_16f" / f"{number:05d}").mkdir(parents=True, exist_ok=True)
    (folder / "Annotation" / "annotation.csv").write_text("".join(lines))
    for fold in range(1, 6):
        for part, entries in (("train", train), ("test", test)):
            table = folder / "EmoLabel_DataSplit" / f"{part}(single-labeled)" / f"set_{fold}.csv"
            table.parent.mkdir(parents=True, exist_ok=True)
            table.write_text("video_name,label\n" + "".join(f"{number},{code}\n" for number, code in entries))
    return folder


def test_codes_one_to_seven_are_in_the_order_of_the_corpus(tmp_path: Path) -> None:
    assert EMOTIONS == ("happy", "sad", "neutral", "angry", "surprise", "disgust", "fear")
    train = [(number, number) for number in range(1, 8)]
    rows = CORPUS.read(make(tmp_path, train)).rows
    assert [row.label for row in rows[:7]] == list(EMOTIONS)
    assert CORPUS.labels == EMOTIONS


def test_clip_numbers_are_padded_to_five_digits(tmp_path: Path) -> None:
    row = next(row for row in CORPUS.read(make(tmp_path)).rows if row.uid == "00099")
    assert row.face_path == tmp_path / "Clip" / "clip_224x224_16f" / "00099"
    assert row.source == "test set_1.csv line 3"


def test_the_votes_of_ten_raters_survive(tmp_path: Path) -> None:
    row = next(row for row in CORPUS.read(make(tmp_path)).rows if row.uid == "12345")
    assert row.label == "angry"
    assert row.votes == {"happy": 1, "sad": 1, "neutral": 1, "angry": 4, "surprise": 1, "disgust": 1, "fear": 1}
    assert row.raters == 10


def test_dev_is_carved_from_train_and_the_test_part_stays_test(tmp_path: Path) -> None:
    rows = CORPUS.read(make(tmp_path)).rows
    assert {row.uid for row in rows if row.split is Split.TEST} == {"12345", "00099"}
    dev = {row.uid for row in rows if row.split is Split.DEV}
    assert 0 < len(dev) < 20
    assert {row.uid for row in rows if row.split is Split.TRAIN} == {f"{n:05d}" for n, _ in TRAIN} - dev


def test_the_carved_dev_is_the_same_in_every_run(tmp_path: Path) -> None:
    folder = make(tmp_path)
    assert read_fold(folder, 2) == read_fold(folder, 2)


def test_a_clip_in_train_and_test_of_one_fold_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"dfew: 00099 occurs twice \(test set_1\.csv line 2\)"):
        CORPUS.read(make(tmp_path, test=[(99, 7)], train=[(99, 7)]))


def test_clips_without_a_single_label_are_counted_and_in_no_fold(tmp_path: Path) -> None:
    reading = CORPUS.read(make(tmp_path))
    assert "00777" not in {row.uid for row in reading.rows}
    assert "1 annotated clips have no single label and are in no fold" in reading.notes
    assert reading.notes[0].startswith("fold 1 of 5")


def test_a_missing_clip_is_listed_and_gives_no_row(tmp_path: Path) -> None:
    folder = make(tmp_path)
    (folder / "Clip" / "clip_224x224_16f" / "00099").rmdir()
    reading = CORPUS.read(folder)
    assert reading.missing == ("Clip: 00099",)
    assert "00099" not in {row.uid for row in reading.rows}


def test_the_original_clips_serve_where_no_frames_were_cut(tmp_path: Path) -> None:
    folder = make(tmp_path)
    (folder / "Clip" / "clip_224x224_16f" / "00099").rmdir()
    (folder / "Clip" / "original").mkdir()
    (folder / "Clip" / "original" / "99.mp4").touch()
    row = next(row for row in CORPUS.read(folder).rows if row.uid == "00099")
    assert row.face_path == folder / "Clip" / "original" / "99.mp4"


def test_the_annotation_may_be_a_spreadsheet(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    folder = make(tmp_path)
    (folder / "Annotation" / "annotation.csv").unlink()
    book = openpyxl.Workbook()
    book.active.append(VOTES.strip().split(","))
    book.active.append([0, 0, 0, 9.0, 1, 0, 0, 12345, 4])
    book.save(folder / "Annotation" / "annotation.xlsx")
    row = next(row for row in CORPUS.read(folder).rows if row.uid == "12345")
    assert (row.votes["angry"], row.votes["surprise"], row.raters) == (9, 1, 10)


@pytest.mark.parametrize(
    "name", ["EmoLabel_DataSplit/train(single-labeled)/set_1.csv", "EmoLabel_DataSplit/test(single-labeled)/set_1.csv"]
)
def test_a_missing_split_file_is_named_with_where_to_ask_for_it(tmp_path: Path, name: str) -> None:
    folder = make(tmp_path)
    (folder / name).unlink()
    with pytest.raises(DatasetError, match=r"set_1\.csv is missing\. The corpus is requested at"):
        CORPUS.read(folder)


def test_a_missing_annotation_is_named(tmp_path: Path) -> None:
    folder = make(tmp_path)
    (folder / "Annotation" / "annotation.csv").unlink()
    with pytest.raises(DatasetError, match=r"annotation\.xlsx is missing"):
        CORPUS.read(folder)


def test_a_code_of_no_emotion_names_file_and_line(tmp_path: Path) -> None:
    folder = make(tmp_path)
    path = folder / "EmoLabel_DataSplit" / "test(single-labeled)" / "set_1.csv"
    path.write_text("video_name,label\n99,0\n")
    with pytest.raises(DatasetError, match=r"set_1\.csv, line 2: label is '0', not 1 to 7"):
        CORPUS.read(folder)


def test_there_is_no_sixth_fold(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no fold 6"):
        read_fold(make(tmp_path), 6)


def test_only_its_own_layout_is_recognised(tmp_path: Path) -> None:
    assert not CORPUS.detect(tmp_path)
    assert not CORPUS.detect(tmp_path / "absent")
    assert recognise(make(tmp_path)) is CORPUS
