from dataclasses import replace

import numpy as np
import pytest
from tests.training.head.made import LABELS, labelled, window

from countenance.evaluation.metrics import ACCURACY, ECE, MACRO_F1
from countenance.evaluation.scores import Kind
from countenance.training.head.fitting import Head, judged, train
from countenance.training.head.lessons import OTHER, lessons
from countenance.training.windows.labelled import LabelledWindow

SURE = [{label: 3.0} for label in LABELS]


@pytest.fixture(scope="module")
def head() -> Head:
    return train(lessons(labelled(people=8, votes=SURE), LABELS), 0, "made")


def test_what_can_be_learnt_is_learnt_on_people_never_seen(head: Head) -> None:
    assert head.scores.kind is Kind.DISTRIBUTION
    assert ACCURACY(head.scores) > 0.9
    assert ECE(head.scores) < 0.12
    assert len(set(head.scores.clusters)) == 8


def test_every_subset_of_modalities_is_measured_and_all_of_them_together_are_best(head: Head) -> None:
    assert len(head.without) == 7
    together = MACRO_F1(head.without["face+text+voice"])
    assert all(MACRO_F1(head.without[one]) <= together + 0.02 for one in ("face", "voice", "text"))
    assert all(MACRO_F1(scores) > 0.5 for scores in head.without.values())


def test_whoever_is_recognised_by_the_net_helps_no_figure() -> None:
    """Each person wears a mark of their own and has one label only: a split by second would find them again."""
    rng = np.random.default_rng(5)
    windows = []
    for person in range(12):
        mark = rng.standard_normal(40).astype(np.float32)
        label = LABELS[int(rng.integers(len(LABELS)))]
        for one in labelled(people=1, stretches=3, votes=SURE, strength=0.0, name=f"marked {person}"):
            seen = tuple(replace(o, embedding=mark) if o.modality == "face" else o for o in one.window.observations)
            windows.append(replace(one, window=replace(one.window, observations=seen), votes={label: 3.0}))
    honest = train(lessons(windows, LABELS), 0, "made")
    torn = [replace(one, subject=one.id, call=one.id) for one in windows]
    leaky = train(lessons(torn, LABELS), 0, "made")
    assert ACCURACY(leaky.scores) > 0.8
    assert ACCURACY(honest.scores) < ACCURACY(leaky.scores) - 0.3


def test_labels_that_hold_together_get_a_line_each() -> None:
    both = [{"calm": 3.0}, {"lost": 3.0, "cross": 2.0}, {"cross": 3.0}]
    found = lessons(labelled(people=6, votes=both), LABELS)
    made = train(found, 0, "made")
    assert made.scores.kind is Kind.MULTILABEL
    assert made.calibrated.slope.shape == (3,)
    assert made.abstain_below == 0.0
    assert MACRO_F1(made.scores) > 0.8


def test_a_head_of_noise_learns_no_more_than_what_is_common() -> None:
    votes = [{"calm": 3.0}, {"calm": 2.0, "lost": 1.0}, {"cross": 3.0}]
    made = train(lessons(labelled(people=6, votes=votes, strength=0.0), LABELS), 0, "made")
    assert ACCURACY(made.scores) < 0.75  # always calm: 0.67
    assert ECE(made.scores) < 0.15


def test_none_of_these_is_learnt_but_never_a_label(head: Head) -> None:
    windows = labelled(people=6, votes=[{"calm": 3.0}, {"lost": 3.0}, {"elsewhere": 3.0}])
    made = train(lessons(windows, ("calm", "lost")), 0, "made")
    assert made.scores.labels == ("calm", "lost", OTHER)
    assert made.scores.main == ("calm", "lost")
    assert set(made.enters) == {"calm", "lost"}


def test_the_same_lessons_make_the_same_head() -> None:
    found = lessons(labelled(people=4), LABELS)
    one, other = train(found, 0, "made"), train(found, 0, "made")
    np.testing.assert_array_equal(one.linear.weights, other.linear.weights)


def test_new_people_are_judged_as_the_product_would(head: Head) -> None:
    new = lessons(labelled(people=2, votes=SURE, name="newcomer"), LABELS)
    assert ACCURACY(judged(head, new, "new people")) > 0.9


def test_demographics_become_slices(head: Head) -> None:
    def told(one: LabelledWindow) -> LabelledWindow:
        return replace(one, demographics={"group": one.subject[-1]} if one.subject[-1] in "12" else {})

    made = train(lessons([told(one) for one in labelled(people=4)], LABELS), 0, "made")
    assert set(made.scores.slices["group"]) == {"1", "2", ""}


def test_a_second_with_little_in_it_moves_the_head_little(head: Head) -> None:
    full = window(1, seed=77)
    dim = replace(full, observations=tuple(replace(o, quality=0.06) for o in full.observations))
    said = [head.calibrated(head.linear(head.layout.matrix([one])))[0].max() for one in (full, dim)]
    assert said[1] < said[0]
