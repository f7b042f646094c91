from collections.abc import Sequence
from pathlib import Path

import pytest

from countenance.contracts.errors import DatasetError
from countenance.training.datasets.ravdess import LABELS, Clip, parse_name, read_clips
from countenance.training.voice_emotion.ravdess import HIGH_AROUSAL, LOW_AROUSAL, folds, refuse_overlap, split

TWENTY = range(1, 21)


def _clips(actors: Sequence[int]) -> list[Clip]:
    names = [f"03-01-0{emotion}-01-02-01-{actor:02d}.flac" for actor in actors for emotion in range(1, 9)]
    return [parse_name(Path(name)) for name in names]


def test_the_seven_numbers_of_a_name_are_read() -> None:
    clip = parse_name(Path("Actor_12/03-01-06-01-02-01-12.flac"))
    assert LABELS[clip.label] == "fearful"
    assert (clip.strong, clip.statement, clip.repetition, clip.actor) == (False, 2, 1, 12)
    assert clip.woman
    assert not parse_name(Path("03-01-05-02-01-02-11.wav")).woman
    assert parse_name(Path("03-01-05-02-01-02-11.wav")).strong


def test_the_codes_of_the_corpus_are_its_own() -> None:
    codes = {f"{at:02d}": name for at, name in enumerate(LABELS, start=1)}
    assert codes == {
        "01": "neutral",
        "02": "calm",
        "03": "happy",
        "04": "sad",
        "05": "angry",
        "06": "fearful",
        "07": "disgust",
        "08": "surprised",
    }
    assert {*HIGH_AROUSAL, *LOW_AROUSAL, "disgust"} == set(LABELS)


@pytest.mark.parametrize(
    "name",
    ["speech.flac", "03-01-06-01-02-01.flac", "03-01-06-01-02-01-1.flac", "03-01-xx-01-02-01-12.flac"],
)
def test_other_names_are_refused_by_name(name: str) -> None:
    with pytest.raises(DatasetError, match=f"{name} is not seven"):
        parse_name(Path(name))


@pytest.mark.parametrize("name", ["03-02-06-01-02-01-12.flac", "01-01-06-01-02-01-12.flac"])
def test_songs_and_videos_are_refused(name: str) -> None:
    with pytest.raises(DatasetError, match="not an audio-only speech clip"):
        parse_name(Path(name))


@pytest.mark.parametrize("name", ["03-01-09-01-02-01-12.wav", "03-01-00-01-02-01-12.wav", "03-01-01-03-02-01-12.wav"])
def test_codes_that_do_not_exist_are_refused(name: str) -> None:
    with pytest.raises(DatasetError, match="does not define"):
        parse_name(Path(name))


def test_folds_by_actor_never_share_an_actor_and_are_balanced() -> None:
    made = folds(TWENTY)
    assert len(made) == 5
    assert sorted(actor for fold in made for actor in fold) == list(TWENTY)
    assert all(sum(actor % 2 == 0 for actor in fold) == 2 for fold in made)


def test_every_clip_is_tested_once_by_a_net_that_never_heard_its_actor() -> None:
    clips = _clips(TWENTY)
    tested = []
    for fold in folds(TWENTY):
        train, test = split(clips, fold)
        assert not {clip.actor for clip in train} & {clip.actor for clip in test}
        assert len(train) + len(test) == len(clips)
        tested += test
    assert sorted(clip.path for clip in tested) == sorted(clip.path for clip in clips)


def test_a_split_that_shares_an_actor_is_refused() -> None:
    with pytest.raises(DatasetError, match=r"actors \[3\] are on both sides"):
        refuse_overlap(_clips([1, 2, 3]), _clips([3, 4]))


def test_an_empty_side_is_refused() -> None:
    with pytest.raises(DatasetError, match="one side of the split is empty"):
        split(_clips([1, 2]), [7])
    with pytest.raises(DatasetError, match="one side of the split is empty"):
        split(_clips([1, 2]), [1, 2])


def test_actors_that_make_no_balanced_folds_are_refused() -> None:
    with pytest.raises(DatasetError, match="3 actors do not make folds of 4"):
        folds([1, 2, 3])
    with pytest.raises(DatasetError, match="0 actors"):
        folds([])


def test_a_folder_without_clips_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="Unpack the speech archive"):
        read_clips(tmp_path)


def test_clips_are_read_in_order_and_a_repeated_recording_only_once(tmp_path: Path) -> None:
    for actor, name, sound in (
        ("Actor_02", "03-01-03-01-02-02-02.flac", b"one"),
        ("Actor_01", "03-01-03-01-02-01-01.flac", b"two"),
        ("Actor_02", "03-01-03-01-02-01-02.flac", b"one"),
    ):
        (tmp_path / actor).mkdir(exist_ok=True)
        (tmp_path / actor / name).write_bytes(sound)
    assert [clip.path.name for clip in read_clips(tmp_path)] == [
        "03-01-03-01-02-01-01.flac",
        "03-01-03-01-02-01-02.flac",
    ]
