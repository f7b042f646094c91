"""FER+ in the canonical store, on tiny folders in its three layouts; every vote line is made up."""

import tarfile
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from PIL import Image

from countenance.contracts.errors import DatasetError
from countenance.training.datasets import ferplus
from countenance.training.datasets.ferplus_corpus import CORPUS, LABELS, write_pictures
from countenance.training.datasets.store import Row, Split, recognise

HEADER = "Usage,Image name,neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF"
ROWS = (
    "Training,fer0000000.png,5,0,0,2,1,2,0,0,0,0",
    "PublicTest,fer0000001.png,0,9,0,0,0,0,0,0,0,0",  # nine votes, not ten
    "Training,,0,0,0,0,0,0,0,0,0,10",  # not a face, and without an image name
    "PrivateTest,fer0000003.png,5,0,0,5,0,0,0,0,0,0",  # a tie
    "Training,fer0000004.png,2,0,0,0,0,0,0,0,8,0",  # unknown
    "Training,fer0000005.png,0,10,0,0,0,0,0,0,0,0",  # the picture of row 1
    "PrivateTest,fer0000006.png,4,0,0,0,3,3,0,0,0,0",  # most votes, but not half of them
    "PublicTest,fer0000007.png,0,0,0,0,0,0,8,2,0,0",  # the picture of row 3
)
SAME = {5: 1, 7: 3}


def shade(row: int) -> int:
    return 20 * SAME.get(row, row)


def usage(row: int) -> str:
    return ROWS[row].split(",")[0]


def draw(path: Path, row: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((48, 48), shade(row), dtype=np.uint8)).save(path)


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    (tmp_path / "fer2013new.csv").write_text("\n".join((HEADER, *ROWS)) + "\n", encoding="utf-8")
    for row in range(len(ROWS)):
        draw(tmp_path / usage(row) / f"{row:08d}.jpg", row)
    return tmp_path


@pytest.fixture
def pixels(tmp_path: Path) -> Path:
    (tmp_path / "fer2013new.csv").write_text("\n".join((HEADER, *ROWS)) + "\n", encoding="utf-8")
    lines = [f"3,{' '.join([str(shade(row))] * 48**2)},{usage(row)}" for row in range(len(ROWS))]
    (tmp_path / "fer2013.csv").write_text("\n".join(("emotion,pixels,Usage", *lines)) + "\n", encoding="utf-8")
    return tmp_path


@pytest.fixture
def export(tmp_path: Path) -> Path:
    for row, line in enumerate(ROWS):
        stated, _, *votes = line.split(",")
        part = {"Training": "Train", "PublicTest": "Valid", "PrivateTest": "Test"}[stated]
        folder = tmp_path / "data" / f"FER2013{part}"
        draw(folder / f"fer{row:07d}.png", row)
        with (folder / "label.csv").open("a", encoding="utf-8") as file:
            file.write(f'fer{row:07d}.png,"(0, 0, 48, 48)",{",".join(votes)}\n')
    return tmp_path


@pytest.fixture(params=["pictures", "pixels", "export"])
def corpus(request: pytest.FixtureRequest) -> Path:
    folder = request.getfixturevalue(request.param)
    assert isinstance(folder, Path)
    return folder


def by_number(folder: Path) -> dict[int, Row]:
    return {int(row.uid.removeprefix("fer")): row for row in CORPUS.read(folder).rows}


def test_the_columns_are_these() -> None:
    assert " ".join(LABELS) == "neutral happiness surprise sadness anger disgust fear contempt unknown NF"
    assert CORPUS.labels == LABELS


def test_every_layout_is_recognised_and_keeps_the_votes(corpus: Path) -> None:
    assert recognise(corpus).name == "ferplus"
    rows = by_number(corpus)
    assert rows[0].votes == {"neutral": 5, "sadness": 2, "anger": 1, "disgust": 2}
    assert rows[0].raters == 10
    assert rows[1].raters == 9
    assert rows[2].votes == {"NF": 10}


def test_every_layout_keeps_the_official_parts(corpus: Path) -> None:
    parts = {"Training": Split.TRAIN, "PublicTest": Split.DEV, "PrivateTest": Split.TEST}
    assert all(row.split is parts[usage(number)] for number, row in by_number(corpus).items())


def test_the_hard_label_is_the_one_expression_with_most_votes(corpus: Path) -> None:
    labels = {number: row.label for number, row in by_number(corpus).items()}
    assert labels == {0: "neutral", 1: "happiness", 2: None, 3: None, 4: None, 6: "neutral", 7: "fear"}


def test_the_rule_is_named_with_what_it_chooses(corpus: Path) -> None:
    notes = CORPUS.read(corpus).notes
    assert notes[0].startswith("rule plurality")
    assert notes[0].endswith("used for the hard label: train 1, dev 2, test 1")
    assert notes[1].startswith("rule majority")
    assert notes[1].endswith("not used: train 1, dev 2, test 0")


def test_a_training_picture_that_is_held_out_too_is_left_out_and_said(corpus: Path) -> None:
    assert 5 not in by_number(corpus)
    notes = CORPUS.read(corpus).notes
    assert "1 dev and 0 test pictures are byte-identical to a train picture: 1 train rows left out" in notes
    assert "1 dev pictures are byte-identical to a test picture; they stay" in notes


