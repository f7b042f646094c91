import numpy as np
import pytest

from countenance.contracts.errors import EvaluationError
from countenance.contracts.readings import EMOTIONS
from countenance.evaluation.scores import Kind
from countenance.training.datasets.store import Row, Split, corpora
from countenance.training.scoring.targets import SPELT, TARGETS, Wanted, wanted_for


def row(uid: str = "a", **more: object) -> Row:
    return Row(uid, "made", Split.TEST, "made", **more)  # type: ignore[arg-type]


FACES = (*EMOTIONS, "contempt")


def test_votes_become_shares_and_votes_for_nothing_asked_are_left_out() -> None:
    wanted = wanted_for("face", "ferplus", [row(votes={"happiness": 1.0, "neutral": 1.0, "anger": 1.0})], FACES)
    assert wanted.labels == ("neutral", "happiness", "anger")
    voted = row(votes={"happiness": 6.0, "neutral": 2.0, "unknown": 2.0}, label="happiness")
    assert wanted.target(voted).tolist() == [0.25, 0.75, 0.0]
    assert wanted.hard(voted) == 1
    assert not wanted.asks(row(votes={"unknown": 10.0}))


def test_a_row_without_a_leading_label_keeps_its_votes() -> None:
    wanted = wanted_for("face", "ferplus", [row(votes={"happiness": 1.0, "neutral": 1.0})], FACES)
    tied = row(votes={"happiness": 5.0, "neutral": 5.0})
    assert wanted.asks(tied)
    assert wanted.hard(tied) == -1
    assert wanted.target(tied).tolist() == [0.5, 0.5]


def test_corpora_that_spell_a_label_otherwise_are_understood() -> None:
    rows = [row(name, label=name) for name in ("happy", "Angry", "fearful", "boredom")]
    wanted = wanted_for("voice", "made", rows, EMOTIONS)
    assert wanted.kind is Kind.DISTRIBUTION
    assert wanted.truth == {"happiness": ("happy",), "anger": ("Angry",), "fear": ("fearful",)}
    assert not wanted.asks(rows[3])


def test_every_acted_or_posed_corpus_finds_its_emotions() -> None:
    known = {spelling for spellings in SPELT.values() for spelling in spellings}
    for corpus in corpora():
        if corpus.name in ("crema_d", "dfew", "emodb", "ferplus", "rafdb", "ravdess", "affectnet"):
            assert sum(label.lower() in known for label in corpus.labels) >= 6, corpus.name


def test_comments_are_asked_for_nine_labels_that_may_hold_together() -> None:
    wanted = TARGETS["text", "goemotions"]
    both = row(votes={"annoyance": 1.0, "confusion": 1.0})
    told = dict(zip(wanted.labels, wanted.target(both).tolist(), strict=True))
    assert {name for name, holds in told.items() if holds} == {"anger", "surprise", "confusion", "frustration"}
    assert wanted.hard(both) == -1
    assert wanted.main == EMOTIONS


def test_data_that_may_only_be_measured_on_chooses_nothing() -> None:
    assert TARGETS["text", "maia_dqe"].evaluate_only
    assert TARGETS["text", "meld"].evaluate_only


def test_dimensions_are_taken_as_they_are() -> None:
    wanted = TARGETS["dimensions", "emobank"]
    rated = row(dimensions={"valence": 0.5, "arousal": -0.25, "dominance": 0.0})
    assert np.array_equal(wanted.target(rated), [0.5, -0.25])
    assert not wanted.asks(row(dimensions={"valence": 0.5}))


def test_fewer_labels_can_be_asked_and_unknown_ones_are_named() -> None:
    wanted = TARGETS["text", "meld"]
    assert wanted.only(("happiness", "anger")).labels == ("happiness", "anger")
    with pytest.raises(EvaluationError, match="boredom cannot be asked here"):
        wanted.only(("boredom",))


def test_nothing_in_common_is_an_error() -> None:
    with pytest.raises(EvaluationError, match="made and the bundle have no labels in common"):
        wanted_for("face", "made", [row(label="engaged")], FACES)


def test_labels_beyond_the_emotions_may_hold_together() -> None:
    rows = [row("a", label="confused"), row("b", label="anger")]
    assert wanted_for("text", "made", rows, (*EMOTIONS, "confusion")).kind is Kind.MULTILABEL
    assert isinstance(wanted_for("text", "made", rows, (*EMOTIONS, "confusion")), Wanted)
