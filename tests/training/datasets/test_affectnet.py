"""The AffectNet reader on tiny folders in the layouts of both releases, with every trap that is known of them."""

import io
import pickle
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from countenance.contracts.errors import DatasetError
from countenance.training.datasets.affectnet import COLUMNS, CORPUS, EXPRESSIONS, MOST_MALFORMED
from countenance.training.datasets.carving import train_or_dev
from countenance.training.datasets.store import Row, Split, recognise

HEADER = ",".join(COLUMNS)
MARKS = "10.5;12.0;30.5;12.5"
TRAINING = (
    f"11/aaaa.jpg,5,5,90,90,{MARKS},1,0.75,0.25",
    f"11/bbbb.JPG,5,5,90,90,{MARKS},6,-0.5,0.6",
    f"12/cccc.jpg,5,5,90,90,{MARKS},9,-2,-2",  # Uncertain: nothing is rated
    f"12/dddd.jpg,0,0,-1,-1,{MARKS},0,0.0,0.0",  # no face box
    "12/eeee.jpg,5,5,90,90,7",  # the malformed line
    f"12/ffff.jpg,5,5,90,90,{MARKS},2,-0.7,-0.3",  # the picture is a png
    f"11/aaaa.jpg,5,5,90,90,{MARKS},1,0.75,0.25",  # the picture again
)
VALIDATION = (
    f"21/gggg.jpg,5,5,90,90,{MARKS},7,-0.5,0.1",
    f"21/hhhh.jpg,5,5,90,90,{MARKS},10,-2,-2",
)


def picture(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (8, 8)).save(path)


@pytest.fixture
def release_a(tmp_path: Path) -> Path:
    lists = tmp_path / "Manually_Annotated_file_lists"
    lists.mkdir()
    (lists / "training.csv").write_text("\n".join((HEADER, *TRAINING)) + "\n", encoding="utf-8")
    (lists / "validation.csv").write_text("\n".join(VALIDATION) + "\n", encoding="utf-8")  # without a header
    images = tmp_path / "Manually_Annotated" / "Manually_Annotated_Images"
    for name in ("11/aaaa.jpg", "11/bbbb.JPG", "12/cccc.jpg", "12/dddd.jpg", "12/ffff.png", "21/gggg.jpg"):
        picture(images / name)
    (images / "11" / "._aaaa.jpg").write_bytes(b"\0")
    return tmp_path


@pytest.fixture
def release_b(tmp_path: Path) -> Path:
    for folder, number, code, valence, arousal in (
        ("train_set", 3, np.array("1"), np.array("0.7"), np.array("-0.25")),  # stored as text
        ("train_set", 12, np.array([4]), np.array([-0.3]), np.array([0.8])),
        ("train_set", 13, np.int64(8), np.float64(-2), np.float64(-2)),
        ("val_set", 3, np.array("6"), np.array("-0.4"), np.array("0.7")),
    ):
        annotations = tmp_path / folder / "annotations"
        annotations.mkdir(parents=True, exist_ok=True)
        for what, value in (("exp", code), ("val", valence), ("aro", arousal), ("lnd", np.zeros((68, 2)))):
            np.save(annotations / f"{number}_{what}.npy", value)
        picture(tmp_path / folder / "images" / (f"{number}.png" if number == 12 else f"{number}.jpg"))
    (tmp_path / "train_set" / "annotations" / "._3_exp.npy").write_bytes(b"\0")
    return tmp_path


def by_uid(folder: Path) -> dict[str, Row]:
    return {row.uid: row for row in CORPUS.read(folder).rows}


def test_the_codes_are_these() -> None:
    assert " ".join(EXPRESSIONS) == "Neutral Happiness Sadness Surprise Fear Disgust Anger Contempt"
    assert CORPUS.labels == (*EXPRESSIONS, "None", "Uncertain", "No-Face")


