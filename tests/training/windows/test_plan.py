from dataclasses import replace
from pathlib import Path

import pytest

from countenance.contracts.call import FACE, TEXT, VOICE
from countenance.contracts.errors import DatasetError
from countenance.training.datasets.store import Row, Split
from countenance.training.windows.plan import NO_CONSENT, NO_SUBJECT, OTHERS_CONSENT, PLACED_US, plan

GOOD = Row(
    uid="a@0-2000000",
    dataset="own_folder",
    split=Split.UNASSIGNED,
    source="metadata.csv line 2",
    votes={"confused": 2.0},
    raters=3,
    subject_id="ana",
    group_id="call 1",
    face_path=Path("a.webm"),
    start_us=0,
    end_us=2_000_000,
    consent_ref="r1",
)


def test_stretches_of_one_recording_are_read_together_in_order_of_time() -> None:
    late = replace(GOOD, uid="late", start_us=5_000_000, end_us=6_000_000)
    (source,) = plan([late, GOOD]).sources
    assert [row.uid for row in source.rows] == [GOOD.uid, "late"]
    assert source.files == {Path("a.webm"): (FACE, VOICE, TEXT)}


def test_a_stretch_without_a_consent_is_left_out_and_counted() -> None:
    silent = replace(GOOD, uid="b", face_path=Path("b.webm"), consent_ref=None)
    planned = plan([GOOD, silent])
    assert [source.rows for source in planned.sources] == [(GOOD,)]
    assert planned.left_out == {NO_CONSENT: 1}
    assert planned.notes == ("1 labelled stretches without a consent_ref",)


def test_a_recording_is_read_only_when_every_stretch_of_it_has_a_consent() -> None:
    other = replace(GOOD, uid="other", start_us=5_000_000, end_us=6_000_000, consent_ref=None)
    elsewhere = replace(GOOD, uid="c", face_path=Path("c.webm"))
    planned = plan([GOOD, other, elsewhere])
    assert [source.rows for source in planned.sources] == [(elsewhere,)]
    assert planned.left_out == {NO_CONSENT: 1, OTHERS_CONSENT: 1}


def test_nothing_left_names_the_column_to_fill() -> None:
    with pytest.raises(DatasetError, match=r"none of 2 labelled stretches may be read.*Fill the column consent_ref"):
        plan([replace(GOOD, consent_ref=None), replace(GOOD, uid="b", consent_ref=None)])
    with pytest.raises(DatasetError, match="Fill the column subject_id"):
        plan([replace(GOOD, subject_id=None)])


def test_a_person_nobody_names_is_left_out_for_the_sake_of_the_splits() -> None:
    assert plan([GOOD, replace(GOOD, uid="x", subject_id=None)]).left_out == {NO_SUBJECT: 1}


def test_sound_in_a_file_of_its_own_is_not_read_twice() -> None:
    (source,) = plan([replace(GOOD, audio_path=Path("a.wav"))]).sources
    assert source.files == {Path("a.webm"): (FACE, TEXT), Path("a.wav"): (VOICE,)}


def test_words_alone_are_placed_one_after_the_other() -> None:
    said = replace(GOOD, face_path=None, start_us=None, end_us=None, text="I do not follow.")
    (source,) = plan([said, replace(said, uid="next")]).sources
    assert [row.start_us for row in source.rows] == [0, PLACED_US]
    assert not source.files


def test_still_pictures_are_no_calls() -> None:
    with pytest.raises(DatasetError, match="still pictures"):
        plan([replace(GOOD, face_path=Path("a.png"))])
