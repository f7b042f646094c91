from pathlib import Path

import pytest

from countenance.contracts.errors import DatasetError
from countenance.training.datasets.iemocap import CORPUS, LABELS, WORDS, turns
from countenance.training.datasets.store import Split, recognise

HEAD = "% [START_TIME - END_TIME] TURN_NAME EMOTION [V, A, D]\n\n"
FIRST = (
    "[3.1000 - 5.2000]\tSes01F_impro99_F000\tfru\t[2.0000, 3.5000, 3.0000]\n"
    "C-E2:\tFrustration;\t()\n"
    "C-E3:\tFrustration; Anger;\t()\n"
    "C-F1:\tNeutral;\t(puzzled)\n"
    "A-E3:\tval 2; act 4; dom  3;\t()\n"
    "A-F1:\tval ; act 3; dom  ;\t()\n\n"
)
SECOND = (
    "[5.3000 - 6.0000]\tSes01F_impro99_M012\txxx\t[5.0000, 1.0000, 3.0000]\n"
    "C-E2:\tNeutral state;\t()\n"
    "C-E3:\tExcited;\t()\n"
    "C-E4:\t;\t()\n"
    "C-M1:\tSurprise;\t()\n\n"
)


def dialogue(root: Path, name: str, text: str) -> Path:
    folder = root / f"Session{int(name[3:5])}" / "dialog" / "EmoEvaluation"
    for place in (folder, folder / "Categorical"):
        place.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.txt").write_text(HEAD + text)
    (folder / f"._{name}.txt").write_bytes(b"\x00\x05\x16\x07")
    (folder / "Categorical" / f"{name}_e2_cat.txt").write_text("Ses01F_impro99_F000 :Frustration; ()\n")
    return root


def sound(root: Path, turn: str) -> Path:
    path = root / f"Session{int(turn[3:5])}" / "sentences" / "wav" / turn.rsplit("_", 1)[0] / f"{turn}.wav"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"sound")
    return path


def test_a_turn_keeps_label_times_ratings_and_who_speaks(tmp_path: Path) -> None:
    root = dialogue(tmp_path, "Ses01F_impro99", FIRST + SECOND)
    path = sound(root, "Ses01F_impro99_F000")
    sound(root, "Ses01F_impro99_M012")
    assert recognise(root) is CORPUS
    woman, man = CORPUS.read(root).rows
    assert woman.label == "fru"
    assert (woman.start_us, woman.end_us) == (3_100_000, 5_200_000)
    assert woman.audio_path == path
    assert woman.dimensions == {"valence": -0.5, "arousal": 0.25, "dominance": 0.0}
    assert man.dimensions == {"valence": 1.0, "arousal": -1.0, "dominance": 0.0}
    assert (woman.subject_id, man.subject_id) == ("Ses01F", "Ses01M"), "the last field tells who speaks"
    assert (woman.demographics, man.demographics) == ({"gender": "female"}, {"gender": "male"})
    assert woman.source == "Ses01F_impro99.txt line 3"


def test_evaluators_votes_are_kept_and_the_actors_own_stand_apart(tmp_path: Path) -> None:
    first, second = CORPUS.read(dialogue(tmp_path, "Ses01F_impro99", FIRST + SECOND)).rows
    assert (first.votes, first.raters) == ({"fru": 2, "ang": 1}, 2)
    assert first.side_votes == {"self": {"neu": 1}}
    assert (second.votes, second.raters) == ({"neu": 1, "exc": 1}, 2), "an empty vote is no rater"
    assert second.side_votes == {"self": {"sur": 1}}


def test_no_agreement_is_no_label_and_is_counted(tmp_path: Path) -> None:
    reading = CORPUS.read(dialogue(tmp_path, "Ses01F_impro99", SECOND))
    assert reading.rows[0].label is None
    assert reading.notes == ("1 turns without agreement (xxx), kept without a label",)


def test_the_table_of_labels_is_the_corpus_s_own(tmp_path: Path) -> None:
    assert CORPUS.labels == LABELS == ("ang", "hap", "sad", "neu", "fru", "exc", "fea", "sur", "dis", "oth")
    assert {word[:3].lower() for word in WORDS} == {*LABELS} == {*WORDS.values()}
    text = "".join(
        f"[1.0000 - 2.0000]\tSes01F_impro99_F{at:03d}\t{label}\t[3.0000, 3.0000, 3.0000]\n"
        for at, label in enumerate(LABELS)
    )
    rows = CORPUS.read(dialogue(tmp_path, "Ses01F_impro99", text)).rows
    assert tuple(row.label for row in rows) == LABELS


