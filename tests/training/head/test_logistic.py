import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from countenance.inference.calibration import sigmoid, softmax
from countenance.training.head.logistic import Linear, descend, fit

Floats = NDArray[np.float32]


def problem(seed: int, rows: int = 200, width: int = 12, labels: int = 3) -> tuple[Floats, Floats, Floats]:
    rng = np.random.default_rng(seed)
    features = rng.standard_normal((rows, width)).astype(np.float32)
    true = rng.standard_normal((width, labels)).astype(np.float32)
    return features, softmax(features @ true), rng.uniform(0.5, 2.0, rows).astype(np.float32)


def gradient(
    found: Linear, features: Floats, targets: Floats, weights: Floats, penalty: float, exclusive: bool
) -> float:
    chances = softmax(found(features)) if exclusive else sigmoid(found(features))
    miss = (weights / weights.sum())[:, None] * (chances - targets)
    return float(max(np.abs(features.T @ miss + penalty * found.weights).max(), np.abs(miss.sum(axis=0)).max()))


@given(st.integers(0, 50), st.sampled_from([0.1, 0.01, 0.001]), st.booleans())
@settings(max_examples=25, deadline=None)
def test_the_place_found_is_where_the_gradient_vanishes(seed: int, penalty: float, exclusive: bool) -> None:
    features, targets, weights = problem(seed)
    found = fit(features, targets, weights, penalty, exclusive=exclusive)
    assert gradient(found, features, targets, weights, penalty, exclusive) < 5e-4


def test_a_warm_start_leads_to_the_same_place() -> None:
    features, targets, weights = problem(1)
    cold = fit(features, targets, weights, 0.01, exclusive=True)
    warm = fit(
        features, targets, weights, 0.01, exclusive=True, start=fit(features, targets, weights, 1.0, exclusive=True)
    )
    np.testing.assert_allclose(softmax(warm(features)), softmax(cold(features)), atol=0.01)


def test_soft_targets_are_matched_when_the_model_can() -> None:
    features, targets, weights = problem(2, rows=500)
    found = fit(features, targets, weights, 1e-5, exclusive=True)
    assert np.abs(softmax(found(features)) - targets).max() < 0.05


def test_a_stronger_penalty_gives_smaller_weights() -> None:
    features, targets, weights = problem(3)
    sizes = [float((fit(features, targets, weights, p, exclusive=True).weights ** 2).sum()) for p in (0.001, 0.01, 0.1)]
    assert sizes == sorted(sizes, reverse=True)


def test_nothing_to_learn_gives_the_shares_of_the_labels() -> None:
    targets = np.array([[1.0, 0.0]] * 3 + [[0.0, 1.0]], np.float32)
    found = fit(np.zeros((4, 2), np.float32), targets, np.ones(4, np.float32), 0.01, exclusive=True)
    np.testing.assert_allclose(softmax(found(np.zeros((1, 2), np.float32)))[0], [0.75, 0.25], atol=0.01)


def test_a_bowl_is_descended_to_its_floor() -> None:
    stretch = np.array([1.0, 30.0, 400.0], np.float32)
    floor = np.array([2.0, -1.0, 0.5], np.float32)
    found = descend(
        lambda at: (float((stretch * (at - floor) ** 2).sum() / 2), stretch * (at - floor)), np.zeros(3, np.float32)
    )
    np.testing.assert_allclose(found, floor, atol=1e-3)


def test_it_agrees_with_the_well_known_implementation() -> None:
    linear_model = pytest.importorskip("sklearn.linear_model")
    features, targets, _ = problem(4, rows=400)
    hard = targets.argmax(axis=1)
    own = fit(features, np.eye(3, dtype=np.float32)[hard], np.ones(400, np.float32), 0.01, exclusive=True)
    theirs = linear_model.LogisticRegression(C=1.0 / (0.01 * 400), max_iter=2000).fit(features, hard)
    assert np.abs(softmax(own(features)) - theirs.predict_proba(features)).max() < 0.02
