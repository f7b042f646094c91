"""GoEmotions in the canonical store, on made-up rows in the exact layout."""

from pathlib import Path

import pytest

from countenance.contracts.errors import DatasetError
from countenance.training.datasets.goemotions import CORPUS
from countenance.training.datasets.store import Split


def corpus(folder: Path, train: str = "wait so what happens now?\t6,7\tzz00001\n") -> Path:
    place = folder / "data" / "original"
    place.mkdir(parents=True)
    (place / "train.tsv").write_text(train, encoding="utf-8")
    (place / "dev.tsv").write_text("\nso be it\t27\tzz00002\n", encoding="utf-8")
    (place / "test.tsv").write_text("[NAME] is late\t3\tzz00003\n", encoding="utf-8")
    return folder


def test_the_labels_are_the_corpus_s_own_in_the_order_of_its_codes() -> None:
    assert " ".join(CORPUS.labels) == (
        "admiration amusement anger annoyance approval caring confusion curiosity desire disappointment disapproval "
        "disgust embarrassment excitement fear gratitude grief joy love nervousness optimism pride realization relief "
        "remorse sadness surprise neutral"
    )


def test_every_label_is_a_vote_and_several_leave_no_hard_label(tmp_path: Path) -> None:
    reading = CORPUS.read(corpus(tmp_path))
    first, second, _ = reading.rows
    assert (first.label, first.votes) == (None, {"confusion": 1.0, "curiosity": 1.0})
    assert (second.label, second.votes) == ("neutral", {"neutral": 1.0})
    assert reading.notes == ("1 texts carry several labels, and so no hard label",)


def test_the_official_split_is_kept_and_every_row_says_where_it_stands(tmp_path: Path) -> None:
    rows = CORPUS.read(corpus(tmp_path)).rows
    assert [row.split for row in rows] == [Split.TRAIN, Split.DEV, Split.TEST]
    assert [row.source for row in rows] == ["train.tsv line 1", "dev.tsv line 2", "test.tsv line 1"]
    assert [row.uid for row in rows] == ["zz00001", "zz00002", "zz00003"]


def test_a_split_that_is_missing_names_the_file_and_where_to_ask(tmp_path: Path) -> None:
    folder = corpus(tmp_path)
    (folder / "data" / "original" / "test.tsv").unlink()
    with pytest.raises(DatasetError, match=r"test\.tsv is missing.*google-research"):
        CORPUS.read(folder)


def test_a_comment_that_occurs_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="zz9 occurs twice"):
        CORPUS.read(corpus(tmp_path, "one\t1\tzz9\ntwo\t2\tzz9\n"))


def test_a_file_that_is_not_utf8_is_named(tmp_path: Path) -> None:
    folder = corpus(tmp_path)
    (folder / "data" / "original" / "dev.tsv").write_bytes(b"caf\xe9\t27\tzz1\n")
    with pytest.raises(DatasetError, match=r"dev\.tsv is not UTF-8"):
        CORPUS.read(folder)


def test_it_is_recognised_by_its_lines_and_not_by_file_names_alone(tmp_path: Path) -> None:
    assert CORPUS.detect(corpus(tmp_path / "a"))
    assert not CORPUS.detect(corpus(tmp_path / "b", "a dialogue\tits topic\tacts 2 3\t0 1 0\n"))
    assert not CORPUS.detect(corpus(tmp_path / "c", "text\t28\tzz1\n"))
    assert not CORPUS.detect(tmp_path / "nowhere")


def test_detection_never_fails_on_a_file_that_is_not_text(tmp_path: Path) -> None:
    folder = corpus(tmp_path)
    (folder / "data" / "original" / "train.tsv").write_bytes(b"\xff\xfe\x00\t27\tx")
    assert not CORPUS.detect(folder)


def test_the_real_corpus_has_its_published_counts(shared: Path) -> None:
    folder = shared / "data" / "text_goemotions"
    if not folder.is_dir():
        pytest.skip("text_goemotions is not beside the checkout")
    assert CORPUS.detect(folder)
    rows = CORPUS.read(folder).rows
    held = {split: sum(row.split is split for row in rows) for split in (Split.TRAIN, Split.DEV, Split.TEST)}
    assert held == {Split.TRAIN: 43410, Split.DEV: 5426, Split.TEST: 5427}
    assert sum("confusion" in row.votes for row in rows if row.split is Split.TRAIN) == 1368
    assert sum("curiosity" in row.votes for row in rows if row.split is Split.TEST) == 284