def test_scripted_names_are_longer_and_tell_the_speaker_all_the_same(tmp_path: Path) -> None:
    text = "[1.0000 - 2.0000]\tSes02M_script01_1b_F003\tneu\t[3.0000, 3.0000, 3.0000]\n"
    (row,) = CORPUS.read(dialogue(tmp_path, "Ses02M_script01_1b", text)).rows
    assert (row.subject_id, row.group_id) == ("Ses02F", "Ses02")


def test_turns_in_which_both_speak_are_left_out_and_counted(tmp_path: Path) -> None:
    text = "[1.0000 - 2.0000]\tSes01F_impro99_MXX0\tneu\t[3.0000, 3.0000, 3.0000]\n"
    reading = CORPUS.read(dialogue(tmp_path, "Ses01F_impro99", FIRST + text))
    assert [row.uid for row in reading.rows] == ["Ses01F_impro99_F000"]
    assert reading.notes == ("1 turns left out in which both people speak at once",)


def test_the_split_is_left_open_by_session(tmp_path: Path) -> None:
    dialogue(tmp_path, "Ses01F_impro99", FIRST)
    dialogue(tmp_path, "Ses02F_impro99", FIRST.replace("Ses01", "Ses02"))
    rows = CORPUS.read(tmp_path).rows
    assert [row.group_id for row in rows] == ["Ses01", "Ses02"]
    assert {row.split for row in rows} == {Split.UNASSIGNED}


def test_words_come_from_the_transcription_of_the_dialogue(tmp_path: Path) -> None:
    root = dialogue(tmp_path, "Ses01F_impro99", FIRST + SECOND)
    folder = root / "Session1" / "dialog" / "transcriptions"
    folder.mkdir()
    (folder / "Ses01F_impro99.txt").write_text(
        "Ses01F_impro99_F000 [003.1000-005.2000]: Where is my form?\nM: Over there.\n"
    )
    assert [row.text for row in CORPUS.read(root).rows] == ["Where is my form?", None]


def test_recordings_that_are_absent_are_listed(tmp_path: Path) -> None:
    reading = CORPUS.read(dialogue(tmp_path, "Ses01F_impro99", FIRST))
    assert reading.missing == ("Session1/sentences/wav/Ses01F_impro99/Ses01F_impro99_F000.wav",)
    assert reading.rows[0].audio_path is None


def test_the_folder_above_the_release_is_found_too(tmp_path: Path) -> None:
    dialogue(tmp_path / "IEMOCAP_full_release", "Ses01F_impro99", FIRST)
    assert recognise(tmp_path) is CORPUS
    assert len(CORPUS.read(tmp_path).rows) == 1


def test_a_rating_beyond_the_scale_is_set_to_its_end_and_counted(tmp_path: Path) -> None:
    reading = CORPUS.read(dialogue(tmp_path, "Ses01F_impro99", FIRST.replace("[2.0000,", "[5.5000,")))
    assert reading.rows[0].dimensions["valence"] == 1.0
    assert reading.notes == ("1 turns with a rating beyond 1 to 5, set to its end",)


@pytest.mark.parametrize(
    ("good", "bad", "said"),
    [
        ("3.1000 - 5.2000", "3.1000", "line 3 is not"),
        ("\tfru\t", "\tjoy\t", "line 3 has the emotion 'joy'"),
        ("impro99_F000\t", "impro99_F0\t", "line 3 names the turn"),
        ("C-E2:\tFrustration;", "C-E2:\tEnvy;", "line 4 names the emotion 'Envy'"),
        ("C-E2:\tFrustration;", "C-E2 Frustration;", "line 4 is not an evaluator"),
        ("A-E3:", "B-E3:", "line 7 is neither"),
    ],
)
def test_a_broken_line_is_named(tmp_path: Path, good: str, bad: str, said: str) -> None:
    root = dialogue(tmp_path, "Ses01F_impro99", FIRST.replace(good, bad))
    with pytest.raises(DatasetError, match=rf"Ses01F_impro99.txt, {said}"):
        CORPUS.read(root)


def test_a_vote_before_any_turn_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "dialogue.txt"
    file.write_text("C-E2:\tAnger;\t()\n")
    with pytest.raises(DatasetError, match="line 1 is neither"):
        list(turns(file))


def test_an_empty_folder_says_where_to_ask(tmp_path: Path) -> None:
    assert not CORPUS.detect(tmp_path)
    with pytest.raises(DatasetError, match=r"EmoEvaluation is missing.*sail.usc.edu"):
        CORPUS.read(tmp_path)