def test_release_a_is_recognised_and_read(release_a: Path) -> None:
    assert recognise(release_a).name == "affectnet"
    rows = by_uid(release_a)
    assert list(rows) == ["11/aaaa", "11/bbbb", "12/cccc", "12/ffff", "21/gggg", "21/hhhh"]
    assert rows["11/aaaa"].label == "Happiness"
    assert rows["11/aaaa"].dimensions == {"valence": 0.75, "arousal": 0.25}
    assert rows["11/aaaa"].source == "training.csv line 2"


def test_validation_is_test_and_dev_is_carved_out_of_train(release_a: Path) -> None:
    for row in CORPUS.read(release_a).rows:
        held_out = row.source.startswith("validation.csv")
        assert row.split is (Split.TEST if held_out else train_or_dev(row.uid))


def test_a_validation_list_without_header_keeps_its_first_line(release_a: Path) -> None:
    row = by_uid(release_a)["21/gggg"]
    assert (row.label, row.source) == ("Contempt", "validation.csv line 1")


def test_a_list_with_a_header_is_read_by_name(release_a: Path) -> None:
    path = release_a / "Manually_Annotated_file_lists" / "validation.csv"
    path.write_text(f"{','.join(reversed(COLUMNS))}\n0.1,-0.5,7,{MARKS},90,90,5,5,21/gggg.jpg\n", encoding="utf-8")
    row = by_uid(release_a)["21/gggg"]
    assert (row.label, row.dimensions) == ("Contempt", {"valence": -0.5, "arousal": 0.1})


def test_lists_and_images_may_stand_at_the_top(release_a: Path) -> None:
    for path in sorted((release_a / "Manually_Annotated_file_lists").iterdir()):
        path.rename(release_a / path.name)
    (release_a / "Manually_Annotated_file_lists").rmdir()
    (release_a / "Manually_Annotated" / "Manually_Annotated_Images").rename(release_a / "Manually_Annotated_Images")
    (release_a / "Manually_Annotated").rmdir()
    assert recognise(release_a).name == "affectnet"
    face = by_uid(release_a)["11/aaaa"].face_path
    assert face == release_a / "Manually_Annotated_Images" / "11" / "aaaa.jpg"


def test_what_is_not_available_is_no_valence_of_minus_two(release_a: Path) -> None:
    rows = by_uid(release_a)
    assert rows["12/cccc"].dimensions == {}
    assert (rows["12/cccc"].label, rows["21/hhhh"].label) == ("Uncertain", "No-Face")
    assert "2 faces are None, Uncertain or No-Face" in " ".join(CORPUS.read(release_a).notes)


def test_lines_that_are_left_out_are_counted(release_a: Path) -> None:
    notes = CORPUS.read(release_a).notes
    assert "1 lines of training.csv without a face box (face_width < 0) left out" in notes
    assert "1 malformed lines of training.csv left out (line 6)" in notes
    assert "1 lines of training.csv repeat a picture and are left out" in notes


def test_a_picture_of_another_extension_is_found_and_a_missing_one_named(release_a: Path) -> None:
    reading = CORPUS.read(release_a)
    face = next(row.face_path for row in reading.rows if row.uid == "12/ffff")
    assert face is not None
    assert (face.name, face.is_file()) == ("ffff.png", True)
    assert reading.missing == ("Manually_Annotated/Manually_Annotated_Images/21/hhhh.jpg",)


@pytest.mark.parametrize("line", ["a.jpg,5,5,90,90,,11,0,0", "a.jpg,5,5,90,90,,1,3,0", "a.jpg,5,5,90,90,,1,nan,0"])
def test_a_code_or_a_rating_off_the_scale_is_malformed(release_a: Path, line: str) -> None:
    path = release_a / "Manually_Annotated_file_lists" / "validation.csv"
    path.write_text(line + "\n", encoding="utf-8")
    assert "1 malformed lines of validation.csv left out (line 1)" in CORPUS.read(release_a).notes


def test_another_file_than_the_list_is_refused(release_a: Path) -> None:
    path = release_a / "Manually_Annotated_file_lists" / "validation.csv"
    path.write_text("one,two\n" * (MOST_MALFORMED + 1), encoding="utf-8")
    with pytest.raises(DatasetError, match=r"validation\.csv, line 1 and 10 more"):
        CORPUS.read(release_a)


