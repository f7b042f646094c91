"""How often what is said with some confidence is right: the bins behind a reliability diagram."""

from dataclasses import dataclass

import numpy as np

from countenance.evaluation.scores import Floats, Scores
from countenance.evaluation.statistics import BINS, Truth, bins
from countenance.evaluation.tallies import top_label

WILSON = 1.96


@dataclass(frozen=True, slots=True)
class Bin:
    """Rows of like confidence."""

    low: float
    high: float
    n: int
    confidence: float
    """Mean confidence of its rows."""
    correct: float
    """Share of its rows that are right."""
    correct_low: float
    correct_high: float
    """Ends of the 95 % Wilson interval of `correct`, rows taken as independent."""


def reliability(scores: Scores) -> tuple[Bin, ...]:
    """The bins of the likeliest label that hold a row, by rising confidence."""
    return binned(*top_label(scores))


def binned(confidence: Floats, correct: Truth, counts: Truth) -> tuple[Bin, ...]:
    """The bins of any probability (n) of something that is true or not (n), over the rows that count."""
    which = np.where(counts, bins(confidence), -1)
    return tuple(_bin(at, confidence[which == at], correct[which == at]) for at in range(BINS) if (which == at).any())


def _bin(at: int, confidence: Floats, correct: Truth) -> Bin:
    n, share = len(confidence), float(correct.mean())
    low, high = wilson(share, n)
    return Bin(at / BINS, (at + 1) / BINS, n, float(confidence.mean()), share, low, high)


def wilson(share: float, n: int) -> tuple[float, float]:
    """Ends of the 95 % Wilson score interval of a share of n independent rows (Wilson 1927)."""
    around = share + WILSON**2 / (2 * n)
    spread = WILSON * float(np.sqrt(share * (1 - share) / n + WILSON**2 / (4 * n**2)))
    scale = 1 + WILSON**2 / n
    return max(0.0, (around - spread) / scale), min(1.0, (around + spread) / scale)
