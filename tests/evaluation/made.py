"""Small tables of scores made for the tests."""

import numpy as np

from countenance.evaluation.scores import Floats, Scores, one_hot

LABELS = ("calm", "tense", "amused")


def distribution(probabilities: Floats, hard: list[int], /, **more: object) -> Scores:
    """A table of labels that exclude one another."""
    ids = np.array([f"row {at}" for at in range(len(hard))])
    names = LABELS[: probabilities.shape[1]]
    settings: dict[str, object] = {
        "kind": "distribution",
        "ids": ids,
        "labels": names,
        "probabilities": probabilities,
        "targets": one_hot(hard, len(names)),
        "protocol": "made for a test",
    }
    return Scores(**{**settings, **more})  # type: ignore[arg-type]


def honest(rows: int, labels: int = 3, seed: int = 0, spread: float = 1.5, **more: object) -> Scores:
    """A table whose truth is drawn from the stated probabilities: perfectly calibrated, exchangeable."""
    rng = np.random.default_rng(seed)
    powers = np.exp(rng.normal(size=(rows, labels)) * spread)
    shares = powers / powers.sum(axis=1, keepdims=True)
    truth = (shares.cumsum(axis=1) < rng.random((rows, 1))).sum(axis=1)
    return distribution(shares, np.minimum(truth, labels - 1).tolist(), **more)
