"""Small tables of scores made for the tests."""

import numpy as np

from countenance.evaluation.assess import About, assess
from countenance.evaluation.report import Identities, Report
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


def about() -> About:
    """What a made table is of."""
    return About(
        bundle="made.v1",
        sha256="0" * 64,
        profile="open",
        corpus="made",
        title="Made rows",
        licence="None needed.",
        split="test",
        rows=400,
        cluster="row",
        identities=Identities(checked_against="the training rows of the same corpus", shared=0),
    )


def report(*, with_dev: bool = True, repeats: int = 100) -> Report:
    """A whole report over made rows, with a group that is too small."""
    groups = np.array(["woman"] * 200 + ["man"] * 180 + ["few"] * 20)
    scores = honest(400, seed=1, slices={"gender": groups})
    return assess(about(), scores, honest(400, seed=2) if with_dev else None, repeats=repeats)
