"""ELAN files, made up in the layout of the EAF format."""

import sys
from pathlib import Path

import pytest

from countenance.contracts.errors import DatasetError
from countenance.training.datasets.elan import CORPUS
from countenance.training.datasets.store import Split, recognise

pytest.importorskip("defusedxml")


def note(name: str, start: int, end: int, value: str) -> str:
    return (
        f'<ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="{name}" TIME_SLOT_REF1="t{start}" TIME_SLOT_REF2="t{end}">'
        f"<ANNOTATION_VALUE>{value}</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION>"
    )


def reference(name: str, to: str, value: str) -> str:
    return (
        f'<ANNOTATION><REF_ANNOTATION ANNOTATION_ID="{name}" ANNOTATION_REF="{to}">'
        f"<ANNOTATION_VALUE>{value}</ANNOTATION_VALUE></REF_ANNOTATION></ANNOTATION>"
    )


def tier(title: str, *notes: str, kind: str = "states", **more: str) -> str:
    told = "".join(f' {name}="{value}"' for name, value in more.items())
    return f'<TIER TIER_ID="{title}" LINGUISTIC_TYPE_REF="{kind}"{told}>{"".join(notes)}</TIER>'


def write(
    path: Path, *tiers: str, before: str = "", author: str = "", units: str = "milliseconds", origin: str = ""
) -> Path:
    slots = "".join(f'<TIME_SLOT TIME_SLOT_ID="t{ms}" TIME_VALUE="{ms}"/>' for ms in (0, 1000, 2500, 4000))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        f'<?xml version="1.0" encoding="UTF-8"?>{before}<ANNOTATION_DOCUMENT AUTHOR="{author}" FORMAT="3.0">'
        f'<HEADER MEDIA_FILE="" TIME_UNITS="{units}"><MEDIA_DESCRIPTOR MEDIA_URL="file:///C:/x/call9.mp4" '
        f'MIME_TYPE="video/mp4" RELATIVE_MEDIA_URL="./call9.mp4"{origin}/></HEADER>'
        f'<TIME_ORDER>{slots}<TIME_SLOT TIME_SLOT_ID="tnone"/></TIME_ORDER>{"".join(tiers)}'
        '<LINGUISTIC_TYPE LINGUISTIC_TYPE_ID="states" CONTROLLED_VOCABULARY_REF="v"/>'
        '<LINGUISTIC_TYPE LINGUISTIC_TYPE_ID="free"/></ANNOTATION_DOCUMENT>',
        encoding="utf-8",
    )
    return path


CONFUSED = note("a1", 1000, 2500, "confused")


def test_milliseconds_of_the_file_are_microseconds_here(tmp_path: Path) -> None:
    path = write(tmp_path / "a.eaf", tier("mine", CONFUSED, PARTICIPANT="Ana", ANNOTATOR="r1"))
    (row,) = CORPUS.read(path).rows
    assert (row.start_us, row.end_us, row.label) == (1_000_000, 2_500_000, "confused")
    assert (row.subject_id, row.group_id, row.raters) == ("Ana", "call9", 1)
    assert row.uid == "call9/Ana@1000000-2500000"


def test_only_tiers_of_labels_are_read_and_the_others_are_named(tmp_path: Path) -> None:
    words = tier("words@Ana", note("a2", 0, 1000, "hello there"), kind="free")
    named = tier("state@Ben", note("a3", 0, 1000, "engaged"), kind="free")
    reading = CORPUS.read(write(tmp_path / "a.eaf", words, named))
    assert [(row.label, row.subject_id) for row in reading.rows] == [("engaged", "Ben")]
    assert reading.notes == ("1 annotations of the tier 'words@Ana' in a.eaf are no labels",)


def test_annotators_of_one_person_vote_over_tiers_and_files(tmp_path: Path) -> None:
    write(tmp_path / "one.eaf", tier("x", CONFUSED, PARTICIPANT="Ana", ANNOTATOR="r1"))
    write(tmp_path / "two.eaf", tier("x", CONFUSED, PARTICIPANT="Ana"), author="r2")
    write(tmp_path / "three.eaf", tier("x", PARTICIPANT="Ana"))
    (row,) = CORPUS.read(tmp_path).rows
    assert (row.votes, row.raters, row.label) == ({"confused": 2}, 3, "confused")


def test_an_annotation_that_refers_to_another_has_its_time(tmp_path: Path) -> None:
    words = tier("words", note("a1", 0, 2500, "what now"), kind="free")
    labels = tier("x", reference("a2", "a1", "confused"), reference("a3", "a2", "frustrated"))
    (row,) = CORPUS.read(write(tmp_path / "a.eaf", words, labels)).rows
    assert (row.start_us, row.end_us, row.votes) == (0, 2_500_000, {"confused": 1, "frustrated": 1})