def test_a_header_without_a_column_is_refused(release_a: Path) -> None:
    path = release_a / "Manually_Annotated_file_lists" / "training.csv"
    path.write_text(HEADER.replace(",arousal", "") + "\n", encoding="utf-8")
    with pytest.raises(DatasetError, match="no column arousal"):
        CORPUS.read(release_a)


def test_a_picture_in_both_parts_is_refused(release_a: Path) -> None:
    path = release_a / "Manually_Annotated_file_lists" / "validation.csv"
    path.write_text(TRAINING[0] + "\n", encoding="utf-8")
    with pytest.raises(DatasetError, match="11/aaaa"):
        CORPUS.read(release_a)


def test_a_missing_list_is_named_with_where_to_ask(release_a: Path) -> None:
    (release_a / "Manually_Annotated_file_lists" / "validation.csv").unlink()
    assert recognise(release_a).name == "affectnet"
    with pytest.raises(DatasetError, match=r"validation\.csv is missing.*mohammadmahoor"):
        CORPUS.read(release_a)


def test_release_b_is_recognised_and_read_with_numbers_stored_as_text(release_b: Path) -> None:
    assert recognise(release_b).name == "affectnet"
    rows = by_uid(release_b)
    assert list(rows) == ["train_set/3", "train_set/12", "train_set/13", "val_set/3"]
    assert rows["train_set/3"].label == "Happiness"
    assert rows["train_set/3"].dimensions == {"valence": 0.7, "arousal": -0.25}
    assert (rows["train_set/13"].label, rows["train_set/13"].dimensions) == ("None", {})
    assert rows["val_set/3"].split is Split.TEST
    assert rows["train_set/12"].face_path == release_b / "train_set" / "images" / "12.png"
    assert CORPUS.read(release_b).missing == ()


def test_a_pickle_in_an_annotation_is_never_loaded(release_b: Path) -> None:
    packed = io.BytesIO()
    np.lib.format.write_array(packed, np.array([{"expression": 1}], dtype=object), allow_pickle=True)
    (release_b / "train_set" / "annotations" / "3_exp.npy").write_bytes(packed.getvalue())
    with pytest.raises(DatasetError, match=r"3_exp\.npy does not hold one number"):
        CORPUS.read(release_b)


@pytest.mark.parametrize("content", [b"", b"\x93NUMPY", pickle.dumps(1)])
def test_a_broken_annotation_is_named(release_b: Path, content: bytes) -> None:
    (release_b / "val_set" / "annotations" / "3_aro.npy").write_bytes(content)
    with pytest.raises(DatasetError, match=r"3_aro\.npy does not hold one number"):
        CORPUS.read(release_b)


def test_an_annotation_off_the_scale_is_named(release_b: Path) -> None:
    np.save(release_b / "val_set" / "annotations" / "3_exp.npy", np.array(11))
    with pytest.raises(DatasetError, match=r"3_exp\.npy and its neighbours say 11"):
        CORPUS.read(release_b)


@pytest.mark.parametrize("name", ["3_val.npy", "3_exp.npy"])
def test_a_missing_annotation_is_named(release_b: Path, name: str) -> None:
    (release_b / "val_set" / "annotations" / name).unlink()
    with pytest.raises(DatasetError, match=r"\.npy is missing.*mohammadmahoor"):
        CORPUS.read(release_b)


def test_a_release_of_one_part_only_names_the_other(release_b: Path) -> None:
    (release_b / "val_set").rename(release_b / "elsewhere")
    with pytest.raises(DatasetError, match=r"val_set/annotations is missing"):
        CORPUS.read(release_b)


def test_a_folder_with_a_training_csv_alone_is_not_affectnet(tmp_path: Path) -> None:
    (tmp_path / "training.csv").write_text("text,label\n", encoding="utf-8")
    assert not CORPUS.detect(tmp_path)
    assert not CORPUS.detect(tmp_path / "training.csv")
    assert not CORPUS.detect(tmp_path / "nowhere")
