"""Label Studio exports, made up in the layout of its JSON format."""

import json
from pathlib import Path
from typing import Any

import pytest

from countenance.contracts.errors import DatasetError
from countenance.training.datasets.label_studio import CORPUS, read_export
from countenance.training.datasets.store import Reading, Split, recognise


def timeline(label: str, start: int, end: int) -> dict[str, Any]:
    value = {"ranges": [{"start": start, "end": end}], "timelinelabels": [label]}
    return {"type": "timelinelabels", "from_name": "l", "to_name": "video", "value": value}


def region(label: str, start: float, end: float, **more: object) -> dict[str, Any]:
    value = {"start": start, "end": end, "labels": [label], **more}
    return {"type": "labels", "from_name": "l", "to_name": "audio", "original_length": 60.0, "value": value}


def annotation(rater: object, *results: dict[str, Any], cancelled: bool = False) -> dict[str, Any]:
    return {"id": 1, "completed_by": rater, "was_cancelled": cancelled, "lead_time": 9.5, "result": list(results)}


def task(*annotations: dict[str, Any], **data: object) -> dict[str, Any]:
    return {"id": 17, "annotations": list(annotations), "predictions": [], "data": {"fps": 25, **data}}


def export(folder: Path, *tasks: dict[str, Any]) -> Path:
    path = folder / "project.json"
    path.write_text(json.dumps(tasks), encoding="utf-8")
    return path


def read(folder: Path, *tasks: dict[str, Any]) -> Reading:
    return CORPUS.read(export(folder, *tasks))


def test_ranges_of_a_video_are_frames_counted_from_one_with_both_ends(tmp_path: Path) -> None:
    (row,) = read(tmp_path, task(annotation(1, timeline("confused", 25, 50)))).rows
    assert (row.start_us, row.end_us) == (960_000, 2_000_000)
    assert row.uid == "project.17@960000-2000000"
    assert row.fps == 25


def test_the_first_frame_begins_with_the_call(tmp_path: Path) -> None:
    (row,) = read(tmp_path, task(annotation(1, timeline("confused", 1, 1)), fps="29.97")).rows
    assert (row.start_us, row.end_us) == (0, 33_367)


def test_frames_without_a_frame_rate_are_refused_by_name_of_the_task(tmp_path: Path) -> None:
    entry = task(annotation(1, timeline("confused", 25, 50)))
    del entry["data"]["fps"]
    with pytest.raises(DatasetError, match=r'project\.json, task 17: its ranges are frames.*Add "fps"'):
        read(tmp_path, entry)
    (row,) = read_export(tmp_path / "project.json", fps=50).rows
    assert (row.start_us, row.end_us) == (480_000, 1_000_000)


@pytest.mark.parametrize("frames", [(0, 5), (9, 8)])
def test_a_range_that_cannot_be_frames_is_refused(tmp_path: Path, frames: tuple[int, int]) -> None:
    with pytest.raises(DatasetError, match="frames count from 1"):
        read(tmp_path, task(annotation(1, timeline("confused", *frames))))


def test_regions_of_audio_are_seconds_and_need_no_frame_rate(tmp_path: Path) -> None:
    entry = task(annotation(1, region("frustrated", 1.25, 3.5)))
    del entry["data"]["fps"]
    (row,) = read(tmp_path, entry).rows
    assert (row.start_us, row.end_us, row.fps) == (1_250_000, 3_500_000, None)


def test_cancelled_annotations_are_skipped_and_counted(tmp_path: Path) -> None:
    kept, dropped = annotation(1, timeline("engaged", 1, 25)), annotation(2, timeline("bored", 1, 25), cancelled=True)
    reading = read(tmp_path, task(kept, dropped))
    assert reading.rows[0].votes == {"engaged": 1}
    assert reading.rows[0].raters == 1
    assert reading.notes == ("1 annotations were cancelled by their rater",)


def test_predictions_are_never_truth(tmp_path: Path) -> None:
    entry = task()
    entry["predictions"] = [{"result": [timeline("engaged", 1, 25)], "completed_by": 1}]
    reading = read(tmp_path, entry)
    assert reading.rows == ()
    assert reading.notes == ("1 tasks have no finished annotation",)


def test_raters_vote_and_one_who_marked_nothing_counts(tmp_path: Path) -> None:
    one, two = annotation(1, timeline("confused", 1, 50)), annotation({"id": 2}, timeline("confused", 26, 50))
    first, second = read(tmp_path, task(one, two, annotation(3))).rows
    assert (first.votes, first.raters, first.label) == ({"confused": 1}, 3, None)
    assert (second.votes, second.raters, second.label) == ({"confused": 2}, 3, "confused")


def test_two_annotations_of_one_rater_are_one_vote(tmp_path: Path) -> None:
    again = annotation(1, timeline("confused", 1, 50))
    (row,) = read(tmp_path, task(again, again)).rows
    assert (row.votes, row.raters) == ({"confused": 1}, 1)


def test_choices_without_a_range_hold_for_the_whole_call(tmp_path: Path) -> None:
    choice = {"type": "choices", "from_name": "c", "to_name": "text", "value": {"choices": ["frustrated"]}}
    (row,) = read(tmp_path, task(annotation(1, choice), text="this again")).rows
    assert (row.start_us, row.end_us, row.text, row.label) == (None, None, "this again", "frustrated")


