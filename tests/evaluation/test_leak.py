import numpy as np
import pytest

from countenance.contracts.errors import EvaluationError, RefusedError
from countenance.evaluation.leak import Identity, price, refuse, shared


def person(row: str, *names: str) -> Identity:
    return Identity(row, frozenset(("subject", name) for name in names))


def test_a_split_without_anybody_of_training_is_not_refused() -> None:
    found = shared([person("a", "Ada")], [person("b", "Bo")])
    assert found == {}
    refuse(found, "the training rows")


def test_people_on_both_sides_are_refused_and_named() -> None:
    train = [person(f"t{at}", f"person {at}") for at in range(9)]
    judged = [person(f"j{at}", f"person {at}") for at in range(7)] + [person("new", "Zoe")]
    found = shared(train, judged)
    with pytest.raises(RefusedError, match=r"7 rows .* with the training rows of made: subject person 0.* and 2 more"):
        refuse(found, "the training rows of made")


def test_the_same_file_byte_for_byte_is_the_same_identity() -> None:
    same = ("media", "0" * 64)
    found = shared([Identity("a.wav", frozenset({same}))], [Identity("b.wav", frozenset({same}))])
    with pytest.raises(RefusedError, match=r"the file of b\.wav"):
        refuse(found, "training")


def voices(people: int, each: int, mark: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features in which each person's habit says more of the label than the label itself does."""
    rng = np.random.default_rng(seed)
    who = np.repeat(np.arange(people), each)
    usual = rng.integers(0, 2, size=people)
    truth = np.where(rng.random(len(who)) < 0.9, usual[who], rng.integers(0, 2, size=len(who)))
    marks = rng.normal(size=(people, 12)) * mark
    return marks[who] + rng.normal(size=(len(who), 12)) * 0.3 + 0.1 * truth[:, None], truth, who.astype(str)


def test_a_leak_has_a_price_where_people_are_told_apart_by_their_features() -> None:
    features, truth, who = voices(people=30, each=20, mark=2.0)
    leak = price(features, "made features", truth, ("low", "high"), who)
    assert leak.price == pytest.approx(leak.leaky - leak.honest, abs=1e-6)
    assert leak.price > 0.1
    assert leak.low is not None
    assert leak.low > 0
    assert "a price, not an accuracy" in leak.protocol


def test_a_leak_has_no_price_where_features_say_nothing_of_the_person() -> None:
    features, truth, who = voices(people=30, each=20, mark=0.0)
    leak = price(features, "made features", truth, ("low", "high"), who)
    assert leak.low is not None
    assert leak.high is not None
    assert leak.low <= 0.02 <= leak.high + 0.05
    assert abs(leak.price) < 0.06


def test_one_person_alone_has_no_price() -> None:
    features, truth, _ = voices(people=2, each=10, mark=1.0)
    with pytest.raises(EvaluationError, match="fewer than two people"):
        price(features, "made features", truth, ("low", "high"), np.full(20, "Ada"))