def test_references_in_a_circle_and_slots_without_a_time_are_left_out_and_counted(tmp_path: Path) -> None:
    circle = tier("x", reference("a1", "a2", "p"), reference("a2", "a1", "q"))
    timeless = tier("y", note("a3", 0, 1000, "z").replace("t1000", "tnone"))
    reading = CORPUS.read(write(tmp_path / "a.eaf", circle, timeless))
    assert reading.rows == ()
    assert reading.notes == ("3 annotations have no time or no label",)


def test_external_entities_are_refused(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    before = f'<!DOCTYPE a [<!ENTITY leak SYSTEM "{secret.as_uri()}">]>'
    path = write(tmp_path / "a.eaf", tier("x", note("a1", 0, 1000, "&leak;")), before=before)
    with pytest.raises(DatasetError, match=r"a\.eaf declares a document type or entities, which are refused"):
        CORPUS.read(path)


def test_entities_that_blow_up_are_refused(tmp_path: Path) -> None:
    before = '<!DOCTYPE a [<!ENTITY x "xxxxxxxx"><!ENTITY y "&x;&x;&x;&x;">]>'
    path = write(tmp_path / "a.eaf", tier("x", note("a1", 0, 1000, "&y;")), before=before)
    with pytest.raises(DatasetError, match="which are refused"):
        CORPUS.read(path)


def test_folders_state_the_split_and_val_is_dev(tmp_path: Path) -> None:
    write(tmp_path / "val" / "a.eaf", tier("x", CONFUSED, PARTICIPANT="Ana"))
    assert [row.split for row in CORPUS.read(tmp_path).rows] == [Split.DEV]
    assert [row.split for row in CORPUS.read(tmp_path / "val").rows] == [Split.UNASSIGNED]


def test_a_call_in_two_splits_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "train" / "a.eaf", tier("x", CONFUSED, PARTICIPANT="Ana"))
    write(tmp_path / "test" / "b.eaf", tier("x", CONFUSED, PARTICIPANT="Ana"))
    with pytest.raises(DatasetError, match=r"the call call9 stands in test \(b\.eaf\) and in train"):
        CORPUS.read(tmp_path)


def test_the_recording_beside_the_file_is_found_or_listed(tmp_path: Path) -> None:
    path = write(tmp_path / "a.eaf", tier("x", CONFUSED))
    assert CORPUS.read(path).missing == ("call9.mp4",)
    (tmp_path / "call9.mp4").touch()
    reading = CORPUS.read(path)
    assert reading.missing == ()
    assert reading.rows[0].face_path == tmp_path / "call9.mp4"


def test_an_offset_of_the_recording_is_said(tmp_path: Path) -> None:
    path = write(tmp_path / "a.eaf", tier("x", CONFUSED), origin=' TIME_ORIGIN="500"')
    assert CORPUS.read(path).notes == ("1 recordings of a.eaf are offset: times are those of the ELAN document",)


@pytest.mark.parametrize(
    ("tiers", "problem"),
    [
        (tier("x", note("a1", 0, 9, "p")), "annotation a1 has a time slot that does not exist"),
        (tier("x", note("a1", 2500, 1000, "p")), "annotation a1 ends before it begins"),
        ("<TIER>", "is no readable XML"),
    ],
)
def test_a_broken_file_is_named(tmp_path: Path, tiers: str, problem: str) -> None:
    with pytest.raises(DatasetError, match=rf"a\.eaf.*{problem}"):
        CORPUS.read(write(tmp_path / "a.eaf", tiers))


def test_other_units_of_time_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="counts time in NTSC-frames"):
        CORPUS.read(write(tmp_path / "a.eaf", units="NTSC-frames"))


def test_other_xml_is_no_elan_document(tmp_path: Path) -> None:
    path = tmp_path / "a.eaf"
    path.write_text("<html/>")
    with pytest.raises(DatasetError, match=r"a\.eaf is no ELAN document"):
        CORPUS.read(path)


def test_without_defusedxml_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "defusedxml", None)
    with pytest.raises(DatasetError, match=r"pip install 'countenance\[train\]'"):
        CORPUS.read(write(tmp_path / "a.eaf"))


def test_only_elan_files_are_recognised(tmp_path: Path) -> None:
    assert not CORPUS.detect(tmp_path)
    assert not CORPUS.detect(tmp_path / "absent.eaf")
    (tmp_path / "._a.eaf").touch()
    assert not CORPUS.detect(tmp_path)
    path = write(tmp_path / "a.eaf")
    assert recognise(tmp_path) is CORPUS
    assert recognise(path) is CORPUS
