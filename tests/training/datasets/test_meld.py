"""MELD in the canonical store, on made-up utterances in the exact layout."""

from pathlib import Path

import pytest

from countenance.contracts.errors import DatasetError
from countenance.training.datasets.meld import CORPUS
from countenance.training.datasets.store import Split

HEADER = "Sr No.,Utterance,Speaker,Emotion,Sentiment,Dialogue_ID,Utterance_ID,Season,Episode,StartTime,EndTime"
TRAIN = (
    '1,"Well, that was quick.",Ann,neutral,neutral,0,0,1,1,"00:16:16,059","00:16:21,731"',
    '2,Was it?,Bob,surprise,positive,0,1,1,1,"00:16:21,940","01:00:00,000"',
    '3,Hm.,Bob,neutral,neutral,125,3,1,1,"00:00:01,000","00:00:02,000"',
)
DEV = (
    '1,Hello there,Ann,joy,positive,0,0,2,1,"00:00:01,000","00:00:02,000"',
    '2,Oh no,Bob,fear,negative,110,7,2,1,"00:00:03,000","00:00:04,000"',
)


def table(folder: Path, split: str, *lines: str, header: str = HEADER) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{split}_sent_emo.csv").write_text("\n".join((header, *lines)) + "\n", encoding="utf-8")
    return folder


def clip(folder: Path, *names: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).write_bytes(b"not a real clip")


def test_the_labels_are_the_corpus_s_own_in_the_order_of_its_codes() -> None:
    assert " ".join(CORPUS.labels) == "neutral joy sadness anger surprise fear disgust"


def test_an_utterance_carries_its_emotion_its_text_and_its_times(tmp_path: Path) -> None:
    first, second, _ = CORPUS.read(table(tmp_path / "data" / "MELD", "train", *TRAIN).parents[1]).rows
    assert (first.text, first.label, first.votes) == ("Well, that was quick.", "neutral", {"neutral": 1.0})
    assert (first.start_us, first.end_us) == (976_059_000, 981_731_000)
    assert second.end_us == 3_600_000_000
    assert second.source == "train_sent_emo.csv line 3"


def test_dev_is_dev_even_where_no_test_table_exists(tmp_path: Path) -> None:
    table(tmp_path, "train", *TRAIN)
    reading = CORPUS.read(table(tmp_path, "dev", *DEV))
    assert {row.split for row in reading.rows} == {Split.TRAIN, Split.DEV}
    assert "test_sent_emo.csv is not in this folder" in reading.notes


def test_the_same_dialogue_number_in_two_splits_is_two_dialogues(tmp_path: Path) -> None:
    table(tmp_path, "train", *TRAIN)
    table(tmp_path, "dev", *DEV)
    rows = CORPUS.read(table(tmp_path, "test", *DEV)).rows
    groups = {row.group_id for row in rows if row.group_id is not None and row.group_id.endswith("dia0")}
    assert groups == {"train/dia0", "dev/dia0", "test/dia0"}
    assert all(row.subject_id is None for row in rows)


def test_columns_are_found_by_name_whatever_their_order(tmp_path: Path) -> None:
    header = "EndTime,StartTime,Utterance_ID,Dialogue_ID,Emotion,Speaker,Utterance"
    folder = table(tmp_path, "dev", '"00:00:02,000","00:00:01,500",4,9,anger,Ann,No.', header=header)
    row = CORPUS.read(folder).rows[0]
    assert (row.uid, row.label, row.text, row.start_us) == ("dev/dia9_utt4", "anger", "No.", 1_500_000)


@pytest.mark.parametrize(
    "wrong",
    ["You\x92re late", "You\N{LATIN SMALL LETTER A WITH CIRCUMFLEX}€™re late", "You\xe2\x80\x99re late"],
)
def test_wrongly_decoded_quotes_are_put_right_and_counted(tmp_path: Path, wrong: str) -> None:
    line = f'1,{wrong},Ann,neutral,neutral,0,0,1,1,"00:00:01,000","00:00:02,000"'
    reading = CORPUS.read(table(tmp_path, "dev", line))
    assert reading.rows[0].text == "You’re late"
    assert "1 texts held wrongly decoded marks, put right" in reading.notes


def test_accents_and_right_quotes_stay_as_they_are(tmp_path: Path) -> None:
    line = '1,“Café” – you’re late,Ann,neutral,neutral,0,0,1,1,"00:00:01,000","00:00:02,000"'
    reading = CORPUS.read(table(tmp_path, "dev", line))
    assert reading.rows[0].text == "“Café” – you’re late"
    assert not any("wrongly decoded" in note for note in reading.notes)


