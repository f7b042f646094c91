"""What 8 bits cost: both precisions under one calibration and one set of thresholds.

Thresholds of rare labels differ by chance from fit to fit, and their F1 with them. Held equal, only the weights differ.
"""

import numpy as np

from countenance.training.datasets.goemotions import GoEmotionsSplit
from countenance.training.text_emotion import metrics
from countenance.training.text_emotion.figures import (
    CLASSES,
    CONFUSION,
    FRUSTRATION,
    OFFICIAL,
    Fitted,
    Row,
    Truth,
    fit,
    row,
    truth_of_scores,
)
from countenance.training.text_emotion.outputs import Reader


def quantisation_figures(floats: Reader, shipped: Reader, dev: GoEmotionsSplit, test: GoEmotionsSplit) -> list[Row]:
    """F1 of int8 minus F1 of float32 on the test split, under the thresholds of the one and of the other."""
    truth, known = truth_of_scores(test.labels), truth_of_scores(dev.labels)
    rows = []
    for name, source in (("fp32", floats), ("int8", shipped)):
        fitted = fit(source(dev.texts).scores, known)
        said = [_said(reader, test, fitted) for reader in (shipped, floats)]
        protocol = f"{OFFICIAL}; both precisions under the calibration and thresholds of {name}"
        rows += [
            row(f"{label}_int8_minus_fp32", _difference(truth, said, columns), np.arange(len(truth)), protocol, None)
            for label, columns in (
                ("ekman7_macro_f1", slice(0, CLASSES)),
                ("confusion_f1", slice(CONFUSION, CONFUSION + 1)),
                ("frustration_f1", slice(FRUSTRATION, FRUSTRATION + 1)),
            )
        ]
    return rows


def _said(reader: Reader, test: GoEmotionsSplit, fitted: Fitted) -> Truth:
    said: Truth = fitted.probability(reader(test.texts).scores) >= fitted.thresholds
    return said


def _difference(truth: Truth, said: list[Truth], columns: slice) -> metrics.Statistic:
    one, other = said
    return lambda rows: float(
        metrics.f1_per_label(truth[rows, columns], one[rows, columns]).mean()
        - metrics.f1_per_label(truth[rows, columns], other[rows, columns]).mean()
    )
