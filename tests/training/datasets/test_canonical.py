"""The canonical store on disk."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from countenance.contracts.errors import DatasetError
from countenance.training.datasets.canonical import KEYS, read_store, write_store
from countenance.training.datasets.store import Row, Split

FINITE = st.floats(allow_nan=False, allow_infinity=False)
NUMBERS = st.dictionaries(st.text(), FINITE, max_size=3)
PATHS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1).map(Path)
ROWS = st.builds(
    Row,
    uid=st.text(),
    dataset=st.sampled_from(("daisee", "made up")),
    split=st.sampled_from(Split),
    source=st.text(),
    label=st.none() | st.text(),
    votes=NUMBERS,
    raters=st.integers(0, 99),
    dimensions=NUMBERS,
    subject_id=st.none() | st.text(),
    group_id=st.none() | st.text(),
    face_path=st.none() | PATHS,
    audio_path=st.none() | PATHS,
    text=st.none() | st.text(),
    start_us=st.none() | st.integers(0),
    end_us=st.none() | st.integers(0),
    fps=st.none() | FINITE,
    demographics=st.dictionaries(st.text(), st.text(), max_size=2),
    self_reported=st.booleans(),
    side_votes=st.dictionaries(st.text(), NUMBERS, max_size=2),
    consent_ref=st.none() | st.text(),
)
ROW = Row(uid="a", dataset="daisee", split=Split.TRAIN, source="x line 2", start_us=960_000, end_us=2_000_000)


@settings(max_examples=60)
@given(st.lists(ROWS, max_size=4, unique_by=lambda row: (row.dataset, row.uid)))
def test_what_is_written_is_read_back(rows: list[Row]) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "store.jsonl"
        write_store(rows, path)
        assert read_store(path) == tuple(rows)


def test_every_field_of_a_row_is_kept() -> None:
    """A field added to Row and not to the store would be lost without a word."""
    renamed = {"source": "source_row", "label": "label_hard", "raters": "n_raters", "dimensions": "vad"}
    renamed |= {"group_id": "call_id", "start_us": "t0", "end_us": "t1"}
    assert {renamed.get(name, name) for name in Row.__slots__} | {"scale", "licence"} == set(KEYS)


def test_times_are_whole_microseconds_and_the_licence_goes_along(tmp_path: Path) -> None:
    write_store([ROW], tmp_path / "new" / "store.jsonl")
    told = json.loads((tmp_path / "new" / "store.jsonl").read_text(encoding="utf-8"))
    assert tuple(told) == KEYS
    assert (told["t0"], told["t1"], told["scale"]) == (960_000, 2_000_000, "-1..1")
    assert told["licence"].startswith("DAiSEE (Gupta et al., 2016): for research")


def test_the_same_rows_give_the_same_bytes(tmp_path: Path) -> None:
    write_store([ROW], tmp_path / "one")
    write_store([ROW], tmp_path / "two")
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one", "two"]


def test_a_number_that_is_not_finite_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    row = Row(uid="b", dataset="daisee", split=Split.TRAIN, source="x", votes={"a": float("nan")})
    with pytest.raises(DatasetError, match="daisee: b holds a number that is not finite"):
        write_store([ROW, row], tmp_path / "store.jsonl")
    assert list(tmp_path.iterdir()) == []


def test_a_uid_may_occur_once_in_each_corpus(tmp_path: Path) -> None:
    other = Row(uid="a", dataset="dfew", split=Split.TRAIN, source="x")
    write_store([ROW, other], tmp_path / "store.jsonl")
    with pytest.raises(DatasetError, match="daisee: a occurs twice"):
        write_store([ROW, ROW], tmp_path / "store.jsonl")
    assert read_store(tmp_path / "store.jsonl") == (ROW, other)


@pytest.mark.parametrize(
    ("key", "value", "problem"),
    [
        ("t0", 0.96, "t0 is 0.96, not a whole number"),
        ("t1", True, "t1 is True, not a whole number"),
        ("uid", 7, "uid is 7, not text"),
        ("split", "val", "'val' is not a valid Split"),
        ("votes", [1], r"votes is \[1\], not an object"),
        ("votes", {"a": "many"}, "votes of a is 'many', not a number"),
        ("vad", {"valence": float("inf")}, "vad of valence is inf, not a number"),
        ("scale", "1..7", r"scale is '1\.\.7', not '-1\.\.1'"),
        ("demographics", "none", "demographics is 'none', not an object"),
        ("self_reported", 1, "self_reported is 1, not true or false"),
        ("mood", "x", r"unknown keys \['mood'\]"),
    ],
)
def test_a_wrong_value_names_file_line_and_key(tmp_path: Path, key: str, value: object, problem: str) -> None:
    path = tmp_path / "store.jsonl"
    write_store([ROW], path)
    told = json.loads(path.read_text(encoding="utf-8")) | {"uid": "b", key: value}
    path.write_text(path.read_text(encoding="utf-8") + json.dumps(told) + "\n", encoding="utf-8")
    with pytest.raises(DatasetError, match=rf"store\.jsonl, line 2 is no row: .*{problem}"):
        read_store(path)


@pytest.mark.parametrize("text", [b"{", b"[]", b"\xff", b"{}"])
def test_a_line_that_is_no_row_is_named(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "store.jsonl"
    path.write_bytes(text + b"\n")
    with pytest.raises(DatasetError, match=r"store\.jsonl, line 1 is no row"):
        read_store(path)


def test_a_missing_store_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"store\.jsonl is missing"):
        read_store(tmp_path / "store.jsonl")
