"""CMU-MOSEI in the canonical store, on made-up sequences in the exact layout."""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest

from countenance.contracts.errors import DatasetError
from countenance.training.datasets.mosei import COLUMNS, CORPUS
from countenance.training.datasets.store import Split

h5py = pytest.importorskip("h5py")

Segment = tuple[Sequence[float], float, float]
PLAIN: Segment = ([1.5, 0, 2, 1, 0, 0, 0], 2.0, 4.5)
VIDEOS: Mapping[str, Sequence[Segment]] = {
    "0081406": [([-3, 0, 0, 0, 0, 0, 0], 5.0, 9.25), PLAIN],
    "-lzEy_a": [([3, 1, 1, 0, 0, 0, 0], 0.5, 1.0)],
    "plainId": [([0, 0, 0, 0, 0, 0, 3], 0.0, 1.0)],
}
FOLDS = "standard_train_fold=['0081406']\nstandard_valid_fold=['-lzEy_a']\nstandard_test_fold=['plainId','unseen']\n"


def sequence(path: Path, name: str, videos: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> None:
    with h5py.File(path, "w") as file:
        file.create_group(name).create_group("metadata").create_dataset(
            "root name", data=[json.dumps(name)], dtype=h5py.string_dtype()
        )
        for video, (features, intervals) in videos.items():
            file.create_dataset(f"{name}/data/{video}/features", data=features)
            file.create_dataset(f"{name}/data/{video}/intervals", data=intervals)


def corpus(folder: Path, videos: Mapping[str, Sequence[Segment]] = VIDEOS) -> Path:
    folder.mkdir(exist_ok=True)
    arrays = {
        video: (np.array([s[0] for s in segments], np.float32), np.array([s[1:] for s in segments]))
        for video, segments in videos.items()
    }
    sequence(folder / "CMU_MOSEI_Labels.csd", "All Labels", arrays)
    return folder


def transcript(folder: Path, video: str, *lines: str) -> Path:
    place = folder / "Raw" / "Transcript" / "Segmented" / "Combined"
    place.mkdir(parents=True, exist_ok=True)
    (place / f"{video}.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def test_the_labels_are_the_columns_after_the_sentiment() -> None:
    assert COLUMNS == ("sentiment", "happy", "sad", "anger", "surprise", "disgust", "fear")
    assert COLUMNS[1:] == CORPUS.labels


def test_votes_are_intensities_and_the_strongest_emotion_is_the_label(tmp_path: Path) -> None:
    rows = {row.uid: row for row in CORPUS.read(corpus(tmp_path)).rows}
    assert (rows["0081406/1"].votes, rows["0081406/1"].label) == ({"sad": 2.0, "anger": 1.0}, "sad")
    assert (rows["0081406/0"].votes, rows["0081406/0"].label) == ({}, None)
    assert (rows["-lzEy_a/0"].votes, rows["-lzEy_a/0"].label) == ({"happy": 1.0, "sad": 1.0}, None)
    assert rows["plainId/0"].label == "fear"


def test_sentiment_of_minus_three_to_three_becomes_valence(tmp_path: Path) -> None:
    valence = {row.uid: row.dimensions["valence"] for row in CORPUS.read(corpus(tmp_path)).rows}
    assert valence == {"0081406/0": -1.0, "0081406/1": 0.5, "-lzEy_a/0": 1.0, "plainId/0": 0.0}


def test_ids_of_digits_or_with_a_dash_in_front_stay_text(tmp_path: Path) -> None:
    groups = {row.group_id for row in CORPUS.read(corpus(tmp_path)).rows}
    assert groups == {"0081406", "-lzEy_a", "plainId"}


def test_segments_come_in_time_and_carry_microseconds(tmp_path: Path) -> None:
    rows = [row for row in CORPUS.read(corpus(tmp_path)).rows if row.group_id == "0081406"]
    assert [(row.start_us, row.end_us) for row in rows] == [(2_000_000, 4_500_000), (5_000_000, 9_250_000)]


def test_without_folds_every_video_is_unassigned(tmp_path: Path) -> None:
    reading = CORPUS.read(corpus(tmp_path))
    assert {row.split for row in reading.rows} == {Split.UNASSIGNED}
    assert "no standard folds in this folder: every video is unassigned" in reading.notes


@pytest.mark.parametrize("form", ["py", "json"])
def test_standard_folds_are_kept_as_given(tmp_path: Path, form: str) -> None:
    folds = {"train": ["0081406"], "valid": ["-lzEy_a"], "test": ["plainId", "unseen"]}
    text = FOLDS if form == "py" else json.dumps(folds)
    (corpus(tmp_path) / f"cmu_mosei_std_folds.{form}").write_text(text, encoding="utf-8")
    splits = {row.group_id: row.split for row in CORPUS.read(tmp_path).rows}
    assert splits == {"0081406": Split.TRAIN, "-lzEy_a": Split.DEV, "plainId": Split.TEST}


def test_a_video_of_no_fold_is_unassigned_and_counted(tmp_path: Path) -> None:
    text = FOLDS.replace("'plainId',", "")
    (corpus(tmp_path) / "cmu_mosei_std_folds.py").write_text(text, encoding="utf-8")
    reading = CORPUS.read(tmp_path)
    assert [row.split for row in reading.rows if row.group_id == "plainId"] == [Split.UNASSIGNED]
    assert "1 videos stand in no fold of cmu_mosei_std_folds.py: unassigned" in reading.notes


def test_a_folds_file_is_never_run(tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    text = f"standard_train_fold = [open({str(mark)!r}, 'w').name]\n{FOLDS}"
    (corpus(tmp_path) / "cmu_mosei_std_folds.py").write_text(text, encoding="utf-8")
    with pytest.raises(DatasetError, match="more than plain lists"):
        CORPUS.read(tmp_path)
    assert not mark.exists()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("'0081406'", "81406", "names the video 81406 as a number"),
        ("'-lzEy_a'", "'0081406'", "the video 0081406 stands in train and in dev"),
        ("standard_valid_fold", "other", "does not hold the folds"),
    ],
)
def test_folds_that_mix_or_lose_videos_are_refused(tmp_path: Path, old: str, new: str, message: str) -> None:
    (corpus(tmp_path) / "cmu_mosei_std_folds.py").write_text(FOLDS.replace(old, new), encoding="utf-8")
    with pytest.raises(DatasetError, match=message):
        CORPUS.read(tmp_path)


def test_text_keeps_underscores_and_joins_by_time_not_by_number(tmp_path: Path) -> None:
    lines = ("0081406___7___2.01___4.5___so ____ it ___ goes", "0081406___0___5.0___9.25___the end")
    reading = CORPUS.read(transcript(corpus(tmp_path), "0081406", *lines))
    texts = {row.uid: row.text for row in reading.rows}
    assert texts["0081406/1"] == "so ____ it ___ goes"
    assert texts["0081406/0"] == "the end"
    assert texts["plainId/0"] is None
    assert "2 segments have no words at their time: no text" in reading.notes


def test_an_id_that_ends_with_an_underscore_is_not_cut(tmp_path: Path) -> None:
    folder = corpus(tmp_path, {"-a_": [PLAIN]})
    rows = CORPUS.read(transcript(folder, "-a_", "-a____0___2.0___4.5___hello")).rows
    assert [(row.group_id, row.text) for row in rows] == [("-a_", "hello")]


@pytest.mark.parametrize("line", ["0081406___0___2.0", "other___0___2.0___4.5___x", "0081406___0___two___4.5___x"])
def test_a_broken_transcript_line_is_named(tmp_path: Path, line: str) -> None:
    with pytest.raises(DatasetError, match=r"0081406\.txt, line 2 "):
        CORPUS.read(transcript(corpus(tmp_path), "0081406", "0081406___0___5.0___9.25___ok", line))


def test_timed_words_are_taken_where_there_are_no_transcripts(tmp_path: Path) -> None:
    words = np.array([[b"sp"], [b"well"], [b"then"], [b"later"]])
    intervals = np.array([[1.9, 2.2], [2.2, 2.6], [2.6, 3.0], [4.4, 5.1]])
    sequence(corpus(tmp_path) / "CMU_MOSEI_TimestampedWords.csd", "words", {"0081406": (words, intervals)})
    texts = {row.uid: row.text for row in CORPUS.read(tmp_path).rows}
    assert texts == {"0081406/1": "well then", "0081406/0": None, "-lzEy_a/0": None, "plainId/0": None}


def test_full_recordings_are_joined_by_id_and_missing_ones_named_once(tmp_path: Path) -> None:
    sounds = corpus(tmp_path) / "Raw" / "Audio" / "Full" / "WAV_16000"
    sounds.mkdir(parents=True)
    for name in ("-lzEy_a.wav", "plainId.wav", "._0081406.wav"):
        (sounds / name).write_bytes(b"sound")
    reading = CORPUS.read(tmp_path)
    held = {row.group_id: row.audio_path for row in reading.rows}
    assert held == {"0081406": None, "-lzEy_a": sounds / "-lzEy_a.wav", "plainId": sounds / "plainId.wav"}
    assert reading.missing == ("WAV_16000/0081406.wav",)
    assert all(row.face_path is None for row in reading.rows)


def test_a_segment_that_ends_before_it_starts_has_no_times(tmp_path: Path) -> None:
    reading = CORPUS.read(corpus(tmp_path, {"x": [([0, 1, 0, 0, 0, 0, 0], 3.0, 2.0)]}))
    assert (reading.rows[0].start_us, reading.rows[0].label) == (None, "happy")
    assert "1 segments end before they start: no times" in reading.notes


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([4, 0, 0, 0, 0, 0, 0], "video x, segment 0: the sentiment is 4"),
        ([float("nan"), 0, 0, 0, 0, 0, 0], "video x, segment 0: the sentiment is nan"),
        ([0, 0, 5, 0, 0, 0, 0], "video x, segment 0: an emotion is off the scale"),
        ([0, 0, 0], r"video x: features of shape \(1, 3\)"),
    ],
)
def test_values_off_their_scale_name_the_segment(tmp_path: Path, values: list[float], message: str) -> None:
    with pytest.raises(DatasetError, match=message):
        CORPUS.read(corpus(tmp_path, {"x": [(values, 0.0, 1.0)]}))


def test_intervals_that_do_not_fit_the_features_are_named(tmp_path: Path) -> None:
    sequence(tmp_path / "CMU_MOSEI_Labels.csd", "All Labels", {"x": (np.zeros((2, 7)), np.zeros((1, 2)))})
    with pytest.raises(DatasetError, match="video x: 2 features"):
        CORPUS.read(tmp_path)


def test_a_file_that_is_no_hdf5_is_named(tmp_path: Path) -> None:
    (tmp_path / "CMU_MOSEI_Labels.csd").write_text("a web page instead of the file", encoding="utf-8")
    assert CORPUS.detect(tmp_path)
    with pytest.raises(DatasetError, match=r"CMU_MOSEI_Labels\.csd cannot be read as HDF5"):
        CORPUS.read(tmp_path)


def test_without_h5py_the_error_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = corpus(tmp_path)
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(DatasetError, match=r"h5py is not installed.*countenance\[train\]"):
        CORPUS.read(folder)


def test_a_missing_corpus_says_where_to_ask(tmp_path: Path) -> None:
    assert not CORPUS.detect(tmp_path)
    with pytest.raises(DatasetError, match=r"CMU_MOSEI_Labels\.csd is missing.*Carnegie Mellon"):
        CORPUS.read(tmp_path)
