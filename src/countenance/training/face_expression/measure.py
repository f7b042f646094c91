"""How well expression probabilities agree with people: accuracy, F1, calibration, each with its interval."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from countenance.training.datasets.ferplus import EXPRESSIONS

Array = NDArray[np.float64]
BINS = 15
RESAMPLES = 1000
INTERVAL = (2.5, 97.5)


@dataclass(frozen=True, slots=True)
class Answers:
    """What was said about n faces, and what people said."""

    probabilities: Array
    """n x 8."""
    truth: NDArray[np.int64]
    """Index of the leading expression, n."""

    def drawn(self, chosen: NDArray[np.int64]) -> "Answers":
        """The answers at the positions `chosen`."""
        return Answers(self.probabilities[chosen], self.truth[chosen])


def accuracy(answers: Answers) -> float:
    """Share of faces whose likeliest expression is the true one."""
    return float((answers.probabilities.argmax(axis=1) == answers.truth).mean())


def class_f1(answers: Answers) -> Array:
    """F1 of each expression; 0 where it is never said or never true."""
    said, truth = answers.probabilities.argmax(axis=1), answers.truth
    classes = range(answers.probabilities.shape[1])
    hits = np.array([((said == k) & (truth == k)).sum() for k in classes], dtype=np.float64)
    total = np.array([(said == k).sum() + (truth == k).sum() for k in classes], dtype=np.float64)
    return 2 * hits / np.maximum(total, 1)


def macro_f1(answers: Answers) -> float:
    """Mean of the F1 of all expressions."""
    return float(class_f1(answers).mean())


def calibration_error(answers: Answers) -> float:
    """ECE: mean gap of confidence and accuracy over 15 bins of equal width."""
    confidence = answers.probabilities.max(axis=1)
    hit = answers.probabilities.argmax(axis=1) == answers.truth
    which = np.minimum((confidence * BINS).astype(int), BINS - 1)
    gaps = [abs(float((confidence[which == b] - hit[which == b]).sum())) for b in range(BINS)]
    return sum(gaps) / len(answers.truth)


def brier(answers: Answers) -> float:
    """Mean squared distance of the probabilities from the truth, summed over classes."""
    right = np.eye(answers.probabilities.shape[1])[answers.truth]
    return float(((answers.probabilities - right) ** 2).sum(axis=1).mean())


def negative_log_likelihood(answers: Answers) -> float:
    """Mean surprise at the truth, in nats."""
    chosen = answers.probabilities[np.arange(len(answers.truth)), answers.truth]
    return float(-np.log(np.maximum(chosen, 1e-12)).mean())


METRICS: dict[str, Callable[[Answers], float]] = {
    "accuracy": accuracy,
    "macro_f1": macro_f1,
    "ece_15": calibration_error,
    "brier": brier,
    "nll": negative_log_likelihood,
}


def interval(metric: Callable[[Answers], float], answers: Answers, seed: int = 0) -> tuple[float, float]:
    """Ends of the 95 % bootstrap interval, faces drawn with replacement."""
    random = np.random.default_rng(seed)
    count = len(answers.truth)
    values = [metric(answers.drawn(random.integers(count, size=count))) for _ in range(RESAMPLES)]
    low, high = np.percentile(values, INTERVAL)
    return float(low), float(high)


def softmax(logits: NDArray[np.floating[Any]], temperature: float = 1.0) -> Array:
    """Probabilities of logits n x k divided by a temperature."""
    scaled = logits.astype(np.float64) / temperature
    powers = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def fit_temperature(logits: NDArray[np.floating[Any]], truth: NDArray[np.int64]) -> float:
    """The temperature of least surprise, to a hundredth of a per cent, by golden section on its logarithm."""
    golden = (5**0.5 - 1) / 2
    low, high = np.log(0.1), np.log(10.0)

    def cost(position: float) -> float:
        return negative_log_likelihood(Answers(softmax(logits, float(np.exp(position))), truth))

    while high - low > 1e-4:
        left, right = high - golden * (high - low), low + golden * (high - low)
        if cost(left) < cost(right):
            high = right
        else:
            low = left
    return round(float(np.exp((low + high) / 2)), 4)


def majority(truth: NDArray[np.int64]) -> Answers:
    """The answers of always naming the commonest expression."""
    always = np.bincount(truth, minlength=len(EXPRESSIONS)).argmax()
    return Answers(np.tile(np.eye(len(EXPRESSIONS))[always], (len(truth), 1)), truth)
