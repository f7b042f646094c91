"""`eval run` from the command line to the page, on a small store that the test writes."""

from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from countenance.cli import app
from countenance.contracts.errors import DatasetError, RefusedError, UsageError
from countenance.evaluation.report import read_report
from countenance.evaluation.scores import Scores
from countenance.training.datasets.canonical import write_store
from countenance.training.datasets.store import Row, Split

GLAD = ("I love this, thank you!", "What a wonderful day", "This is great news", "I am so happy with it")
CROSS = ("I hate this so much", "This is outrageous and I am furious", "How dare you do that", "You idiot, stop it")
SPLITS = {Split.TRAIN: "Ada", Split.DEV: "Bo", Split.TEST: "Cy"}


def rows(dataset: str = "own_folder", split: Split | None = None, people: int = 1) -> list[Row]:
    made = []
    for part, name in SPLITS.items():
        for at in range(people * 8):
            text = (GLAD + CROSS)[at % 8]
            made.append(
                Row(
                    uid=f"{part.value} {at}",
                    dataset=dataset,
                    split=split or part,
                    source=f"made {at}",
                    label="happiness" if text in GLAD else "anger",
                    subject_id=f"{name} {at // 8}",
                    text=text,
                    demographics={"gender": "woman" if at % 2 else "man"},
                    self_reported=True,
                )
            )
    return made


def run(store: Path, *words: str) -> Result:
    asked = ["eval", "run", "text-emotion.v1", "--data", str(store), "--out", str(store.parent / "out"), *words]
    return CliRunner().invoke(app, asked)


@pytest.fixture(name="store")
def written(tmp_path: Path) -> Path:
    write_store(rows(people=4), tmp_path / "store.jsonl")
    return tmp_path / "store.jsonl"


def test_a_run_leaves_metrics_scores_and_a_page(store: Path) -> None:
    done = run(store)
    assert done.exit_code == 0, done.output
    assert "text-emotion.v1 on Own calls (folder with metadata), split test: 32 rows" in done.output
    report = read_report(store.parent / "out" / "metrics.json")
    assert (report.n, report.data.cluster, report.clusters, report.self_reported) == (32, "subject", 4, True)
    assert report.metrics["accuracy"].value == 1.0
    assert report.metrics["accuracy"].majority == 0.5
    assert report.conformal["lac"].n_dev == 32
    assert "32 dev rows" in report.protocol
    scores = Scores.read(store.parent / "out" / "scores.npz")
    assert scores.labels == ("happiness", "anger")
    assert np.array_equal(scores.hard, scores.probabilities.argmax(axis=1))
    assert "text-emotion.v1" in (store.parent / "out" / "index.html").read_text(encoding="utf-8")


def test_the_same_run_gives_the_same_bytes(store: Path) -> None:
    out = store.parent / "out"
    run(store)
    first = {name: (out / name).read_bytes() for name in ("metrics.json", "scores.npz", "index.html")}
    run(store)
    assert first == {name: (out / name).read_bytes() for name in first}


def test_small_groups_say_that_there_is_not_enough_data(store: Path) -> None:
    run(store)
    report = read_report(store.parent / "out" / "metrics.json")
    assert {row.value for row in report.slices} == {"man", "woman"}
    assert not any(row.enough for row in report.slices)


def test_rows_that_the_bundle_learnt_from_are_refused(tmp_path: Path) -> None:
    store = tmp_path / "store.jsonl"
    write_store(rows("goemotions", Split.UNASSIGNED), store)
    done = run(store, "--split", "unassigned")
    assert isinstance(done.exception, RefusedError)
    assert done.exception.exit_code == 3
    assert "text-emotion.v1 was trained on goemotions" in str(done.exception)
    assert "Ada 0, Bo 0, Cy 0" in str(done.exception)
    assert not (tmp_path / "out").exists()


def test_people_of_another_store_are_refused_and_the_leak_is_priced_when_asked(store: Path, tmp_path: Path) -> None:
    other = tmp_path / "other" / "store.jsonl"
    write_store([row for row in rows(people=4) if row.split is Split.TEST], other)
    done = run(store, "--against", str(other))
    assert isinstance(done.exception, RefusedError)
    assert "subject Cy 0" in str(done.exception)
    priced = run(store, "--against", str(other), "--show-leak")
    assert priced.exit_code == 0, priced.output
    assert "Price of the leak:" in priced.output
    assert "a price, not an accuracy" in priced.output
    assert [path.name for path in (store.parent / "out").iterdir()] == ["leak.json"]


def test_an_honest_split_can_be_priced_too(store: Path) -> None:
    done = run(store, "--show-leak")
    assert done.exit_code == 0, done.output
    leak = read_report(store.parent / "out" / "metrics.json").leak
    assert leak is not None
    assert leak.price == pytest.approx(leak.leaky - leak.honest, abs=2e-6)


def test_a_look_at_a_few_rows_says_so(store: Path) -> None:
    run(store, "--limit", "10")
    report = read_report(store.parent / "out" / "metrics.json")
    assert report.n == 10
    assert "at most 10 rows" in report.protocol


def test_wrong_words_are_answered_with_the_right_ones(store: Path) -> None:
    assert "Use open or commercial" in str(run(store, "--profile", "free").exception)
    assert isinstance(run(store, "--split", "tset").exception, DatasetError)
    unknown = CliRunner().invoke(app, ["eval", "run", "none.v9", "--data", str(store), "--out", "x"])
    assert isinstance(unknown.exception, UsageError)


def test_real_comments_are_measured_as_the_card_says(shared: Path, tmp_path: Path) -> None:
    asked = ["eval", "run", "text-emotion.v1", "--data", str(shared / "data" / "text_goemotions")]
    done = CliRunner().invoke(app, [*asked, "--split", "dev", "--limit", "150", "--out", str(tmp_path)])
    assert done.exit_code == 0, done.output
    report = read_report(tmp_path / "metrics.json")
    assert report.kind == "multilabel"
    value = report.metrics["auc"].value
    assert value is not None
    assert value > 0.8


def test_customer_chats_choose_no_threshold(shared: Path, tmp_path: Path) -> None:
    asked = ["eval", "run", "text-emotion.v1", "--data", str(shared / "data" / "text_maia_dqe"), "--split", "all"]
    done = CliRunner().invoke(app, [*asked, "--limit", "120", "--out", str(tmp_path)])
    assert done.exit_code == 0, done.output
    report = read_report(tmp_path / "metrics.json")
    assert report.data.cluster == "dialogue"
    assert report.conformal == {}
    assert report.risk_coverage is not None
    assert report.risk_coverage.chosen == []
