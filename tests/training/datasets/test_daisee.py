"""The DAiSEE reader, on made-up clips in the exact layout."""

from pathlib import Path

import pytest

from countenance.contracts.errors import DatasetError
from countenance.training.datasets.daisee import CORPUS, STATES, engagement, hard_label
from countenance.training.datasets.store import Reading, Split, recognise

HEADER = "ClipID,Boredom,Engagement,Confusion,Frustration \n"
"""With the trailing space of the published files."""
LABELS = {
    "Train": "9900110021.avi,0,2,0,0\n9900110022.avi,1,0,3,1\n",
    "Validation": "9900220021.avi,2,2,0,0\n",
    "Test": "9900330021.avi,0,0,0,0\n",
}


def make(folder: Path, labels: dict[str, str] | None = None, header: str = HEADER) -> Path:
    (folder / "Labels").mkdir()
    for part, lines in (labels or LABELS).items():
        (folder / "Labels" / f"{part}Labels.csv").write_text(header + lines, encoding="utf-8")
        for line in lines.splitlines():
            clip = line[:10]
            place = folder / "DataSet" / part / clip[:6] / clip
            place.mkdir(parents=True)
            (place / f"{clip}.avi").touch()
    return folder


def read(folder: Path) -> Reading:
    return CORPUS.read(folder)


def test_levels_survive_under_the_names_of_the_four_states(tmp_path: Path) -> None:
    first, second, *_ = read(make(tmp_path)).rows
    assert first.votes == {"Boredom": 0, "Engagement": 2, "Confusion": 0, "Frustration": 0}
    assert second.votes == {"Boredom": 1, "Engagement": 0, "Confusion": 3, "Frustration": 1}
    assert first.raters == 0
    assert first.source == "TrainLabels.csv line 2"


def test_the_states_stand_in_the_order_of_the_published_columns() -> None:
    assert STATES == ("Boredom", "Engagement", "Confusion", "Frustration")
    assert CORPUS.labels == STATES


def test_the_trailing_space_of_the_last_column_is_no_part_of_its_name(tmp_path: Path) -> None:
    assert HEADER.endswith("Frustration \n")
    assert read(make(tmp_path)).rows[1].votes["Frustration"] == 1


def test_a_copy_with_semicolons_and_extra_columns_reads_the_same(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    published = read(make(tmp_path / "a"))
    labels = {
        part: "".join(f"{line},7\n" for line in lines.splitlines()).replace(",", ";") for part, lines in LABELS.items()
    }
    copied = read(make(tmp_path / "b", labels, "ClipID;Boredom;Engagement;Confusion;Frustration ;fold\n"))
    assert [row.votes for row in copied.rows] == [row.votes for row in published.rows]


def test_the_official_split_is_kept_and_validation_is_never_test(tmp_path: Path) -> None:
    rows = read(make(tmp_path)).rows
    assert [row.split for row in rows] == [Split.TRAIN, Split.TRAIN, Split.DEV, Split.TEST]


def test_the_subject_is_the_folder_above_the_clip(tmp_path: Path) -> None:
    rows = read(make(tmp_path)).rows
    assert [row.subject_id for row in rows] == ["990011", "990011", "990022", "990033"]


def test_a_labelled_clip_that_is_absent_is_skipped_and_counted(tmp_path: Path) -> None:
    folder = make(tmp_path)
    (folder / "DataSet/Train/990011/9900110022/9900110022.avi").unlink()
    (folder / "DataSet/Train/990011/9900110022/._9900110022.avi").touch()
    reading = read(folder)
    assert [row.uid for row in reading.rows if row.split is Split.TRAIN] == ["9900110021"]
    assert reading.missing == ("DataSet/Train: 9900110022.avi",)
    assert "1 labelled clips are not in the folder and were left out" in reading.notes


def test_a_subject_in_two_splits_is_refused(tmp_path: Path) -> None:
    labels = {**LABELS, "Test": "9900110023.avi,0,1,0,0\n"}
    with pytest.raises(DatasetError, match="the subject 990011 stands in train and in test"):
        read(make(tmp_path, labels))


def test_a_level_out_of_range_names_file_and_line(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"TestLabels\.csv, line 2: Confusion is '4', not 0 to 3"):
        read(make(tmp_path, {**LABELS, "Test": "9900330021.avi,0,0,4,0\n"}))


def test_a_missing_label_file_is_named_with_where_to_ask_for_it(tmp_path: Path) -> None:
    folder = make(tmp_path)
    (folder / "Labels" / "ValidationLabels.csv").unlink()
    with pytest.raises(DatasetError, match=r"ValidationLabels\.csv is missing.*requested at https://people\.iith"):
        read(folder)


@pytest.mark.parametrize(
    ("levels", "label"),
    [((0, 2, 0, 0), "Engagement"), ((1, 0, 3, 1), "Confusion"), ((2, 2, 0, 0), None), ((0, 0, 0, 0), None)],
)
def test_the_hard_label_is_the_single_highest_state(levels: tuple[int, ...], label: str | None) -> None:
    assert hard_label(dict(zip(STATES, map(float, levels), strict=True))) == label


def test_the_two_rare_levels_of_engagement_are_one(tmp_path: Path) -> None:
    labels = {"Train": "".join(f"990011002{n}.avi,0,{n},0,0\n" for n in range(4)), "Validation": "", "Test": ""}
    reading = read(make(tmp_path, labels))
    assert [engagement(row) for row in reading.rows] == ["low", "low", "high", "very high"]
    assert reading.notes[0].startswith("engagement in train: level 0: 1, level 1: 1, level 2: 1, level 3: 1")


def test_gender_lists_are_used_when_there_are_any_and_are_not_self_reported(tmp_path: Path) -> None:
    folder = make(tmp_path)
    (folder / "Males.txt").write_text("9900110021.avi\n")
    (folder / "Females.txt").write_text("990022\n")
    rows = read(folder).rows
    assert [row.demographics.get("gender") for row in rows] == ["male", None, "female", None]
    assert not any(row.self_reported for row in rows)


def test_only_its_own_layout_is_recognised(tmp_path: Path) -> None:
    assert not CORPUS.detect(tmp_path)
    assert not CORPUS.detect(tmp_path / "absent")
    assert recognise(make(tmp_path)) is CORPUS