def test_nothing_is_said_of_repeats_where_there_are_none(pictures: Path) -> None:
    for row in SAME:
        Image.new("L", (48, 48), 3 * row).save(pictures / usage(row) / f"{row:08d}.jpg")
    reading = CORPUS.read(pictures)
    assert len(reading.rows) == len(ROWS)
    assert not any("identical" in note for note in reading.notes)


def test_a_missing_picture_is_listed(pictures: Path) -> None:
    (pictures / "Training" / "00000004.jpg").unlink()
    assert CORPUS.read(pictures).missing == ("Training/00000004.jpg",)


def test_a_missing_picture_of_the_export_is_listed(export: Path) -> None:
    (export / "data" / "FER2013Test" / "fer0000006.png").unlink()
    assert CORPUS.read(export).missing == ("data/FER2013Test/fer0000006.png",)


def test_pixels_are_written_as_pictures_that_the_trainer_reads(pixels: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert CORPUS.read(pixels).rows[0].face_path is None
    assert any("write_pictures" in note for note in CORPUS.read(pixels).notes)
    assert write_pictures(pixels, out) == len(ROWS)
    assert ferplus.read_split(out, "PrivateTest").images[1].tolist() == [[shade(6)] * 48] * 48
    assert {row.uid for row in CORPUS.read(out).rows} == {row.uid for row in CORPUS.read(pixels).rows}
    assert ferplus.training_faces(out)[1]["dropped_repeats_of_held_out_files"] == 1


@pytest.mark.parametrize(
    ("name", "line", "problem"),
    [
        ("fer2013.csv", "3,1 2 3,Training", "row 8 has not 2304 grey values"),
        ("fer2013.csv", f"3,{' '.join(['256'] * 2304)},Training", "row 8 has not 2304 grey values"),
        ("fer2013.csv", "3", "row 8 has not 2304 grey values"),
        ("fer2013.csv", f"3,{' '.join(['0'] * 2304)},Test", "row 8: usage 'Test'"),
        ("fer2013.csv", f"3,{' '.join(['0'] * 2304)},Training", "has 8 rows and .*fer2013.csv has 9"),
        ("fer2013new.csv", "Training,,1,2", "row 8 has 4 fields"),
        ("fer2013new.csv", "Training,,x,0,0,0,0,0,0,0,0,0", "row 8 has a field that is no number"),
    ],
)
def test_a_broken_line_is_named(pixels: Path, name: str, line: str, problem: str) -> None:
    with (pixels / name).open("a", encoding="utf-8") as file:
        file.write(line + "\n")
    with pytest.raises(DatasetError, match=problem):
        CORPUS.read(pixels)


def test_files_that_disagree_on_the_part_of_a_row_are_refused(pixels: Path) -> None:
    path = pixels / "fer2013new.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("PublicTest,fer0000001", "Training,fer0000001"))
    with pytest.raises(DatasetError, match="row 1 is of PublicTest"):
        CORPUS.read(pixels)


def test_a_broken_line_of_the_export_is_named(export: Path) -> None:
    with (export / "data" / "FER2013Valid" / "label.csv").open("a", encoding="utf-8") as file:
        file.write('fer0000009.png,"(0, 0, 48, 48)",1\n')
    with pytest.raises(DatasetError, match=r"FER2013Valid.label\.csv, line 3"):
        CORPUS.read(export)


def test_a_pixel_file_without_a_column_is_refused(pixels: Path) -> None:
    (pixels / "fer2013.csv").write_text("emotion,Usage\n", encoding="utf-8")
    with pytest.raises(DatasetError, match="no column pixels"):
        CORPUS.read(pixels)


@pytest.mark.parametrize("name", ["fer2013.csv", "fer2013new.csv"])
def test_a_missing_label_file_is_named_with_where_to_ask(pixels: Path, name: str) -> None:
    (pixels / name).unlink()
    assert CORPUS.detect(pixels)
    with pytest.raises(DatasetError, match=rf"{name} is missing.*microsoft/FERPlus"):
        CORPUS.read(pixels)


def test_another_folder_is_not_ferplus(tmp_path: Path) -> None:
    (tmp_path / "Training").mkdir()
    assert not CORPUS.detect(tmp_path)
    assert not CORPUS.detect(tmp_path / "nowhere")


@pytest.mark.slow
def test_the_real_corpus_has_the_published_counts(shared: Path) -> None:
    archive = shared / "data" / "face_fer2013.tar.xz"
    if not archive.is_file():
        pytest.skip("the FER2013 archive is not beside the checkout")
    with TemporaryDirectory() as unpacked:
        with tarfile.open(archive) as packed:
            packed.extractall(unpacked, filter="data")
        folder = next(Path(unpacked).rglob("fer2013new.csv")).parent
        reading = recognise(folder).read(folder)
    assert reading.missing == ()
    assert Counter(row.split for row in reading.rows) == {Split.TRAIN: 28709 - 703, Split.DEV: 3589, Split.TEST: 3589}
    assert sum(row.label is not None for row in reading.rows if row.split is Split.TEST) == 3395
    assert any(note.startswith("280 dev and 288 test pictures are byte-identical") for note in reading.notes)
