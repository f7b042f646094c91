from pathlib import Path

import pytest

from countenance.contracts.errors import DatasetError
from countenance.training.datasets.crema_d import CODES, CORPUS
from countenance.training.datasets.store import Split, recognise

POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n"
VOTES = '"","A","D","F","H","N","S","fileName","numResponses"\n'


def corpus(folder: Path, *stems: str, video: bool = False) -> Path:
    for place, kind in (("AudioWAV", "wav"), ("VideoFlash", "flv"))[: 1 + video]:
        (folder / place).mkdir(exist_ok=True)
        for stem in stems:
            (folder / place / f"{stem}.{kind}").write_bytes(b"media")
    (folder / "VideoDemographics.csv").write_text(
        '"ActorID","Age","Sex","Race","Ethnicity"\n9001,44,"Female","Asian","Not Hispanic"\n'
    )
    return folder


def votes(folder: Path, *lines: str) -> Path:
    (folder / "processedResults").mkdir()
    (folder / "processedResults" / "tabulatedVotes.csv").write_text(VOTES + "\n".join(lines) + "\n")
    return folder


def test_a_row_says_emotion_actor_and_media_and_leaves_the_split_open(tmp_path: Path) -> None:
    corpus(tmp_path, "9001_DFA_ANG_XX", video=True)
    assert recognise(tmp_path) is CORPUS
    (row,) = CORPUS.read(tmp_path).rows
    assert (row.label, row.subject_id, row.split) == ("anger", "9001", Split.UNASSIGNED)
    assert row.audio_path == tmp_path / "AudioWAV" / "9001_DFA_ANG_XX.wav"
    assert row.face_path == tmp_path / "VideoFlash" / "9001_DFA_ANG_XX.flv"
    assert row.text is None, "every sentence is said in every emotion"


def test_demographics_are_kept_and_nobody_is_said_to_have_stated_them(tmp_path: Path) -> None:
    reading = CORPUS.read(corpus(tmp_path, "9001_DFA_ANG_XX", "9002_DFA_ANG_XX"))
    told, untold = reading.rows
    assert told.demographics == {"age": "44", "gender": "female", "race": "Asian", "ethnicity": "Not Hispanic"}
    assert untold.demographics == {}
    assert not told.self_reported
    assert "1 clips of actors without demographics" in reading.notes


def test_the_table_of_labels_is_the_corpus_s_own(tmp_path: Path) -> None:
    assert CODES == {
        "ANG": "anger",
        "DIS": "disgust",
        "FEA": "fear",
        "HAP": "happy",
        "NEU": "neutral",
        "SAD": "sad",
    }
    rows = CORPUS.read(corpus(tmp_path, *(f"9001_IEO_{code}_HI" for code in CODES))).rows
    assert tuple(row.label for row in rows) == CORPUS.labels == tuple(CODES.values())


def test_every_level_is_read_even_the_one_published_cut_short(tmp_path: Path) -> None:
    stems = [f"9001_IEO_SAD_{level}" for level in ("HI", "LO", "MD", "X", "XX")]
    assert [row.uid for row in CORPUS.read(corpus(tmp_path, *stems)).rows] == stems


def test_votes_of_those_who_saw_and_heard_count_and_the_others_stand_apart(tmp_path: Path) -> None:
    votes(
        corpus(tmp_path, "9001_DFA_ANG_XX"),
        '"100001",5,1,0,0,4,0,"9001_DFA_ANG_XX",10',
        '"200001",6,0,0,0,3,0,"9001_DFA_ANG_XX",9',
        '"300001",8,1,0,0,0,2,"9001_DFA_ANG_XX",11',
    )
    (row,) = CORPUS.read(tmp_path).rows
    assert (row.votes, row.raters) == ({"anger": 8, "disgust": 1, "sad": 2}, 11)
    assert row.side_votes == {
        "voice": {"anger": 5, "disgust": 1, "neutral": 4},
        "face": {"anger": 6, "neutral": 3},
    }


def test_the_absence_of_votes_is_said(tmp_path: Path) -> None:
    reading = CORPUS.read(corpus(tmp_path, "9001_DFA_ANG_XX"))
    assert reading.rows[0].raters == 0
    assert reading.notes == ("no votes: processedResults/tabulatedVotes.csv is absent",)


def test_pointers_of_git_lfs_are_no_media_and_are_said(tmp_path: Path) -> None:
    corpus(tmp_path, "9001_DFA_ANG_XX", "9001_DFA_SAD_XX")
    (tmp_path / "AudioWAV" / "9001_DFA_ANG_XX.wav").write_text(POINTER)
    reading = CORPUS.read(tmp_path)
    assert [row.audio_path is None for row in reading.rows] == [True, False]
    assert reading.missing == ("AudioWAV/9001_DFA_ANG_XX.wav",)
    assert any("1 files are only Git LFS pointers" in note and "git lfs pull" in note for note in reading.notes)


def test_a_recording_without_its_video_is_listed(tmp_path: Path) -> None:
    corpus(tmp_path, "9001_DFA_ANG_XX", "9001_DFA_SAD_XX", video=True)
    (tmp_path / "VideoFlash" / "9001_DFA_SAD_XX.flv").unlink()
    reading = CORPUS.read(tmp_path)
    assert reading.missing == ("VideoFlash/9001_DFA_SAD_XX.flv",)
    assert reading.rows[1].face_path is None


def test_other_names_are_counted_and_system_files_ignored(tmp_path: Path) -> None:
    reading = CORPUS.read(corpus(tmp_path, "9001_DFA_ANG_XX", "._9001_DFA_ANG_XX", "9001_DFA_JOY_XX"))
    assert len(reading.rows) == 1
    assert "1 names left out that are not those of CREMA-D" in reading.notes


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('"400001",5,1,0,0,4,0,"9001_DFA_ANG_XX",10', "line 2 does not start with 1"),
        ('"100001",many,1,0,0,4,0,"9001_DFA_ANG_XX",10', "line 2 holds 'many'"),
    ],
)
def test_a_broken_line_of_votes_is_named(tmp_path: Path, line: str, said: str) -> None:
    with pytest.raises(DatasetError, match=f"tabulatedVotes.csv, {said}"):
        CORPUS.read(votes(corpus(tmp_path, "9001_DFA_ANG_XX"), line))


def test_an_empty_folder_says_where_to_ask(tmp_path: Path) -> None:
    assert not CORPUS.detect(tmp_path)
    with pytest.raises(DatasetError, match=r"AudioWAV is missing.*CheyneyComputerScience"):
        CORPUS.read(tmp_path)