@pytest.mark.parametrize("times", ['"00:00:02,28","00:00:03,000"', '"00:00:05,000","00:00:03,000"', "soon,later"])
def test_an_unreadable_time_leaves_the_text_without_times(tmp_path: Path, times: str) -> None:
    reading = CORPUS.read(table(tmp_path, "dev", f"1,Hm.,Ann,neutral,neutral,0,0,1,1,{times}"))
    assert (reading.rows[0].text, reading.rows[0].start_us, reading.rows[0].end_us) == ("Hm.", None, None)
    assert any(note.startswith("1 utterances have an unreadable time") for note in reading.notes)


def test_text_rows_are_read_without_any_clips(tmp_path: Path) -> None:
    reading = CORPUS.read(table(tmp_path, "train", *TRAIN))
    assert len(reading.rows) == 3
    assert reading.missing == ()
    assert "no clips of train in this folder: text only" in reading.notes


def test_a_clip_belongs_to_its_utterance_and_a_missing_one_is_named(tmp_path: Path) -> None:
    folder = table(tmp_path, "dev", *DEV)
    clip(folder / "dev_splits_complete", "dia0_utt0.mp4", "._dia110_utt7.mp4", ".DS_Store")
    reading = CORPUS.read(folder)
    assert reading.rows[0].face_path == folder / "dev_splits_complete" / "dia0_utt0.mp4"
    assert reading.rows[0].audio_path == reading.rows[0].face_path
    assert reading.rows[1].face_path is None
    assert reading.missing == ("dev_splits_complete/dia110_utt7.mp4",)


def test_the_clip_that_no_decoder_opens_is_left_out_in_train_alone(tmp_path: Path) -> None:
    folder = table(tmp_path, "train", *TRAIN)
    table(folder, "dev", TRAIN[2])
    clip(folder / "train_splits", "dia0_utt0.mp4", "dia0_utt1.mp4", "dia125_utt3.mp4")
    clip(folder / "dev_splits_complete", "dia125_utt3.mp4")
    reading = CORPUS.read(folder)
    held = {row.uid: row.face_path is not None for row in reading.rows}
    assert held == {
        "train/dia0_utt0": True,
        "train/dia0_utt1": True,
        "train/dia125_utt3": False,
        "dev/dia125_utt3": True,
    }
    assert reading.missing == ()
    assert "1 clips are known not to decode: text only" in reading.notes


def test_doubles_in_the_test_folder_are_not_taken_for_clips(tmp_path: Path) -> None:
    folder = table(tmp_path, "test", DEV[0])
    clip(folder / "output_repeated_splits_test", "final_videos_testdia0_utt0.mp4")
    reading = CORPUS.read(folder)
    assert reading.rows[0].face_path is None
    assert reading.missing == ("output_repeated_splits_test/dia0_utt0.mp4",)


def test_tables_and_clips_in_a_folder_of_their_split_are_found(tmp_path: Path) -> None:
    place = table(tmp_path / "MELD.Raw" / "train", "train", TRAIN[0])
    clip(place / "train_splits", "dia0_utt0.mp4")
    assert CORPUS.read(tmp_path).rows[0].face_path == place / "train_splits" / "dia0_utt0.mp4"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("1,Hm.,Ann,bored,neutral,0,0,1,1,a,b", r"line 2: 'bored' is no emotion of MELD"),
        ("1,Hm.,Ann,joy,neutral,x,0,1,1,a,b", r"line 2: no whole Dialogue_ID"),
        ("1,Hm.,Ann,joy", r"line 2: no value for Dialogue_ID"),
    ],
)
def test_a_broken_line_names_file_and_line(tmp_path: Path, line: str, message: str) -> None:
    with pytest.raises(DatasetError, match=rf"dev_sent_emo\.csv, {message}"):
        CORPUS.read(table(tmp_path, "dev", line))


def test_an_utterance_that_occurs_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="dev/dia0_utt0 occurs twice"):
        CORPUS.read(table(tmp_path, "dev", DEV[0], DEV[0]))


def test_a_missing_corpus_says_where_to_ask(tmp_path: Path) -> None:
    assert not CORPUS.detect(tmp_path)
    with pytest.raises(DatasetError, match=r"train_sent_emo\.csv is missing.*declare-lab"):
        CORPUS.read(tmp_path)


def test_the_real_corpus_has_its_published_counts(shared: Path) -> None:
    folder = shared / "data" / "text_meld"
    if not folder.is_dir():
        pytest.skip("text_meld is not beside the checkout")
    assert CORPUS.detect(folder)
    reading = CORPUS.read(folder)
    dev = [row.label for row in reading.rows if row.split is Split.DEV]
    assert len(reading.rows) == 9989 + 1109
    assert [dev.count(label) for label in CORPUS.labels] == [470, 163, 111, 153, 150, 40, 22]
    assert len({row.group_id for row in reading.rows}) == 1038 + 114