def test_passages_of_text_and_other_results_are_no_stretches_of_time(tmp_path: Path) -> None:
    passage = region("confused", 3, 9, text="what now")
    box = {"type": "videorectangle", "value": {"sequence": []}}
    reading = read(tmp_path, task(annotation(1, passage, box)))
    assert reading.rows == ()
    assert reading.notes == ("2 results are of a type that labels no stretch of time",)


def test_a_channel_is_said_to_be_dropped(tmp_path: Path) -> None:
    assert read(tmp_path, task(annotation(1, region("a", 0, 1, channel=0)))).notes == (
        "1 regions name an audio channel, which is not kept",
    )


def test_data_of_a_task_names_person_call_split_and_consent(tmp_path: Path) -> None:
    data = {"subject_id": "ana", "call_id": "c9", "split": "val", "consent_ref": "form-3"}
    (row,) = read(tmp_path, task(annotation(1, timeline("engaged", 1, 25)), **data)).rows
    assert (row.subject_id, row.group_id, row.split, row.consent_ref) == ("ana", "c9", Split.DEV, "form-3")


def test_a_person_in_two_splits_is_refused(tmp_path: Path) -> None:
    one = task(annotation(1, timeline("engaged", 1, 25)), subject_id="ana", split="train")
    two = task(annotation(1, timeline("engaged", 1, 25)), subject_id="ana", split="test")
    with pytest.raises(DatasetError, match="the subject ana stands in train and in test"):
        read(tmp_path, one, {**two, "id": 18})


@pytest.mark.parametrize(
    "link", ["/data/upload/1/0a1b2c3d-ana.mp4", "/data/local-files/?d=calls%2Fana.mp4", "https://x.example/a/ana.mp4"]
)
def test_a_recording_is_found_beside_the_export_whatever_the_link(tmp_path: Path, link: str) -> None:
    (tmp_path / "ana.mp4").touch()
    (row,) = read(tmp_path, task(annotation(1, timeline("engaged", 1, 25)), video=link)).rows
    assert row.face_path == tmp_path / "ana.mp4"


def test_a_recording_that_is_absent_is_listed_and_the_labels_are_kept(tmp_path: Path) -> None:
    reading = read(tmp_path, task(annotation(1, timeline("engaged", 1, 25)), video="/data/upload/1/ana.mp4"))
    assert reading.missing == ("ana.mp4",)
    assert reading.rows[0].face_path is None


def test_an_annotation_without_a_rater_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="task 17: an annotation does not say who completed it"):
        read(tmp_path, task(annotation(None, timeline("engaged", 1, 25))))


def test_the_short_form_of_the_export_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "short.json"
    path.write_text(json.dumps([{"id": 1, "video": "a.mp4", "l": [], "annotator": 1}]))
    assert not CORPUS.detect(path)
    with pytest.raises(DatasetError, match=r"short\.json, entry 1 is no task.*not JSON-MIN"):
        CORPUS.read(path)


def test_broken_json_is_named(tmp_path: Path) -> None:
    path = tmp_path / "project.json"
    path.write_text('[{"annotations": [')
    with pytest.raises(DatasetError, match=r"project\.json is no readable JSON"):
        CORPUS.read(path)


@pytest.mark.parametrize(
    "entry",
    [
        7,
        {"id": 1, "data": {}, "annotations": [7]},
        {"id": 1, "data": {}, "annotations": {}},
        task(annotation(1, {"type": "timelinelabels", "value": {"ranges": [7], "timelinelabels": ["a"]}})),
        task(annotation(1, {"type": "timelinelabels", "value": {"ranges": 7, "timelinelabels": ["a"]}})),
        task(annotation(1, {"type": "timelinelabels", "value": {"ranges": [{}], "timelinelabels": ["a"]}})),
        task(annotation(1, timeline("a", 1, 2)), fps="fast"),
        task(annotation(1, timeline("a", 1, 2)), fps=0),
        task(annotation(1, region("a", 2, 1))),
        task(annotation(1, region("a", 0, float("inf")))),
        task(annotation(1, timeline("a", 1, 2)), split="holdout"),
    ],
)
def test_what_no_export_holds_names_the_file_and_the_task(tmp_path: Path, entry: dict[str, Any]) -> None:
    with pytest.raises(DatasetError, match=r"project\.json, (entry 1|task 17)"):
        read(tmp_path, entry)


def test_results_without_a_value_are_left_out(tmp_path: Path) -> None:
    entry = task()
    entry["annotations"] = [{"completed_by": 1, "result": [7, {"type": "labels", "value": None}]}]
    assert read(tmp_path, entry).notes == ("2 results are of a type that labels no stretch of time",)


def test_only_an_export_is_recognised(tmp_path: Path) -> None:
    assert not CORPUS.detect(tmp_path)
    assert not CORPUS.detect(tmp_path / "absent.json")
    (tmp_path / "other.json").write_text('[{"text": "x"}]')
    assert not CORPUS.detect(tmp_path)
    path = export(tmp_path, task(annotation(1, timeline("engaged", 1, 25))))
    assert recognise(tmp_path) is CORPUS
    assert recognise(path) is CORPUS
