import json
from pathlib import Path

import pytest

from countenance.contracts.errors import DatasetError
from countenance.training.datasets.msp_podcast import CODES, CORPUS
from countenance.training.datasets.msp_podcast_raters import rater_line
from countenance.training.datasets.store import Split, recognise

COLUMNS = ("FileName", "EmoClass", "EmoAct", "EmoVal", "EmoDom", "SpkrID", "Gender", "Split_Set")
ONE = ("clip_0001.wav", "S", "2.500000", "1.000000", "4.000000", "9001", "Female", "Train")
TWO = ("clip_0002.wav", "X", "7.000000", "5.500000", "4.000000", "Unknown", "Unknown", "Train")
DEV = ("clip_0003.wav", "U", "4.000000", "4.000000", "4.000000", "9002", "Male", "Development")


def corpus(root: Path, *turns: tuple[str, ...], labels: str = "Labels") -> Path:
    (root / labels).mkdir(parents=True)
    (root / "Audios").mkdir()
    (root / labels / "labels_consensus.csv").write_text("\n".join(",".join(row) for row in (COLUMNS, *turns)) + "\n")
    for turn in turns:
        (root / "Audios" / turn[0]).write_bytes(b"sound")
    return root


def detailed(root: Path, *lines: tuple[str, str]) -> Path:
    text = "".join(f'{name},"{rating}"\n' for name, rating in (("FileName", "EmoDetail"), *lines))
    (root / "Labels" / "labels_detailed.csv").write_text(text)
    return root


def test_a_turn_keeps_class_scores_speaker_and_split(tmp_path: Path) -> None:
    corpus(tmp_path, ONE, DEV)
    assert recognise(tmp_path) is CORPUS
    first, second = CORPUS.read(tmp_path).rows
    assert (first.uid, first.label, first.subject_id) == ("clip_0001", "sad", "9001")
    assert first.dimensions == {"valence": -1.0, "arousal": -0.5, "dominance": 0.0}, "4 of 1 to 7 is 0"
    assert first.demographics == {"gender": "female"}
    assert first.audio_path == tmp_path / "Audios" / "clip_0001.wav"
    assert first.source == "labels_consensus.csv, line 2 (clip_0001.wav)"
    assert (second.label, second.split) == ("surprise", Split.DEV)


def test_the_table_of_labels_is_the_corpus_s_own(tmp_path: Path) -> None:
    assert CODES == {
        "A": "anger",
        "S": "sad",
        "H": "happy",
        "U": "surprise",
        "F": "fear",
        "D": "disgust",
        "C": "contempt",
        "N": "neutral",
        "O": "other",
    }
    turns = [(f"clip_{code}.wav", code, *ONE[2:]) for code in CODES]
    rows = CORPUS.read(corpus(tmp_path, *turns)).rows
    assert tuple(row.label for row in rows) == CORPUS.labels == tuple(CODES.values())


def test_no_agreement_is_no_label_and_an_unknown_speaker_is_nobody(tmp_path: Path) -> None:
    reading = CORPUS.read(corpus(tmp_path, TWO))
    (row,) = reading.rows
    assert (row.label, row.subject_id, row.demographics) == (None, None, {})
    assert "1 turns without agreement (X), kept without a label" in reading.notes
    assert "1 turns of unknown speakers" in reading.notes


def test_unknown_speakers_are_not_one_person_in_two_splits(tmp_path: Path) -> None:
    elsewhere = (*DEV[:5], "Unknown", "Male", "Development")
    assert len(CORPUS.read(corpus(tmp_path, TWO, elsewhere)).rows) == 2


def test_first_choices_are_votes_and_the_tags_beside_them_stand_apart(tmp_path: Path) -> None:
    detailed(
        corpus(tmp_path, ONE),
        ("clip_0001.wav", "WORKER00000001; Sad; Sad,Concerned; A:2.000000; V:1.000000; D:4.000000;"),
        ("clip_0001.wav", "WORKER00000002; Sad; A:3.000000; V:1.000000; D:4.000000;"),
        ("clip_0001.wav", "WORKER00000003; Neutral; Confused,Dissapointed; A:2.0; V:1.0; D:4.0;"),
        ("clip_0001.wav", "WORKER00000004; Other-tired; worn out; Confused,Other-tired; A:2.0; V:1.0; D:4.0;"),
    )
    (row,) = CORPUS.read(tmp_path).rows
    assert (row.votes, row.raters) == ({"sad": 2, "neutral": 1, "other": 1}, 4)
    assert row.side_votes == {
        "secondary": {"Sad": 1, "Concerned": 1, "Confused": 2, "Disappointed": 1, "Other": 1},
    }


