"""The project's own call lines: what is shipped, and what is refused."""

import re
from pathlib import Path

import pytest

from countenance.contracts.errors import DatasetError
from countenance.training.datasets.call_lines import CORPUS, read_call_lines
from countenance.training.datasets.goemotions import LABELS
from countenance.training.datasets.inspection import inspect, lines
from countenance.training.datasets.store import Split

HEAD = "split\tscenario\tlabels\ttext\n"
GOOD = "train\tparcel\tneutral\tIt is blue.\ndev\thotel\tannoyance,disapproval\tNot again.\n"


def corpus(folder: Path, rows: str = GOOD) -> Path:
    (folder / "call_lines.tsv").write_text(HEAD + rows, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def shipped(root: Path) -> Path:
    return root / "src/countenance/training/call_lines"


def test_a_row_is_one_utterance_of_one_scenario_with_the_labels_as_votes(tmp_path: Path) -> None:
    first, second = CORPUS.read(corpus(tmp_path)).rows
    assert (first.label, first.split, first.group_id, first.text) == ("neutral", Split.TRAIN, "parcel", "It is blue.")
    assert (second.label, dict(second.votes)) == (None, {"annoyance": 1.0, "disapproval": 1.0})
    assert (second.uid, second.raters) == ("hotel/1", 1)


def test_it_is_recognised_and_its_terms_and_single_annotator_are_told(shipped: Path) -> None:
    found = inspect(shipped)
    told = "\n".join(lines(found))
    assert found.corpus == "call-lines"
    assert "Apache-2.0, written and labelled by this project" in told
    assert "note: one annotator" in told
    assert found.alpha is None


def test_the_shipped_lines_are_many_varied_and_split_by_scenario() -> None:
    train, dev = read_call_lines(Split.TRAIN), read_call_lines(Split.DEV)
    assert len(train.texts) > 1000
    assert len(dev.texts) > 200
    assert not set(train.scenarios) & set(dev.scenarios)
    assert train.labels.sum(axis=0).min() >= 1


def test_no_shipped_line_is_nearly_another_one() -> None:
    """Lines of four words and more never share four fifths of their words."""
    texts = [*read_call_lines(Split.TRAIN).texts, *read_call_lines(Split.DEV).texts]
    bags = [frozenset(re.findall(r"[\w']+", text.lower())) for text in texts]
    long = [(bag, text) for bag, text in zip(bags, texts, strict=True) if len(bag) >= 4]
    alike = [
        (text, other)
        for at, (bag, text) in enumerate(long)
        for one, other in long[at + 1 :]
        if len(bag & one) >= 0.8 * len(bag | one)
    ]
    assert alike == []


def test_both_splits_come_with_columns_in_the_order_of_goemotions(tmp_path: Path) -> None:
    found = read_call_lines(Split.DEV, corpus(tmp_path))
    assert found.ids == ("hotel/1",)
    assert [LABELS[at] for at in found.labels[0].nonzero()[0]] == ["annoyance", "disapproval"]


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ("test\ta\tneutral\tHi.\n", "line 2: split is 'test'"),
        ("train\ta\tcross\tHi.\n", "'cross' is no label of GoEmotions"),
        ("train\ta\tneutral\t\n", "no text or no scenario"),
        ("train\ta\tneutral\tHi.\ndev\ta\tneutral\tHo.\n", "the group a stands in train and in dev"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(rows: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=told):
        CORPUS.read(corpus(tmp_path, rows))


def test_a_missing_file_names_where_it_is(tmp_path: Path) -> None:
    assert not CORPUS.detect(tmp_path)
    with pytest.raises(DatasetError, match=r"call_lines\.tsv is missing.*this project's repository"):
        CORPUS.read(tmp_path)
