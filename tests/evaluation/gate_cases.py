"""Scores whose truth is known, and the reports of them: small, seeded, of thirty people in three groups."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from countenance.evaluation.assess import About, assess
from countenance.evaluation.report import Identities, Report, write_report
from countenance.evaluation.scores import Kind, Scores, one_hot

LABELS = ("calm", "glad", "cross")
PEOPLE, EACH = 30, 40
GROUPS = ("north", "south", "west")
REPEATS = 200
WEIGHTS = {"old": "a" * 64, "new": "b" * 64}


def made_scores(wrong: NDArray[np.bool_] | None = None, seed: int = 7, confidence: float = 0.8) -> Scores:
    """1,200 rows, right in about four of five, so that a confidence of 0.8 is honest; `wrong` rows miss the truth."""
    rng = np.random.default_rng(seed)
    n = PEOPLE * EACH
    person = np.repeat(np.arange(PEOPLE), EACH)
    truth = rng.integers(0, 3, n)
    said = np.where(rng.random(n) < 0.8, truth, (truth + 1) % 3)
    if wrong is not None:
        said = np.where(wrong, (truth + 1) % 3, said)
    rest = (1.0 - confidence) / 2.0
    probabilities = np.full((n, 3), rest)
    probabilities[np.arange(n), said] = confidence
    return Scores(
        kind=Kind.DISTRIBUTION,
        ids=np.array([f"row-{at:04d}" for at in range(n)]),
        labels=LABELS,
        probabilities=probabilities,
        targets=one_hot(truth, 3),
        protocol="made rows, held out",
        clusters=np.array([f"person-{one:02d}" for one in person]),
        slices={
            "region": np.array([GROUPS[one % 3] for one in person]),
            "size": np.array(["few" if one == 0 else "many" for one in person]),
        },
    )


def in_group(value: str, attribute: str = "region") -> NDArray[np.bool_]:
    """The rows of a group of `made_scores`."""
    return np.asarray(made_scores().slices[attribute] == value)


def right(scores: Scores) -> NDArray[np.bool_]:
    """The rows that a table gets right."""
    return np.asarray(scores.probabilities.argmax(axis=1) == scores.hard)


def nested(value: str, share: float, seed: int = 3) -> NDArray[np.bool_]:
    """Rows of a group to damage: a larger share holds those of a smaller one."""
    drawn = np.random.default_rng(seed).random(PEOPLE * EACH)
    return np.asarray(in_group(value) & (drawn < share))


def made_report(scores: Scores, weights: str = "old", bundle: str = "made.v1") -> Report:
    """What `eval run` would write of such scores."""
    about = About(
        bundle=bundle,
        sha256=WEIGHTS[weights],
        profile="open",
        corpus="made",
        title="Made rows",
        licence="none needed",
        split="test",
        rows=PEOPLE * EACH,
        cluster="subject",
        identities=Identities(checked_against="made people", shared=0),
    )
    return assess(about, scores, repeats=REPEATS)


def written(folder: Path, scores: Scores, weights: str = "old", *, with_scores: bool = True) -> Path:
    """A folder as `eval run` leaves it; returns its metrics.json."""
    folder.mkdir(parents=True)
    write_report(made_report(scores, weights), folder / "metrics.json")
    if with_scores:
        scores.write(folder / "scores.npz")
    return folder / "metrics.json"