def test_ratings_are_read_from_json_and_from_the_raw_text_alike(tmp_path: Path) -> None:
    one, two = corpus(tmp_path / "json", ONE), corpus(tmp_path / "text", ONE)
    rating = {"EmoClass_Major": "Happy", "EmoClass_Second": "Happy,Excited", "EmoAct": "5"}
    (one / "Labels" / "labels_detailed.json").write_text(json.dumps({"clip_0001.wav": {"WORKER00000001": rating}}))
    (two / "Labels" / "labels.txt").write_text(
        "clip_0001.wav; H; A:5.000000; V:6.000000; D:5.000000;\n"
        "WORKER00000001; Happy; Happy,Excited; A:5.000000; V:6.000000; D:5.000000;\n\n"
    )
    for root in (one, two):
        (row,) = CORPUS.read(root).rows
        assert (row.votes, row.raters) == ({"happy": 1}, 1)
        assert row.side_votes == {"secondary": {"Happy": 1, "Excited": 1}}


def test_the_absence_of_ratings_is_said(tmp_path: Path) -> None:
    reading = CORPUS.read(corpus(tmp_path, ONE))
    assert reading.rows[0].raters == 0
    assert reading.notes == ("no votes: labels_detailed.csv, labels_detailed.json and labels.txt are absent",)


def test_the_consensus_is_read_from_json_too(tmp_path: Path) -> None:
    corpus(tmp_path, ONE)
    table = tmp_path / "Labels" / "labels_consensus.csv"
    (before,) = CORPUS.read(tmp_path).rows
    table.unlink()
    fields = dict(zip(COLUMNS[1:], ONE[1:], strict=True))
    table.with_suffix(".json").write_text(json.dumps({ONE[0]: fields}))
    (after,) = CORPUS.read(tmp_path).rows
    assert (after.label, after.dimensions, after.subject_id) == (before.label, before.dimensions, before.subject_id)


def test_the_doubled_folder_and_the_older_name_of_the_recordings_are_found(tmp_path: Path) -> None:
    corpus(tmp_path, ONE, labels="Labels/Labels")
    (tmp_path / "Audios").rename(tmp_path / "Audio")
    assert recognise(tmp_path) is CORPUS
    assert CORPUS.read(tmp_path).rows[0].audio_path == tmp_path / "Audio" / "clip_0001.wav"


@pytest.mark.parametrize("name", ["Partitions.txt", "Partition.txt"])
def test_the_withheld_test_set_stays_without_labels_and_speakers(tmp_path: Path, name: str) -> None:
    stated = ("clip_0008.wav", "A", "1", "1", "1", "9001", "Male", "Test3")
    corpus(tmp_path, ONE, stated)
    (tmp_path / name).write_text(
        "Train;clip_0001.wav\nTest3;clip_0008.wav\nTest3;clip_0009.wav\nTrain;clip_0010.wav\n\n"
    )
    reading = CORPUS.read(tmp_path)
    withheld = reading.rows[1:]
    assert [row.uid for row in withheld] == ["clip_0008", "clip_0009"]
    for row in withheld:
        assert (row.split, row.label, row.subject_id, row.dimensions) == (Split.WITHHELD, None, None, {})
    assert reading.missing == ("Audios/clip_0009.wav",)
    assert "1 turns of the partition left out, for the consensus does not label them" in reading.notes


def test_one_speaker_may_stand_in_both_test_sets_and_in_no_other(tmp_path: Path) -> None:
    first = ("clip_0004.wav", *ONE[1:7], "Test1")
    second = ("clip_0005.wav", *ONE[1:7], "Test2")
    rows = CORPUS.read(corpus(tmp_path / "fine", first, second)).rows
    assert [row.split for row in rows] == [Split.TEST, Split.TEST]
    with pytest.raises(DatasetError, match="the subject 9001 stands in"):
        CORPUS.read(corpus(tmp_path / "leaky", first, ONE))


def test_transcripts_are_the_text(tmp_path: Path) -> None:
    corpus(tmp_path, ONE, DEV)
    (tmp_path / "Transcripts").mkdir()
    (tmp_path / "Transcripts" / "clip_0001.txt").write_text("So that was that.\n")
    assert [row.text for row in CORPUS.read(tmp_path).rows] == ["So that was that.", None]


