import tarfile
from pathlib import Path

import pytest

from countenance.contracts.errors import DatasetError
from countenance.training.datasets.ravdess import CORPUS, LABELS, read_clips
from countenance.training.datasets.store import Split, recognise


def clip(folder: Path, actor: int, name: str, sound: str | None = None) -> Path:
    path = folder / f"Actor_{actor:02d}" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{actor} {name}" if sound is None else sound)
    return path


def test_a_row_says_emotion_actor_and_gender_and_leaves_the_split_open(tmp_path: Path) -> None:
    path = clip(tmp_path, 12, "03-01-06-01-02-01-12.wav")
    clip(tmp_path, 11, "03-01-01-01-01-01-11.wav")
    assert recognise(tmp_path) is CORPUS
    men, women = CORPUS.read(tmp_path).rows
    assert (women.uid, women.label, women.subject_id, women.audio_path) == (path.stem, "fearful", "12", path)
    assert women.demographics == {"gender": "female"}
    assert men.demographics == {"gender": "male"}
    assert not women.self_reported
    assert women.text is None, "both sentences are said in every emotion"
    assert {men.split, women.split} == {Split.UNASSIGNED}


def test_the_codes_are_in_the_order_of_the_corpus(tmp_path: Path) -> None:
    for code in range(1, 9):
        clip(tmp_path, 1, f"03-01-0{code}-01-01-01-01.flac")
    names = ("neutral", "calm", "happy", "sad", "angry", "fearful", "disgust", "surprised")
    assert CORPUS.labels == LABELS == names
    assert tuple(row.label for row in CORPUS.read(tmp_path).rows) == names


def test_a_copy_nested_in_the_folder_is_read_once(tmp_path: Path) -> None:
    outer = clip(tmp_path, 1, "03-01-01-01-01-01-01.wav", "original")
    clip(tmp_path / "audio_speech_actors_01-24", 1, "03-01-01-01-01-01-01.wav", "copy")
    reading = CORPUS.read(tmp_path)
    assert [row.audio_path for row in reading.rows] == [outer]
    assert reading.notes == ("1 clips stand twice under one name; the first was kept",)


def test_the_nested_folder_alone_is_enough(tmp_path: Path) -> None:
    clip(tmp_path / "audio_speech_actors_01-24", 1, "03-01-01-01-01-01-01.wav")
    assert recognise(tmp_path) is CORPUS
    assert len(CORPUS.read(tmp_path).rows) == 1


def test_songs_repeated_recordings_and_system_files_are_left_out_and_counted(tmp_path: Path) -> None:
    clip(tmp_path, 3, "03-01-03-01-02-01-03.wav", "same")
    clip(tmp_path, 3, "03-01-03-01-02-02-03.wav", "same")
    clip(tmp_path, 3, "03-02-03-01-02-01-03.wav")
    clip(tmp_path, 3, "._03-01-03-01-02-01-03.wav")
    reading = CORPUS.read(tmp_path)
    assert [row.uid for row in reading.rows] == ["03-01-03-01-02-01-03"]
    assert reading.notes == (
        "1 song or video files left out",
        "1 clips left out that repeat another byte for byte",
    )


def test_a_broken_name_is_named(tmp_path: Path) -> None:
    clip(tmp_path, 1, "03-01-09-01-01-01-01.wav")
    with pytest.raises(DatasetError, match=r"03-01-09-01-01-01-01\.wav has codes"):
        CORPUS.read(tmp_path)


def test_an_empty_folder_says_where_to_ask(tmp_path: Path) -> None:
    assert not CORPUS.detect(tmp_path)
    assert not CORPUS.detect(tmp_path / "absent")
    with pytest.raises(DatasetError, match=r"Actor_01 is missing.*Zenodo"):
        CORPUS.read(tmp_path)


def test_weights_trained_on_it_are_not_for_sale() -> None:
    assert CORPUS.commercial == "no"
    assert "CC BY-NC-SA 4.0" in CORPUS.licence


def test_the_real_corpus_is_read_whole(shared: Path, tmp_path: Path) -> None:
    archive = shared / "data" / "voice_ravdess_16k.tar"
    if not archive.is_file():
        pytest.skip("the RAVDESS archive is not beside the checkout")
    with tarfile.open(archive) as packed:
        packed.extractall(tmp_path, filter="data")
    folder = next(tmp_path.rglob("Actor_01")).parent
    assert recognise(folder) is CORPUS
    reading = CORPUS.read(folder)
    assert len(reading.rows) == 1199, "1,200 clips, two of them the same recording"
    assert {row.subject_id for row in reading.rows} == {f"{actor:02d}" for actor in range(1, 21)}
    assert sum(row.label == "neutral" for row in reading.rows) == 80
    assert len(read_clips(folder)) == len(reading.rows)
