"""EmoBank in the canonical store, on made-up rows in the exact layout."""

from pathlib import Path

import pytest

from countenance.contracts.errors import DatasetError
from countenance.training.datasets.emobank import CORPUS, read_perspective
from countenance.training.datasets.store import Split

ROWS = (
    "id,split,V,A,D,text\n"
    'doc01_0_10,train,1.0,3.0,5.0,"He said ""fine""."\n'
    "doc01_10_20,test,3.5,4.0,2.0,It broke again\n"
    "doc02_0_10,dev,3.0,3.0,3.0,Noted\n"
)
READER = (
    '"id","V","A","D","stdV","stdA","stdD","N"\n'
    '"doc01_0_10","2.0","3.0","4.0","0.0","0.4","0.0","5"\n'
    '"doc01_10_20","4.0","4.0","2.0","0.0","0.4","0.0","3"\n'
    '"doc99_0_10","4.0","4.0","2.0","0.0","0.4","0.0","3"\n'
)
WRITER = '"id","V","A","D","stdV","stdA","stdD","N"\n"doc01_0_10","1.0","3.0","5.0","0.0","0.0","0.0","4"\n'


def corpus(folder: Path, rows: str = ROWS, reader: str | None = READER) -> Path:
    place = folder / "corpus"
    place.mkdir(parents=True)
    (place / "emobank.csv").write_text(rows, encoding="utf-8")
    (place / "writer.csv").write_text(WRITER, encoding="utf-8")
    if reader is not None:
        (place / "reader.csv").write_text(reader, encoding="utf-8")
    return folder


def test_ratings_of_one_to_five_become_minus_one_to_one(tmp_path: Path) -> None:
    rows = CORPUS.read(corpus(tmp_path)).rows
    assert rows[0].dimensions == {"valence": -1.0, "arousal": 0.0, "dominance": 1.0}
    assert rows[1].dimensions == {"valence": 0.25, "arousal": 0.5, "dominance": -0.5}
    assert all(row.label is None and not row.votes for row in rows)
    assert rows[0].text == 'He said "fine".'


def test_the_official_split_is_kept_and_documents_make_no_groups(tmp_path: Path) -> None:
    reading = CORPUS.read(corpus(tmp_path))
    assert [row.split for row in reading.rows] == [Split.TRAIN, Split.TEST, Split.DEV]
    assert all(row.group_id is None for row in reading.rows)
    assert any("several official splits" in note for note in reading.notes)


def test_the_raters_of_both_perspectives_are_counted(tmp_path: Path) -> None:
    assert [row.raters for row in CORPUS.read(corpus(tmp_path)).rows] == [9, 3, 0]


def test_raters_are_unknown_without_the_files_of_both_perspectives(tmp_path: Path) -> None:
    reading = CORPUS.read(corpus(tmp_path, reader=None))
    assert [row.raters for row in reading.rows] == [0, 0, 0]
    assert any("raters are not known" in note for note in reading.notes)


def test_one_perspective_alone_keeps_its_own_ratings_and_raters(tmp_path: Path) -> None:
    reading = read_perspective(corpus(tmp_path), "reader")
    assert [(row.uid, row.dimensions["valence"], row.raters) for row in reading.rows] == [
        ("doc01_0_10", -0.5, 5),
        ("doc01_10_20", 0.5, 3),
    ]
    assert "1 sentences have no reader rating" in reading.notes


def test_an_unknown_perspective_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no perspective 'listener'"):
        read_perspective(corpus(tmp_path), "listener")


def test_a_missing_perspective_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"reader\.csv is missing.*JULIELab"):
        read_perspective(corpus(tmp_path, reader=None), "reader")


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("x,validation,3,3,3,hello", r"line 2: 'validation' is no split"),
        ("x,train,3,9,3,hello", "sentence x: A is '9'"),
        ("x,train,3,3", r"line 2: no value for D, text"),
    ],
)
def test_a_broken_line_is_named(tmp_path: Path, row: str, message: str) -> None:
    with pytest.raises(DatasetError, match=message):
        CORPUS.read(corpus(tmp_path, f"id,split,V,A,D,text\n{row}\n"))


def test_a_rater_count_that_is_no_count_names_the_sentence(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"reader\.csv, sentence doc01_0_10: N is '5\.5'"):
        CORPUS.read(corpus(tmp_path, reader=READER.replace('"5"', '"5.5"')))


def test_it_is_recognised_by_its_columns(tmp_path: Path) -> None:
    assert CORPUS.detect(corpus(tmp_path / "a"))
    assert CORPUS.detect(tmp_path / "a" / "corpus")
    assert not CORPUS.detect(corpus(tmp_path / "b", "id,text\nx,hello\n"))
    assert not CORPUS.detect(tmp_path)


def test_the_real_corpus_has_its_published_counts(shared: Path) -> None:
    folder = shared / "data" / "text_emobank"
    if not folder.is_dir():
        pytest.skip("text_emobank is not beside the checkout")
    assert CORPUS.detect(folder)
    rows = CORPUS.read(folder).rows
    held = {split: sum(row.split is split for row in rows) for split in (Split.TRAIN, Split.DEV, Split.TEST)}
    assert held == {Split.TRAIN: 8062, Split.DEV: 1000, Split.TEST: 1000}
    assert min(row.raters for row in rows) == 4
    assert -0.91 < min(row.dimensions["valence"] for row in rows) < -0.89
    assert len(read_perspective(folder, "writer").rows) == 10062
