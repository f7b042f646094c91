import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from tests.training.head.made import cards, head_bundle, labelled, taxonomy

from countenance.aggregation.taxonomy import Label, Term, load
from countenance.contracts.errors import UsageError
from countenance.evaluation.report import read_report
from countenance.inference.bundle import Bundle
from countenance.inference.ledger import Profile
from countenance.training.datasets.store import Split
from countenance.training.head.publish import bundle_name, publish
from countenance.training.head.summary import lines


def test_the_bundle_loads_with_its_taxonomy_and_states_what_it_stands_on(tmp_path: Path) -> None:
    done = head_bundle(tmp_path)
    bundle = Bundle.load(done.folder, profile=Profile.COMMERCIAL)
    assert bundle.card.name == "made-states.v1"
    assert (bundle.card.modality, bundle.card.task) == ("fusion", "head")
    assert {k for k in bundle.card.input if k.startswith("encoder.")} == {f"encoder.{name}" for name in cards()}
    found = load(str(done.folder))
    assert found.head == "made-states.v1"
    assert found.home == done.folder
    assert [label.direct for label in found.label] == [f"score.made-states.v1/{n}" for n in ("calm", "lost", "cross")]
    assert found.event == taxonomy().event
    assert "expression estimate" in found.denotes


def test_figures_stand_in_the_card_with_intervals_and_the_commonest_label_beside_them(tmp_path: Path) -> None:
    done = head_bundle(tmp_path)
    figures = {figure.metric: figure for figure in Bundle.load(done.folder).card.figures}
    assert {"accuracy", "macro_f1", "ece_15", "f1_cross"} <= set(figures)
    one = figures["accuracy"]
    assert one.low is not None
    assert one.high is not None
    assert one.majority is not None
    assert one.low <= one.value <= one.high
    assert "out of fold" in one.protocol
    assert read_report(tmp_path / "metrics.json").metrics["accuracy"].value == pytest.approx(one.value, abs=1e-4)
    assert read_report(tmp_path / "metrics-face+text.json").n == one.n


def test_the_summary_names_every_subset_and_the_next_command(tmp_path: Path) -> None:
    told = "\n".join(lines(head_bundle(tmp_path)))
    for words in ("face+text+voice:", "  voice:", "always the commonest label", "analyze --taxonomy"):
        assert words in told


def test_a_split_test_is_held_out_and_measured_once(tmp_path: Path) -> None:
    held = labelled(people=3, split=Split.TEST, name="held")
    done = publish([*labelled(split=Split.TRAIN), *held], taxonomy(), cards(), tmp_path)
    assert done.report.n == len(held)
    assert "split test" in done.report.protocol
    assert len(done.lessons.windows) == len(labelled())


def test_what_the_file_says_of_a_label_is_kept(tmp_path: Path) -> None:
    term = Term(feature="cue.smile", shape="linear", weight=1.0, why="smile")
    own = (Label(name="calm", enter=0.77), Label(name="lost"), Label(name="merry", terms=(term,)))
    publish(labelled(), taxonomy().model_copy(update={"label": own, "event": ()}), cards(), tmp_path)
    told = {label.name: label for label in load(str(tmp_path / "made-states.v1")).label}
    assert told["calm"].enter == 0.77
    assert told["merry"].terms == (term,)
    assert told["merry"].direct is None


def test_a_name_gets_a_version_and_must_be_plain() -> None:
    assert bundle_name(taxonomy("states")) == "states.v1"
    assert bundle_name(taxonomy("states.v3")) == "states.v3"
    with pytest.raises(UsageError, match="small letters, digits and hyphens"):
        bundle_name(taxonomy("My States"))


def test_a_taxonomy_with_terms_everywhere_needs_no_head(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="every label has terms already"):
        publish(labelled(), load("engagement.v1").model_copy(update={"name": "own"}), cards(), tmp_path)


def test_a_net_that_is_not_free_makes_a_head_that_is_not(tmp_path: Path) -> None:
    nets = cards()
    face = nets["face-made.v1"]
    nets["face-made.v1"] = replace(face, licence=replace(face.licence, commercial=False, rows=("ferplus",)))
    done = publish(labelled(), taxonomy(), nets, tmp_path)
    licence = tomllib.loads((done.folder / "card.toml").read_text())["licence"]
    assert licence["commercial"] is False
    assert licence["ledger"] == ["own-calls", "ferplus", "countenance"]


def test_a_second_training_replaces_the_first(tmp_path: Path) -> None:
    first = head_bundle(tmp_path).folder
    before = (first / "model.onnx").read_bytes()
    again = head_bundle(tmp_path, labelled(people=7))
    assert (again.folder / "model.onnx").read_bytes() != before
    Bundle.load(again.folder)
