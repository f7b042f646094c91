"""From a table of labelled calls to a report: the commands of docs/own-calls.md, looked at more closely."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from countenance.analysis.run import analyse
from countenance.assembly import assemble
from countenance.cli import app
from countenance.contracts.media import SECOND_US, Sample, SampleSpec
from countenance.contracts.readings import Observation
from countenance.contracts.stages import Encoder
from countenance.deployment import Deployment, build_deployment
from countenance.testing.labelled_sample import TAXONOMY_TEXT, LabelledSample, make_labelled_sample, turns_of

WHO = ["--purpose", "support_qa", "--jurisdiction", "US-CA"]
MARK = 123456.75


@dataclass(frozen=True, slots=True)
class Desk:
    """A trained head and where it came from."""

    sample: LabelledSample
    run: Path
    said: str

    @property
    def head(self) -> Path:
        return self.run / "support-states.v1"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    folder = tmp_path_factory.mktemp("desk")
    sample = make_labelled_sample(folder / "calls")
    asked = ["train", "head", "--taxonomy", str(sample.taxonomy), "--data", str(sample.folder)]
    done = CliRunner().invoke(app, [*asked, "--run", str(folder / "run"), *WHO, "--role", "customer"])
    assert done.exit_code == 0, done.output
    return Desk(sample, folder / "run", done.output)


def call(desk: Desk, words: Path | None = None) -> Deployment:
    jon = {
        "name": "Jon",
        "role": "customer",
        "media": str(desk.sample.newcomer),
        "consent": ["face", "voice"] + (["text"] if words else []),
        "consent_kind": "express_written",
    }
    told: dict[str, Any] = {"purpose": "support_qa", "jurisdictions": ["US-CA"], "participant": [jon]}
    told |= {"taxonomies": [str(desk.head), "ekman7.v1"], "transcript": str(words) if words else None}
    return build_deployment({key: value for key, value in told.items() if value is not None}, "test")


@pytest.fixture(scope="module")
def report(desk: Desk, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("out") / "report"
    analyse(assemble(call(desk), date(2026, 11, 22)), out, lambda done, total: None)
    return out


def samples(report: Path, taxonomy: str) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in (report / "readings.jsonl").read_text().splitlines()]
    found = [line["data"] for line in lines if line["type"].endswith("signal.sample.v1")]
    return [data for data in found if data["taxonomy"] == taxonomy]


def test_the_training_says_how_it_measured_and_how_to_go_on(desk: Desk) -> None:
    assert "out of fold over 5 folds" in desk.said
    assert "face+text+voice:" in desk.said
    assert f"analyze --taxonomy {desk.head}" in desk.said


def test_somebody_who_was_never_labelled_is_read_as_scripted(desk: Desk, report: Path) -> None:
    """The smoothing takes a second or two, so only the last second of each state must have its name."""
    said = {data["window"]["start_us"] // SECOND_US: data for data in samples(report, "support-states.v1")}
    right = 0
    for at_ms, state, _ in turns_of():
        labels = said[at_ms // 1000 + 2]["labels"]
        right += max(labels, key=lambda name: labels[name]["probability"]) == state.label
    assert right >= 7


def test_the_readings_have_bands_and_evidence_and_name_the_head(report: Path) -> None:
    said = samples(report, "support-states.v1")
    assert len(said) == 27
    led = [data for data in said if data.get("label")]
    assert len(led) > 9
    assert all(data["evidence"] for data in led)
    assert all(
        one["interval"][0] < one["probability"] < one["interval"][1] for d in said for one in d["labels"].values()
    )
    assert {model["id"] for model in said[0]["models"]} >= {"support-states", "face-cues"}
    assert said[0]["calibration_id"] == "support-states.v1/out-of-fold"


def test_its_events_come_in_pairs(report: Path) -> None:
    lines = [json.loads(line) for line in (report / "events.jsonl").read_text().splitlines()]
    phases = Counter(line["type"].split(".")[-2] for line in lines if "annoyance_spike" in line["type"])
    assert phases["started"] == phases["ended"] >= 1, [line["type"] for line in lines]


def test_the_shipped_taxonomy_beside_it_says_what_it_always_said(desk: Desk, report: Path, tmp_path: Path) -> None:
    alone = call(desk).model_copy(update={"taxonomies": ("ekman7.v1",)})
    analyse(assemble(alone, date(2026, 11, 22)), tmp_path / "report", lambda done, total: None)
    told = [data.get("labels") for data in samples(report, "ekman7.v1")]
    assert told == [data.get("labels") for data in samples(tmp_path / "report", "ekman7.v1")]


def test_the_report_shows_the_labels_in_words(report: Path) -> None:
    page = (report / "report.html").read_text(encoding="utf-8")
    assert "puzzled" in page
    assert "annoyance" in page


@dataclass(frozen=True, slots=True)
class Marked:
    """An encoder whose embeddings can be told from anything else."""

    inner: Encoder

    @property
    def takes(self) -> SampleSpec:
        return self.inner.takes

    def encode(self, samples: Sequence[Sample]) -> Sequence[Observation]:
        mark = np.full(4, MARK, np.float32)
        return [replace(seen, embedding=mark) for seen in self.inner.encode(samples)]


def test_no_embedding_is_written_anywhere(desk: Desk, tmp_path: Path) -> None:
    words = tmp_path / "call.vtt"
    words.write_text("WEBVTT\n\n00:00:01.000 --> 00:00:03.000\n<v Jon>I am confused.\n", encoding="utf-8")
    deployment = call(desk, words).model_copy(update={"taxonomies": ("engagement.v1",)})
    job = assemble(deployment, date(2026, 11, 22))
    marked = replace(job, encoders=tuple(Marked(one) for one in job.encoders))
    kept: list[bytes] = []

    def watch(done: int, total: int) -> None:
        kept.extend(path.read_bytes() for path in (tmp_path / "report.partial").glob("checkpoint*"))

    analyse(marked, tmp_path / "report", watch)
    kept += [path.read_bytes() for path in (tmp_path / "report").rglob("*") if path.is_file()]
    assert len(kept) > 8
    assert not [data for data in kept if b"123456" in data or b"embedding" in data]


def test_a_head_of_other_nets_is_refused_before_anything_is_read(desk: Desk, tmp_path: Path) -> None:
    """The commercial profile leaves out a net that the head stands on; the message names the row that forbids it."""
    asked = ["analyze", *WHO, "--participant", f"Jon:customer:{desk.sample.newcomer}", "--consent", "Jon=face,voice"]
    asked += ["--taxonomy", str(desk.head), "--profile", "commercial", "--out", str(tmp_path / "report")]
    done = CliRunner().invoke(app, asked)
    assert done.exit_code != 0
    assert "licence row" in str(done.exception)
    assert not (tmp_path / "report").exists()


def test_the_sample_brings_the_taxonomy_that_the_docs_show(desk: Desk, root: Path) -> None:
    assert desk.sample.taxonomy.read_text(encoding="utf-8") == TAXONOMY_TEXT
    assert f"```toml\n{TAXONOMY_TEXT}```" in (root / "docs" / "own-calls.md").read_text(encoding="utf-8")


def test_the_ablation_of_labels_of_one_s_own_reads_nothing_again_and_names_every_subset(desk: Desk) -> None:
    before = (desk.run / "store" / "log" / "checkpoint").read_bytes()
    asked = ["eval", "ablation", "--data", str(desk.sample.folder), "--taxonomy", str(desk.sample.taxonomy), *WHO]
    done = CliRunner().invoke(app, [*asked, "--role", "customer", "--fps", "5", "--out", str(desk.run)])
    assert done.exit_code == 0, done.output
    assert (desk.run / "store" / "log" / "checkpoint").read_bytes() == before
    found = json.loads((desk.run / "ablation.json").read_text(encoding="utf-8"))
    assert {tuple(row["modalities"]) for row in found["subsets"]} >= {("face",), ("voice",), ("face", "voice", "text")}
    assert "Out of fold" in found["protocol"]
    assert "face-cues.v1" in found["models"]


def test_a_trained_head_is_not_measured_on_people_it_learnt_from(desk: Desk) -> None:
    asked = ["eval", "ablation", "--data", str(desk.sample.folder), "--taxonomy", str(desk.head), *WHO]
    done = CliRunner().invoke(app, [*asked, "--role", "customer", "--fps", "5", "--out", str(desk.run)])
    assert done.exit_code != 0
    assert "may have learnt from all of them" in str(done.exception)


def test_labels_of_one_s_own_are_not_measured_on_tuples(tmp_path: Path) -> None:
    asked = ["eval", "ablation", "--tuples", str(tmp_path), "--taxonomy", "mine.toml", "--out", str(tmp_path)]
    done = CliRunner().invoke(app, asked)
    assert "--taxonomy goes with --data alone" in str(done.exception)
