import json
import re
import runpy
from pathlib import Path

import numpy as np
import pytest
from tests.evaluation.made import distribution, honest

from countenance.contracts.errors import EvaluationError
from countenance.evaluation.scores import Scores, one_hot

SHARES = np.array([[0.6, 0.3, 0.1], [0.2, 0.5, 0.3]])


def test_a_table_comes_back_from_its_file_as_it_was(tmp_path: Path) -> None:
    table = distribution(
        SHARES,
        [0, 2],
        clusters=np.array(["Ada", "Bo"]),
        slices={"gender": np.array(["woman", ""]), "age": np.array(["30-39", "40-49"])},
        self_reported=True,
        main=("calm", "tense"),
        abstained={"low_light": 3},
    )
    table.write(tmp_path / "scores.npz")
    back = Scores.read(tmp_path / "scores.npz")
    for name in ("ids", "probabilities", "targets", "hard", "clusters", "thresholds"):
        assert (getattr(back, name) == getattr(table, name)).all()
    assert {name: values.tolist() for name, values in back.slices.items()} == {
        "gender": ["woman", ""],
        "age": ["30-39", "40-49"],
    }
    assert (back.kind, back.labels, back.main, back.self_reported) == (table.kind, table.labels, table.main, True)
    assert (back.protocol, dict(back.abstained)) == ("made for a test", {"low_light": 3})


def test_the_same_table_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.npz", "b.npz"):
        honest(20).write(tmp_path / name)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_the_leading_vote_is_the_hard_label_and_a_tie_is_none() -> None:
    votes = np.array([[0.7, 0.3, 0.0], [0.5, 0.5, 0.0], [np.nan] * 3])
    table = distribution(SHARES[[0, 0, 1]], [0, 0, 0], targets=votes)
    assert table.hard.tolist() == [0, -1, -1]
    assert table.told.tolist() == [True, True, False]


def test_hard_labels_become_targets_and_no_label_becomes_nothing() -> None:
    assert np.array_equal(one_hot([1, -1], 2), np.array([[0.0, 1.0], [np.nan, np.nan]]), equal_nan=True)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"probabilities": np.array([[0.6, 0.3, 0.2], [0.2, 0.5, 0.3]])}, "do not sum to one in 1 rows"),
        ({"probabilities": np.array([[1.6, -0.3, -0.3], [0.2, 0.5, 0.3]])}, "outside 0 to 1"),
        ({"probabilities": np.array([[np.nan, 0.3, 0.2], [0.2, 0.5, 0.3]])}, "no number"),
        ({"probabilities": np.ones((2, 2)) / 2}, "have the shape (2, 2), not (2, 3)"),
        ({"targets": np.array([[1.0, np.nan, 0.0], [0.0, 1.0, 0.0]])}, "told only in part"),
        ({"ids": np.array(["a", "a"])}, "two rows have the same id"),
        ({"hard": np.array([0, 3])}, "an index that is no label"),
        ({"clusters": np.array(["a"])}, "clusters has the shape (1,), not (2,)"),
        ({"slices": {"age": np.array(["a"])}}, "age has the shape (1,)"),
        ({"main": ("bored",)}, "main names bored"),
        ({"thresholds": np.array([0.5])}, "one threshold per label"),
        ({"protocol": ""}, "the protocol is empty"),
    ],
)
def test_a_wrong_table_says_what_is_wrong(wrong: dict[str, object], says: str) -> None:
    with pytest.raises(EvaluationError, match=re.escape(says)):
        distribution(SHARES, [0, 2], **wrong)


def test_a_file_that_holds_something_else_is_named(tmp_path: Path) -> None:
    path = tmp_path / "scores.npz"
    path.write_bytes(b"nothing of the kind")
    with pytest.raises(EvaluationError, match=r"scores\.npz is no table of scores"):
        Scores.read(path)
    np.savez(path, about=np.array(json.dumps({"schema": "another"})))
    with pytest.raises(EvaluationError, match="its schema is 'another'"):
        Scores.read(path)


def test_chosen_rows_keep_everything_that_belongs_to_them() -> None:
    table = distribution(SHARES, [0, 2], clusters=np.array(["Ada", "Bo"]), slices={"age": np.array(["30", "40"])})
    part = table.only(np.array([False, True]))
    assert (part.ids.tolist(), part.hard.tolist(), part.clusters.tolist()) == (["row 1"], [2], ["Bo"])
    assert part.slices["age"].tolist() == ["40"]


def test_the_example_in_the_docs_runs(root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (root / "docs" / "evaluation.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
    (tmp_path / "example.py").write_text(code, encoding="utf-8")
    runpy.run_path(str(tmp_path / "example.py"))
    assert "Interval(value=0.7333" in capsys.readouterr().out
