import tarfile
from pathlib import Path

import pytest

from countenance.contracts.errors import DatasetError
from countenance.training.datasets.emodb import CORPUS, INITIALS
from countenance.training.datasets.store import Split, recognise

HEADER = "file,speaker,gender,age,sentence,emotion,version,recognised_pct,natural_pct"


def clips(folder: Path, *names: str) -> Path:
    (folder / "wav").mkdir(exist_ok=True)
    for name in names:
        (folder / "wav" / name).write_bytes(b"sound")
    return folder


def table(folder: Path, *lines: str) -> Path:
    (folder / "labels.csv").write_text("\n".join((HEADER, *lines)) + "\n")
    return folder


def test_the_letters_are_german_initials(tmp_path: Path) -> None:
    assert INITIALS == {
        "W": "anger",
        "L": "boredom",
        "E": "disgust",
        "A": "fear",
        "F": "happiness",
        "T": "sadness",
        "N": "neutral",
    }
    assert CORPUS.labels == tuple(INITIALS.values())
    clips(tmp_path, *(f"03a01{letter}a.wav" for letter in INITIALS))
    reading = CORPUS.read(tmp_path)
    assert {row.uid[5]: row.label for row in reading.rows} == INITIALS
    assert "German initials" in reading.notes[0]


def test_without_a_table_speaker_and_gender_come_from_the_name(tmp_path: Path) -> None:
    man, woman = CORPUS.read(clips(tmp_path, "15b09Nc.wav", "16b09Nc.wav")).rows
    assert (man.subject_id, man.demographics) == ("15", {"gender": "male"})
    assert (woman.subject_id, woman.demographics) == ("16", {"gender": "female"})
    assert man.split is Split.UNASSIGNED


def test_the_table_goes_before_the_letter_and_a_difference_is_counted(tmp_path: Path) -> None:
    clips(tmp_path, "08a02Fb.flac", "08a02Nb.flac")
    table(
        tmp_path,
        "wav/08a02Fb.flac,08,female,41,a02,disgust,b,60.00,45.00",
        "wav/08a02Nb.flac,08,female,41,a02,neutral,b,,",
    )
    assert recognise(tmp_path) is CORPUS
    reading = CORPUS.read(tmp_path)
    first, second = reading.rows
    assert first.label == "disgust"
    assert first.demographics == {"gender": "female", "age": "41"}
    assert first.side_votes == {"listeners": {"recognised": 0.6, "natural": 0.45}}
    assert first.source == "labels.csv line 2"
    assert second.side_votes == {}
    assert reading.notes[0].startswith("1 clips whose letter stands for another emotion")


def test_a_clip_that_only_the_table_names_is_missing(tmp_path: Path) -> None:
    clips(tmp_path, "08a02Na.wav")
    table(
        tmp_path,
        "wav/08a02Na.wav,08,female,41,a02,neutral,a,60,45",
        "wav/08a02Nb.wav,08,female,41,a02,neutral,b,60,45",
    )
    reading = CORPUS.read(tmp_path)
    assert reading.missing == ("wav/08a02Nb.wav",)
    assert [row.audio_path is None for row in reading.rows] == [False, True]


def test_training_reads_the_same_clips_as_the_reader_and_none_may_be_missing(tmp_path: Path) -> None:
    pytest.importorskip("soundfile")
    from countenance.training.voice_emotion.emodb import read_rows

    table(clips(tmp_path, "08a02Na.wav"), "wav/08a02Na.wav,08,female,41,a02,neutral,a,60,45")
    assert read_rows(tmp_path) == list(CORPUS.read(tmp_path).rows)
    (tmp_path / "wav/08a02Na.wav").unlink()
    with pytest.raises(DatasetError, match=r"08a02Na\.wav is missing"):
        read_rows(tmp_path)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("wav/08a02Nb.wav,08,female,41,a02,anxiety,b,60,45", "labels.csv, line 2 names the emotion 'anxiety'"),
        ("wav/08a02Nb.wav,08,female,41,a02,neutral,b,most,45", "labels.csv, line 2 holds 'most'"),
        ("wav/08a02Nb.wav,08", "labels.csv, line 2: no value for emotion"),
    ],
)
def test_a_broken_line_is_named(tmp_path: Path, line: str, said: str) -> None:
    with pytest.raises(DatasetError, match=said):
        CORPUS.read(table(clips(tmp_path, "08a02Nb.wav"), line))


def test_other_files_beside_the_clips_are_counted_and_system_files_ignored(tmp_path: Path) -> None:
    reading = CORPUS.read(clips(tmp_path, "03a01Wa.wav", "._03a01Wa.wav", "tuning.wav"))
    assert len(reading.rows) == 1
    assert "1 files left out whose names are not those of Emo-DB" in reading.notes


def test_an_empty_folder_says_where_to_ask(tmp_path: Path) -> None:
    assert not CORPUS.detect(tmp_path)
    with pytest.raises(DatasetError, match=r"wav is missing.*Burkhardt"):
        CORPUS.read(tmp_path)
    with pytest.raises(DatasetError, match=r"03a01Fa.wav is missing"):
        CORPUS.read(clips(tmp_path, "tuning.wav"))


def test_the_real_corpus_is_read_whole(shared: Path, tmp_path: Path) -> None:
    archive = shared / "data" / "voice_emodb.tar"
    if not archive.is_file():
        pytest.skip("the Emo-DB archive is not beside the checkout")
    with tarfile.open(archive) as packed:
        packed.extractall(tmp_path, filter="data")
    folder = next(tmp_path.rglob("labels.csv")).parent
    assert recognise(folder) is CORPUS
    reading = CORPUS.read(folder)
    assert (len(reading.rows), reading.missing, reading.notes) == (408, (), ())
    men = {row.subject_id for row in reading.rows if row.demographics["gender"] == "male"}
    assert men == {"03", "10", "11", "12"}
    assert sum(row.label == "boredom" for row in reading.rows) == 58
