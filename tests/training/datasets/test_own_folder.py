"""Own labelled calls in the folder convention."""

import json
from pathlib import Path

import pytest

from countenance.contracts.errors import DatasetError
from countenance.training.datasets.own_folder import CORPUS
from countenance.training.datasets.store import Reading, Row, Split, recognise


def table(folder: Path, *lines: str, media: tuple[str, ...] = ("ana.mp4",)) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "metadata.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    for name in media:
        (folder / name).touch()
    return folder


def read(folder: Path, *lines: str) -> Reading:
    return CORPUS.read(table(folder, *lines))


def only(reading: Reading) -> Row:
    (row,) = reading.rows
    return row


def test_folders_state_the_split_and_val_is_dev(tmp_path: Path) -> None:
    for name in ("train", "val", "test"):
        table(tmp_path / name, "file_name,label", "ana.mp4,engaged")
    rows = CORPUS.read(tmp_path).rows
    assert {row.uid: row.split for row in rows} == {
        "train/ana.mp4": Split.TRAIN,
        "val/ana.mp4": Split.DEV,
        "test/ana.mp4": Split.TEST,
    }


def test_a_table_at_the_top_has_a_column_or_no_split(tmp_path: Path) -> None:
    assert only(read(tmp_path, "file_name,split", "ana.mp4,validation")).split is Split.DEV
    assert only(read(tmp_path, "file_name", "ana.mp4")).split is Split.UNASSIGNED


def test_a_split_that_contradicts_the_folder_is_refused(tmp_path: Path) -> None:
    table(tmp_path / "train", "file_name,split", "ana.mp4,test")
    with pytest.raises(DatasetError, match=r"metadata\.csv, line 2: the split is 'test', in the folder train"):
        CORPUS.read(tmp_path)


def test_json_lines_are_read_alike(tmp_path: Path) -> None:
    (tmp_path / "ana.wav").touch()
    told = {"file_name": "ana.wav", "label": "frustrated", "start_s": 0.5, "end_s": 2, "text": "a\u2028b", "fps": None}
    (tmp_path / "metadata.jsonl").write_text(json.dumps(told, ensure_ascii=False) + "\n\n", encoding="utf-8")
    row = only(CORPUS.read(tmp_path))
    assert (row.audio_path, row.face_path, row.text) == (tmp_path / "ana.wav", None, "a\u2028b")
    assert (row.start_us, row.end_us, row.uid) == (500_000, 2_000_000, "ana.wav@500000-2000000")


def test_lines_of_several_raters_become_votes(tmp_path: Path) -> None:
    lines = ["ana.mp4,confused,r1,0.5", "ana.mp4,confused,r2,0.1", "ana.mp4,,r3,"]
    row = only(read(tmp_path, "file_name,label,rater,valence", *lines))
    assert (row.votes, row.raters, row.label) == ({"confused": 2}, 3, "confused")
    assert row.dimensions == {"valence": pytest.approx(0.3)}


def test_without_raters_the_table_claims_none(tmp_path: Path) -> None:
    row = only(read(tmp_path, "file_name,label", "ana.mp4,engaged"))
    assert (row.votes, row.raters, row.label) == ({"engaged": 1}, 0, "engaged")


def test_a_stretch_told_twice_without_raters_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"metadata\.csv, line 3: the stretch of line 2 again"):
        read(tmp_path, "file_name,label", "ana.mp4,engaged", "ana.mp4,confused")


def test_raters_cannot_disagree_about_who_is_seen(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="line 3: subject_id is not that of line 2"):
        read(tmp_path, "file_name,rater,subject_id", "ana.mp4,r1,ana", "ana.mp4,r2,ben")


def test_who_was_recorded_and_under_which_consent_is_kept(tmp_path: Path) -> None:
    head = "file_name,subject_id,call_id,demographic_gender,demographic_age,self_reported,consent_ref,fps"
    row = only(read(tmp_path, head, "ana.mp4,ana,c1,female,,true,form-3,25"))
    assert (row.subject_id, row.group_id, row.consent_ref, row.fps) == ("ana", "c1", "form-3", 25)
    assert (row.demographics, row.self_reported) == ({"gender": "female"}, True)


