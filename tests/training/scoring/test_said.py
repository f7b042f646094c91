import numpy as np
import pytest

from countenance.contracts.errors import EvaluationError
from countenance.evaluation.scores import Kind
from countenance.training.datasets.store import Row, Split
from countenance.training.scoring.said import Said, cluster_kind, features_of, tabulate
from countenance.training.scoring.targets import Wanted

WANTED = Wanted(Kind.DISTRIBUTION, {"disgust": ("disgust",), "contempt": ("contempt",), "anger": ("anger",)})


def row(uid: str, label: str, **more: object) -> Row:
    return Row(uid, "made", Split.TEST, "made", label=label, **more)  # type: ignore[arg-type]


def test_classes_that_an_encoder_folds_together_are_taken_apart_again() -> None:
    said = Said(shares={"disgust": 0.5, "contempt": 0.2, "anger": 0.5})
    table = tabulate([row("a", "contempt")], [said], WANTED, "made")
    assert table.probabilities[0] == pytest.approx([0.3, 0.2, 0.5])
    fewer = Wanted(Kind.DISTRIBUTION, {"disgust": ("disgust",), "anger": ("anger",)})
    assert tabulate([row("a", "anger")], [said], fewer, "made").probabilities[0] == pytest.approx([0.5, 0.5])


def test_rows_that_were_abstained_from_are_counted_and_not_judged() -> None:
    rows = [row("a", "anger"), row("b", "anger"), row("c", "boredom")]
    said = [Said(shares={"disgust": 0.1, "contempt": 0.0, "anger": 0.9}), Said(abstained="no_face"), Said(shares={})]
    table = tabulate(rows, said, WANTED, "made")
    assert table.ids.tolist() == ["made/a"]
    assert table.abstained == {"no_face": 1}
    with pytest.raises(EvaluationError, match="nothing to measure: all 1 were abstained from"):
        tabulate(rows[1:2], said[1:2], WANTED, "made")


def test_people_before_dialogues_before_rows_are_drawn_together() -> None:
    rows = [
        row("a", "anger", subject_id="Ada", group_id="call 1", demographics={"gender": "woman"}),
        row("b", "anger", group_id="call 1"),
        row("c", "anger", demographics={"age": "30-39"}),
    ]
    said = [Said(shares={"disgust": 0.1, "contempt": 0.0, "anger": 0.9})] * 3
    table = tabulate(rows, said, WANTED, "made")
    assert table.clusters.tolist() == ["Ada", "call 1", "c"]
    assert table.slices["gender"].tolist() == ["woman", "", ""]
    assert table.slices["age"].tolist() == ["", "", "30-39"]
    assert not table.self_reported
    assert (cluster_kind(rows), cluster_kind(rows[1:]), cluster_kind(rows[2:])) == ("subject", "dialogue", "row")


def test_a_label_that_the_bundle_does_not_say_is_named() -> None:
    with pytest.raises(EvaluationError, match="the bundle says nothing of 'contempt'"):
        tabulate([row("a", "anger")], [Said(shares={"disgust": 0.1, "anger": 0.9})], WANTED, "made")


def test_a_leak_is_priced_on_plain_features_where_the_net_has_met_the_people() -> None:
    both = [Said(embedding=np.ones(3, np.float32), plain=np.zeros(2, np.float32))] * 2
    met, unmet = features_of(both, met=True), features_of(both, met=False)
    assert met is not None
    assert unmet is not None
    assert (met[0].shape, unmet[0].shape) == ((2, 2), (2, 3))
    assert features_of([Said()], met=False) is None
