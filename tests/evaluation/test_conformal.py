import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.evaluation.made import distribution, honest

from countenance.contracts.errors import EvaluationError
from countenance.evaluation.conformal import Method, fit, measure
from countenance.evaluation.scores import Kind, Scores


@pytest.mark.parametrize("method", list(Method))
@pytest.mark.parametrize("alpha", [0.05, 0.1, 0.3])
def test_sets_hold_the_truth_as_often_as_promised(method: Method, alpha: float) -> None:
    dev, test = honest(3000, labels=3, seed=11), honest(6000, labels=3, seed=12)
    covered = measure(fit(dev, alpha, method), test).overall.coverage
    assert covered is not None
    # Binomial error of test and of the quantile together, three of them.
    error = 3 * math.sqrt(alpha * (1 - alpha) * (1 / 3000 + 1 / 6000))
    assert covered >= 1 - alpha - error
    if method is Method.LAC:
        assert covered <= 1 - alpha + error


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([0.1, 0.2]))
def test_the_promise_holds_whatever_the_model_says(seed: int, alpha: float) -> None:
    rng = np.random.default_rng(seed)
    nonsense = rng.dirichlet(np.full(3, 0.4), size=4000)
    truth = rng.integers(0, 3, size=4000)
    dev, test = (distribution(nonsense[part], truth[part].tolist()) for part in (slice(0, 2000), slice(2000, 4000)))
    covered = measure(fit(dev, alpha), test).overall.coverage
    assert covered is not None
    assert abs(covered - (1 - alpha)) <= 5 * math.sqrt(alpha * (1 - alpha) * 2 / 2000)


def test_the_quantile_is_the_one_of_the_finite_sample() -> None:
    shares = np.array([[p, 1 - p] for p in (0.9, 0.8, 0.7, 0.6)])
    dev = distribution(shares, [0, 0, 0, 0])
    # ceil(5 * 0.75) = 4th smallest of .1 .2 .3 .4; at alpha .1 five rows would be needed.
    assert fit(dev, 0.25).quantile == pytest.approx(0.4)
    assert fit(dev, 0.1).quantile == math.inf
    assert fit(dev, 0.1).sets(dev).all()


def test_a_set_under_aps_grows_until_its_mass_reaches_the_bar() -> None:
    dev = distribution(np.array([[0.5, 0.3, 0.2]] * 9), [1] * 9)
    fitted = fit(dev, 0.2, Method.APS)
    assert fitted.quantile == pytest.approx(0.5)  # what stands before the second label
    said = distribution(np.array([[0.9, 0.06, 0.04], [0.3, 0.4, 0.3]]), [0, 0])
    assert fitted.sets(said).tolist() == [[True, False, False], [True, True, False]]


def test_coverage_is_told_by_label_and_by_slice() -> None:
    shares = np.array([[0.9, 0.1], [0.9, 0.1], [0.2, 0.8], [0.8, 0.2]])
    table = distribution(shares, [0, 0, 1, 1], slices={"gender": np.array(["woman", "man", "woman", ""])})
    found = measure(fit(distribution(shares[:1].repeat(9, axis=0), [0] * 9), 0.1), table)
    assert (found.overall.n, found.overall.coverage) == (4, 0.5)
    assert (found.by_label["calm"].coverage, found.by_label["tense"].coverage) == (1.0, 0.0)
    assert {name: one.coverage for name, one in found.by_slice["gender"].items()} == {"woman": 0.5, "man": 1.0}
    assert (found.empty, found.single) == (0.5, 0.5)


def test_labels_that_hold_together_are_covered_together() -> None:
    rng = np.random.default_rng(4)
    said = rng.random((6000, 2))
    told = (rng.random((6000, 2)) < said).astype(float)

    def table(rows: slice) -> Scores:
        ids = np.arange(6000)[rows].astype(str)
        return Scores(
            kind=Kind.MULTILABEL, ids=ids, labels=("a", "b"), probabilities=said[rows], targets=told[rows], protocol="x"
        )

    found = measure(fit(table(slice(0, 3000)), 0.1), table(slice(3000, 6000))).overall
    assert found.coverage == pytest.approx(0.9, abs=0.03)
    with pytest.raises(EvaluationError, match="APS sets need labels that exclude one another"):
        fit(table(slice(0, 10)), 0.1, Method.APS)


def test_a_promise_that_is_no_share_is_refused() -> None:
    with pytest.raises(EvaluationError, match=r"alpha is 1\.5"):
        fit(honest(10), 1.5)