def test_recordings_that_are_absent_are_listed_and_system_files_ignored(tmp_path: Path) -> None:
    corpus(tmp_path, ONE)
    (tmp_path / "Audios" / "clip_0001.wav").rename(tmp_path / "Audios" / "._clip_0001.wav")
    reading = CORPUS.read(tmp_path)
    assert reading.missing == ("Audios/clip_0001.wav",)
    assert reading.rows[0].audio_path is None


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        (1, "Z", r"line 2 \(clip_0001.wav\): the class 'Z' is none of"),
        (7, "Test9", r"line 2 \(clip_0001.wav\): the split 'Test9' is none of"),
        (3, "low", "line 2 holds 'low'"),
    ],
)
def test_a_broken_line_of_the_consensus_is_named(tmp_path: Path, field: int, value: str, said: str) -> None:
    broken = (*ONE[:field], value, *ONE[field + 1 :])
    with pytest.raises(DatasetError, match=f"labels_consensus.csv, {said}"):
        CORPUS.read(corpus(tmp_path, broken))


def test_a_partition_that_contradicts_the_consensus_is_refused(tmp_path: Path) -> None:
    corpus(tmp_path, ONE)
    (tmp_path / "Partitions.txt").write_text("Test1;clip_0001.wav\n")
    with pytest.raises(DatasetError, match="stands in train here and in test in the partition file"):
        CORPUS.read(tmp_path)
    (tmp_path / "Partitions.txt").write_text("Train clip_0001.wav\n")
    with pytest.raises(DatasetError, match=r"Partitions.txt, line 1 is not a split and a file name"):
        CORPUS.read(tmp_path)


@pytest.mark.parametrize(
    "rating", ["WORKER00000001; Sad; A:2.0; V:1.0;", "WORKER00000001; A:2.0; V:1.0; D:4.0;", "Sad"]
)
def test_a_broken_rating_is_named(tmp_path: Path, rating: str) -> None:
    with pytest.raises(DatasetError, match=r"labels.txt, line 7 is not a rater"):
        rater_line(rating, tmp_path / "labels.txt", 7)
    with pytest.raises(DatasetError, match=r"labels_detailed.csv, line 2 is not a rater"):
        CORPUS.read(detailed(corpus(tmp_path, ONE), ("clip_0001.wav", rating)))


def test_rater_files_in_another_layout_are_named(tmp_path: Path) -> None:
    corpus(tmp_path, ONE)
    labels = tmp_path / "Labels"
    (labels / "labels.txt").write_text("clip_0001.wav; H;\n\nsomething else\n")
    with pytest.raises(DatasetError, match=r"labels.txt, line 3 is neither"):
        CORPUS.read(tmp_path)
    (labels / "labels_detailed.json").write_text('{"clip_0001.wav": {"WORKER00000001": {}}}')
    with pytest.raises(DatasetError, match=r"labels_detailed.json is not a table of clips"):
        CORPUS.read(tmp_path)
    (labels / "labels_detailed.csv").write_text("FileName,EmoDetail\nclip_0001.wav,a,b\n")
    with pytest.raises(DatasetError, match=r"labels_detailed.csv, line 2 has 3 fields"):
        CORPUS.read(tmp_path)
    (labels / "labels_detailed.csv").write_text("FileName,EmoDetail\nsomething,a\n")
    with pytest.raises(DatasetError, match=r"labels_detailed.csv, line 2 does not start with a file name"):
        CORPUS.read(tmp_path)


def test_a_broken_json_consensus_is_named(tmp_path: Path) -> None:
    corpus(tmp_path, ONE)
    (tmp_path / "Labels" / "labels_consensus.csv").unlink()
    (tmp_path / "Labels" / "labels_consensus.json").write_text('{"clip_0001.wav": {"EmoClass": "A"}}')
    with pytest.raises(DatasetError, match=r"labels_consensus.json is not a table"):
        CORPUS.read(tmp_path)


def test_label_files_that_are_no_utf8_are_named(tmp_path: Path) -> None:
    corpus(tmp_path, ONE)
    (tmp_path / "Labels" / "labels.txt").write_bytes(b"clip_0001.wav; \xff\xfe\n")
    with pytest.raises(DatasetError, match=r"labels.txt is not UTF-8"):
        CORPUS.read(tmp_path)


def test_a_folder_without_labels_says_where_to_ask(tmp_path: Path) -> None:
    assert not CORPUS.detect(tmp_path)
    with pytest.raises(DatasetError, match=r"labels_consensus.csv is missing.*utdallas"):
        CORPUS.read(tmp_path)
