"""The EngageNet reader, on made-up clips in the exact layout."""

from pathlib import Path

import pytest

from countenance.contracts.errors import DatasetError
from countenance.training.datasets.engagenet import CORPUS, LABELS, NOBODY, canonical
from countenance.training.datasets.store import Split, recognise

openpyxl = pytest.importorskip("openpyxl")
CHUNKS = {
    "Train": [("subject_901_aaa_vid_0_1.mp4", "Highly-Engaged"), ("subject_902_bbb_vid_0_2.mp4", "Barely-engaged")],
    "Validation": [("subject_903_ccc_vid_0_1.mp4", "Not-Engaged")],
    "Test": [("subject_904_ddd_vid_0_1.mp4", "SNP(Subject Not Present)"), ("subject_904_ddd_vid_0_2.mp4", "Engaged")],
}
TABLES = {
    "Train": "train_engagement_labels.xlsx",
    "Validation": "validation_engagement_labels.xlsx",
    "Test": "test_engagement_labels.csv",
}


def make(folder: Path, chunks: dict[str, list[tuple[str, str]]] = CHUNKS) -> Path:
    for part, entries in chunks.items():
        (folder / part).mkdir()
        for chunk, _ in entries:
            (folder / part / chunk).touch()
        path = folder / TABLES[part]
        if path.suffix == ".csv":
            path.write_text("chunk,label\n" + "".join(f"{chunk},{label}\n" for chunk, label in entries))
        else:
            book = openpyxl.Workbook()
            # An index column without a name, as some copies have it.
            for cells in [(None, "chunk", "label"), *((n, *entry) for n, entry in enumerate(entries))]:
                book.active.append(cells)
            book.save(path)
            book.close()
    return folder


def test_spreadsheets_and_csv_are_read_by_column_name(tmp_path: Path) -> None:
    rows = CORPUS.read(make(tmp_path)).rows
    assert [row.label for row in rows] == ["Highly-Engaged", "Barely-engaged", "Not-Engaged", NOBODY, "Engaged"]
    assert rows[0].face_path == tmp_path / "Train" / "subject_901_aaa_vid_0_1.mp4"
    assert rows[0].source == "train_engagement_labels.xlsx line 2"


def test_the_labels_keep_the_spelling_of_the_corpus() -> None:
    assert LABELS == (
        "Not-Engaged", "Barely-engaged", "Engaged", "Highly-Engaged", "SNP(Subject Not Present)",
    )  # fmt: skip
    assert CORPUS.labels == LABELS
    assert canonical("barely-Engaged ") == "Barely-engaged"
    assert canonical("snp (subject not present)") == NOBODY
    assert canonical("bored") is None


def test_the_official_split_is_kept_and_shares_no_subject(tmp_path: Path) -> None:
    rows = CORPUS.read(make(tmp_path)).rows
    assert [row.split for row in rows] == [Split.TRAIN, Split.TRAIN, Split.DEV, Split.TEST, Split.TEST]
    assert [row.subject_id for row in rows] == ["901", "902", "903", "904", "904"]


def test_a_subject_in_two_splits_is_refused(tmp_path: Path) -> None:
    chunks = {**CHUNKS, "Test": [("subject_901_eee_vid_0_1.mp4", "Engaged")]}
    with pytest.raises(DatasetError, match="the subject 901 stands in train and in test"):
        CORPUS.read(make(tmp_path, chunks))


def test_clips_that_show_nobody_are_counted_as_no_signal(tmp_path: Path) -> None:
    assert any(note.startswith("1 clips show nobody") for note in CORPUS.read(make(tmp_path)).notes)


def test_a_missing_clip_is_listed_and_gives_no_row(tmp_path: Path) -> None:
    folder = make(tmp_path)
    (folder / "Test" / "subject_904_ddd_vid_0_2.mp4").unlink()
    reading = CORPUS.read(folder)
    assert reading.missing == ("Test/subject_904_ddd_vid_0_2.mp4",)
    assert len(reading.rows) == 4


@pytest.mark.parametrize("name", TABLES.values())
def test_a_missing_label_file_is_named_with_where_to_ask_for_it(tmp_path: Path, name: str) -> None:
    folder = make(tmp_path)
    (folder / name).unlink()
    with pytest.raises(DatasetError, match=f"{name} is missing.*engagenet_baselines"):
        CORPUS.read(folder)


def test_an_unknown_label_names_file_and_line(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"test_engagement_labels\.csv, line 2: 'Bored' is no label"):
        CORPUS.read(make(tmp_path, {**CHUNKS, "Test": [("subject_904_ddd_vid_0_1.mp4", "Bored")]}))


def test_a_clip_without_a_subject_names_file_and_line(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"test_engagement_labels\.csv, line 2: 'clip\.mp4' names no subject"):
        CORPUS.read(make(tmp_path, {**CHUNKS, "Test": [("clip.mp4", "Engaged")]}))


def test_only_its_own_layout_is_recognised(tmp_path: Path) -> None:
    assert not CORPUS.detect(tmp_path)
    assert not CORPUS.detect(tmp_path / "absent")
    assert recognise(make(tmp_path)) is CORPUS
