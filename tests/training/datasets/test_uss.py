"""USS in the canonical store, on made-up dialogues in the exact layout."""

from pathlib import Path

import pytest

from countenance.contracts.errors import DatasetError
from countenance.training.datasets.store import Split
from countenance.training.datasets.uss import CORPUS

MWOZ = (
    "\n"
    "USER\tI need a room.\tHotel-Inform\t3,3,2,3\n"
    "SYSTEM\tIn the north?\tHotel-Request\t\n"
    "USER\tI said so already!\t\t2,2,1\n"
    "USER\tOVERALL\t\t2,3,2\n"
    "\n"
    "USER\tHello\tgeneral-greet\t3,4,3,4\n"
    "USER\tOVERALL\t\t3,3,3\n"
)


def corpus(folder: Path, text: str = MWOZ, name: str = "MWOZ.txt") -> Path:
    (folder / "dataset").mkdir(parents=True, exist_ok=True)
    (folder / "dataset" / name).write_text(text, encoding="utf-8")
    return folder


def test_the_labels_are_the_five_steps_of_satisfaction() -> None:
    assert CORPUS.labels == ("1", "2", "3", "4", "5")


def test_every_annotator_is_a_vote_and_is_counted(tmp_path: Path) -> None:
    rows = CORPUS.read(corpus(tmp_path)).rows
    assert (rows[0].votes, rows[0].raters, rows[0].label) == ({"2": 1.0, "3": 3.0}, 4, "3")
    assert (rows[1].votes, rows[1].raters, rows[1].label) == ({"1": 1.0, "2": 2.0}, 3, "2")
    assert not rows[0].dimensions


def test_no_label_wins_where_two_share_the_lead(tmp_path: Path) -> None:
    greeting = next(row for row in CORPUS.read(corpus(tmp_path)).rows if row.text == "Hello")
    assert (greeting.label, greeting.votes) == (None, {"3": 2.0, "4": 2.0})


def test_blank_lines_part_dialogues_and_a_first_one_counts_for_nothing(tmp_path: Path) -> None:
    rows = CORPUS.read(corpus(tmp_path)).rows
    assert [row.group_id for row in rows] == ["MWOZ/1", "MWOZ/1", "MWOZ/1", "MWOZ/2", "MWOZ/2"]
    assert {row.split for row in rows} == {Split.UNASSIGNED}
    assert rows[0].source == "MWOZ.txt line 2"


def test_several_blank_lines_part_only_once(tmp_path: Path) -> None:
    rows = CORPUS.read(corpus(tmp_path, "USER\tOne\t\t3,3,3\n\n\nUSER\tTwo\t\t3,3,3\n")).rows
    assert [row.group_id for row in rows] == ["MWOZ/1", "MWOZ/2"]


def test_the_overall_row_rates_the_dialogue_and_is_no_text(tmp_path: Path) -> None:
    reading = CORPUS.read(corpus(tmp_path))
    overall = [row for row in reading.rows if row.uid.endswith("overall")]
    assert [(row.uid, row.text, row.label) for row in overall] == [
        ("MWOZ/1/overall", None, "2"),
        ("MWOZ/2/overall", None, "3"),
    ]
    assert "2 rows rate a whole dialogue and carry no text" in reading.notes


def test_turns_of_the_system_and_unrated_turns_are_no_rows(tmp_path: Path) -> None:
    reading = CORPUS.read(corpus(tmp_path, "USER\tHm\t\t\nSYSTEM\tYes\t\t5,5,5\nUSER\tGood\t\t4,4,4\n"))
    assert [row.text for row in reading.rows] == ["Good"]
    assert "1 user turns are not rated" in reading.notes


def test_the_same_numbers_in_two_files_are_two_dialogues(tmp_path: Path) -> None:
    corpus(tmp_path)
    reading = CORPUS.read(corpus(tmp_path, "USER\tA film\t\t3,3,3\n", "ReDial.txt"))
    assert {row.group_id for row in reading.rows} == {"MWOZ/1", "MWOZ/2", "ReDial/1"}
    assert "SGD.txt is not in this folder" in reading.notes


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("USER\tonly text", "line 2 is not four tab-separated fields"),
        ("AGENT\tHello\t\t3,3,3", "line 2 is not four tab-separated fields"),
        ("USER\tHello\t\t3,6,3", "line 2 rates '6'"),
        ("USER\tHello\t\t3,,3", "line 2 rates ''"),
    ],
)
def test_a_broken_line_names_file_and_line(tmp_path: Path, line: str, message: str) -> None:
    with pytest.raises(DatasetError, match=rf"MWOZ\.txt, {message}"):
        CORPUS.read(corpus(tmp_path, f"USER\tFine\t\t3,3,3\n{line}\n"))


def test_it_is_recognised_by_its_turns(tmp_path: Path) -> None:
    assert CORPUS.detect(corpus(tmp_path / "a"))
    assert CORPUS.detect(tmp_path / "a" / "dataset")
    assert not CORPUS.detect(corpus(tmp_path / "b", "a dialogue\tsomething else\n"))
    assert not CORPUS.detect(tmp_path / "nowhere")


def test_a_missing_corpus_says_where_to_ask(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"MWOZ\.txt is missing.*user-satisfaction-simulation"):
        CORPUS.read(tmp_path)


def test_the_real_corpus_has_its_published_counts(shared: Path) -> None:
    folder = shared / "data" / "text_uss"
    if not folder.is_dir():
        pytest.skip("text_uss is not beside the checkout")
    assert CORPUS.detect(folder)
    rows = CORPUS.read(folder).rows
    turns = [row.uid.split("/")[0] for row in rows if row.text is not None]
    assert {part: turns.count(part) for part in ("MWOZ", "SGD", "CCPE", "ReDial")} == {
        "MWOZ": 11553,
        "SGD": 12833,
        "CCPE": 6360,
        "ReDial": 10806,
    }
    assert len({row.group_id for row in rows}) == len(rows) - len(turns) == 3500
    assert {row.raters for row in rows} == {3, 4, 5, 6, 7}