def test_stretches_of_one_recording_are_one_group(tmp_path: Path) -> None:
    reading = read(tmp_path, "file_name,start_s,end_s", "ana.mp4,0,1", "ana.mp4,1,2")
    assert {row.group_id for row in reading.rows} == {"ana.mp4"}


def test_a_person_in_two_splits_is_refused(tmp_path: Path) -> None:
    for name in ("train", "test"):
        table(tmp_path / name, "file_name,subject_id", "ana.mp4,ana")
    with pytest.raises(
        DatasetError, match=r"the subject ana stands in test and in train \(train/metadata\.csv line 2\)"
    ):
        CORPUS.read(tmp_path)


def test_recordings_that_are_absent_are_listed_once(tmp_path: Path) -> None:
    lines = ["ben.mp4,0,1,", "ben.mp4,1,2,", "ana.mp4,0,1,ana.wav"]
    reading = read(tmp_path, "file_name,start_s,end_s,audio_file_name", *lines)
    assert reading.missing == ("ben.mp4", "ana.wav")
    assert [row.uid for row in reading.rows] == ["ana.mp4@0-1000000"]


def test_a_sound_file_of_its_own_goes_with_the_recording(tmp_path: Path) -> None:
    table(tmp_path, "file_name,audio_file_name", "ana.mp4,ana.wav", media=("ana.mp4", "ana.wav"))
    row = only(CORPUS.read(tmp_path))
    assert (row.face_path, row.audio_path) == (tmp_path / "ana.mp4", tmp_path / "ana.wav")


def test_columns_that_are_not_read_are_named(tmp_path: Path) -> None:
    assert read(tmp_path, "file_name,mood", "ana.mp4,7").notes == ("columns that are not read: mood",)


@pytest.mark.parametrize(
    ("head", "values", "problem"),
    [
        ("start_s,end_s", "2,1", "start_s and end_s are no stretch of time"),
        ("start_s,end_s", "2,", "start_s and end_s are no stretch of time"),
        ("start_s,end_s", "nan,3", "start_s is 'nan', not a number"),
        ("valence", "1.5", "valence is '1.5', not a number of -1 to 1"),
        ("fps", "fast", "fps is 'fast', not a number"),
        ("split", "holdout", "'holdout' is no split"),
    ],
)
def test_a_broken_line_names_file_and_line(tmp_path: Path, head: str, values: str, problem: str) -> None:
    with pytest.raises(DatasetError, match=rf"metadata\.csv, line 2.*{problem}"):
        read(tmp_path, f"file_name,{head}", f"ana.mp4,{values}")


@pytest.mark.parametrize("text", ["{", '{"label": "x"}', "7"])
def test_a_broken_json_line_names_file_and_line(tmp_path: Path, text: str) -> None:
    (tmp_path / "metadata.jsonl").write_text('{"file_name": "gone.mp4"}\n' + text + "\n")
    with pytest.raises(DatasetError, match=r"metadata\.jsonl, line 2"):
        CORPUS.read(tmp_path)


def test_a_folder_without_a_table_names_the_one_it_needs(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"metadata\.csv is missing"):
        CORPUS.read(tmp_path)


def test_only_tables_that_name_files_are_recognised(tmp_path: Path) -> None:
    assert not CORPUS.detect(tmp_path)
    assert not CORPUS.detect(tmp_path / "absent")
    (tmp_path / "metadata.csv").write_text("id,label\n1,x\n")
    (tmp_path / "metadata.jsonl").write_bytes(b"\xff\xfe\n")
    assert not CORPUS.detect(tmp_path)
    table(tmp_path / "train", "file_name", "ana.mp4")
    assert recognise(tmp_path) is CORPUS
