"""The pickled repack of CMU-MOSEI: refused, and read only on an explicit word."""

import os
import pickle
from pathlib import Path

import numpy as np
import pytest

from countenance.contracts.errors import DatasetError
from countenance.training.datasets.inspection import inspect
from countenance.training.datasets.mosei import CORPUS, read_pickle
from countenance.training.datasets.store import Split


class Hostile:
    """Makes a folder when a plain pickle reader loads it."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (str(self.mark),)


def part(*ids: str) -> dict[str, object]:
    return {
        "id": list(ids),
        "raw_text": [f"text of {name}" for name in ids],
        "regression_labels": np.linspace(-3, 3, len(ids) + 1, dtype=np.float32)[1:],
        "vision": np.zeros((len(ids), 2), np.float32),
    }


def repack(folder: Path, content: object, name: str = "aligned_50.pkl") -> Path:
    place = folder / "MOSEI" / "Processed"
    place.mkdir(parents=True, exist_ok=True)
    (place / name).write_bytes(pickle.dumps(content))
    return place / name


def parts() -> dict[str, object]:
    return {"train": part("0081406$_$0", "0081406$_$1"), "valid": part("-a_$_$3"), "test": part("plain$_$0")}


@pytest.mark.parametrize("name", ["aligned_50.pkl", "unaligned_50.pkl"])
def test_a_repack_is_recognised_and_refused(tmp_path: Path, name: str) -> None:
    path = repack(tmp_path, parts(), name)
    for given in (tmp_path, tmp_path / "MOSEI", path.parent, path):
        assert CORPUS.detect(given)
        with pytest.raises(DatasetError, match=r"a pickle runs code on load.*--trust-pickle"):
            CORPUS.read(given)


def test_a_refused_pickle_is_not_loaded(tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    path = repack(tmp_path, Hostile(mark))
    assert CORPUS.detect(tmp_path)
    with pytest.raises(DatasetError, match="runs code on load"):
        CORPUS.read(tmp_path)
    with pytest.raises(DatasetError, match="runs code on load"):
        read_pickle(path, trust=False)
    assert not mark.exists()


def test_any_pickle_that_is_named_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "features.pkl"
    path.write_bytes(pickle.dumps({}))
    with pytest.raises(DatasetError, match=r"features\.pkl is a pickle"):
        CORPUS.read(path)


def test_the_same_file_of_another_corpus_is_not_taken_for_mosei(tmp_path: Path) -> None:
    other = tmp_path / "a" / "b" / "c" / "d" / "SIMS"
    other.mkdir(parents=True)
    (other / "aligned_50.pkl").write_bytes(pickle.dumps({}))
    assert not CORPUS.detect(other)


def test_a_trusted_repack_is_read_in_its_own_split(tmp_path: Path) -> None:
    rows = read_pickle(repack(tmp_path, parts()), trust=True).rows
    assert [(row.uid, row.group_id, row.split) for row in rows] == [
        ("0081406/0", "0081406", Split.TRAIN),
        ("0081406/1", "0081406", Split.TRAIN),
        ("-a_/3", "-a_", Split.DEV),
        ("plain/0", "plain", Split.TEST),
    ]
    assert rows[0].text == "text of 0081406$_$0"
    assert [row.dimensions["valence"] for row in rows] == [0.0, 1.0, 1.0, 1.0]


def test_even_a_trusted_pickle_may_call_nothing_but_arrays(tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    with pytest.raises(DatasetError, match=r"it calls (posix|nt)\.mkdir"):
        read_pickle(repack(tmp_path, Hostile(mark)), trust=True)
    assert not mark.exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"train": part("a$_$0")}, "valid does not hold"),
        ([1, 2], "holds no train"),
        (parts() | {"test": part("plain")}, r"'plain' is no video\$_\$clip"),
        (parts() | {"test": part("x$_$0") | {"raw_text": []}}, "columns of different length"),
        (parts() | {"test": part("0081406$_$9")}, "the group 0081406 stands in train and in test"),
    ],
)
def test_a_repack_of_another_shape_is_named(tmp_path: Path, content: object, message: str) -> None:
    with pytest.raises(DatasetError, match=message):
        read_pickle(repack(tmp_path, content), trust=True)


def test_a_repack_that_is_cut_short_is_named(tmp_path: Path) -> None:
    path = repack(tmp_path, parts())
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(DatasetError, match=r"aligned_50\.pkl is not the repack"):
        read_pickle(path, trust=True)


def test_the_command_reads_a_repack_only_when_it_is_trusted(tmp_path: Path) -> None:
    path = repack(tmp_path, parts())
    with pytest.raises(DatasetError, match="--trust-pickle"):
        inspect(path)
    assert inspect(path, trust_pickle=True).corpus == "mosei"
