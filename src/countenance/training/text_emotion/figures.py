"""The figures of the text bundles, each with its 95 % interval, its n and its protocol."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from countenance.training.datasets.emobank import DIMENSIONS, EmoBankSplit
from countenance.training.datasets.goemotions import GoEmotionsSplit
from countenance.training.datasets.maia_dqe import EMOTIONS, CustomerSentences
from countenance.training.text_emotion import calibrate, metrics
from countenance.training.text_emotion.batches import transcript_style
from countenance.training.text_emotion.labels import EKMAN, FINE, coarse_labels
from countenance.training.text_emotion.onnx_export import SCORES
from countenance.training.text_emotion.outputs import Outputs, Reader
from countenance.training.text_emotion.vad import VadHead

Floats = NDArray[np.float64]
Truth = NDArray[np.bool_]
Row = dict[str, Any]
CLASSES = len(EKMAN)
CONFUSION, FRUSTRATION = SCORES.index("confusion"), SCORES.index("frustration")
OFFICIAL = "GoEmotions official test, multi-label; calibration and thresholds from dev"
SPOKEN = "GoEmotions official test without case and punctuation; calibration and thresholds from written dev"
CHATS = "MAIA-DQE customer sentences, untouched and never trained on; intervals over dialogues"


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """Calibration and thresholds of one reader, from dev alone."""

    slope: Floats
    offset: Floats
    thresholds: Floats
    power: float
    """From the first seven probabilities to one distribution; means nothing for the 28 labels."""

    def probability(self, logits: Floats) -> Floats:
        """Calibrated probability of each label."""
        return calibrate.apply(logits, self.slope, self.offset)


def fit(logits: Floats, truth: Truth) -> Fitted:
    """Fit slope, offset and threshold per label on dev."""
    slope, offset = calibrate.fit_slope_offset(logits, truth)
    probability = calibrate.apply(logits, slope, offset)
    power = calibrate.fit_power(probability[:, :CLASSES], truth[:, :CLASSES])
    return Fitted(slope, offset, metrics.best_thresholds(truth, probability), power)


def truth_of_scores(labels: NDArray[np.float32]) -> Truth:
    """The nine scores' truth: seven Ekman classes, confusion, frustration."""
    coarse = coarse_labels(labels)
    confusion = labels[:, [FINE.index("confusion")]]
    return np.concatenate([coarse[:, :-1], confusion, coarse[:, -1:]], axis=1) > 0.5


def goemotions_figures(read: Reader, dev: GoEmotionsSplit, test: GoEmotionsSplit) -> list[Row]:
    """All figures on the official test split."""
    on_dev, on_test = read(dev.texts), read(test.texts)
    scores = fit(on_dev.scores, truth_of_scores(dev.labels))
    labels = fit(on_dev.labels, dev.labels > 0.5)
    truth = truth_of_scores(test.labels)
    spoken = read([transcript_style(text) or text for text in test.texts])
    return [
        *_f1_rows(truth, scores.probability(on_test.scores), scores.thresholds, OFFICIAL),
        _labels_row(test.labels > 0.5, labels.probability(on_test.labels), labels.thresholds),
        *_f1_rows(truth, scores.probability(spoken.scores), scores.thresholds, SPOKEN),
        *_calibration_rows(truth, on_test, scores),
    ]


def chat_figures(read: Reader, chats: CustomerSentences) -> list[Row]:
    """Rank order on real customer chats, with and without case and punctuation. Evaluation only."""
    said = {
        "": read(chats.texts).scores,
        "_spoken": read([transcript_style(text) or text for text in chats.texts]).scores,
    }
    asked = (("confusion", CONFUSION, ("confusion",)), ("frustration", FRUSTRATION, ("frustration",)),
             ("frustration_like", FRUSTRATION, ("frustration", "anger", "disappointment")))  # fmt: skip
    rows = []
    for style, scores in said.items():
        for name, column, emotions in asked:
            truth = np.isin(chats.emotion, [EMOTIONS.index(emotion) for emotion in emotions])
            score = scores[:, column]
            rows.append(row(f"maia_{name}_auc{style}", _picker(metrics.auc, truth, score), chats.dialogue, CHATS, 0.5))
    return rows


def vad_figures(read: Reader, head: VadHead, test: EmoBankSplit) -> list[Row]:
    """Pearson correlation of each dimension on the official test split."""
    said = head(read(test.texts).features)
    protocol = "EmoBank official test; ridge on the frozen text net, penalty from dev"
    groups = np.arange(len(test.texts))
    return [
        row(f"emobank_{name}_r", _picker(metrics.pearson, test.vad[:, i], said[:, i]), groups, protocol, 0.0)
        for i, name in enumerate(DIMENSIONS)
    ]


def _f1_rows(truth: Truth, probability: Floats, thresholds: Floats, protocol: str) -> list[Row]:
    said = probability >= thresholds
    groups = np.arange(len(truth))
    style = "_spoken" if protocol == SPOKEN else ""

    def macro(rows: NDArray[np.int64]) -> float:
        return float(metrics.f1_per_label(truth[rows, :CLASSES], said[rows, :CLASSES]).mean())

    always = np.zeros_like(truth)
    always[:, 0] = True
    majority = float(metrics.f1_per_label(truth[:, :CLASSES], always[:, :CLASSES]).mean())
    rows = [row(f"ekman7_macro_f1{style}", macro, groups, protocol, majority)]
    for name, column in (("confusion", CONFUSION), ("frustration", FRUSTRATION)):
        rows.append(row(f"{name}_f1{style}", _f1_of(truth, said, column), groups, protocol, 0.0))
        area = _picker(metrics.auc, truth[:, column], probability[:, column])
        rows.append(row(f"{name}_auc{style}", area, groups, protocol, 0.5))
    if not style:
        rows += [row(f"{name}_f1", _f1_of(truth, said, i), groups, protocol, None) for i, name in enumerate(EKMAN)]
    return rows


def _f1_of(truth: Truth, said: Truth, column: int) -> metrics.Statistic:
    one, other = truth[:, column : column + 1], said[:, column : column + 1]
    return lambda rows: float(metrics.f1_per_label(one[rows], other[rows])[0])


def _labels_row(truth: Truth, probability: Floats, thresholds: Floats) -> Row:
    said = probability >= thresholds

    def macro(rows: NDArray[np.int64]) -> float:
        return float(metrics.f1_per_label(truth[rows], said[rows]).mean())

    always = np.zeros_like(truth)
    always[:, -1] = True
    majority = float(metrics.f1_per_label(truth, always).mean())
    return row("goemotions28_macro_f1", macro, np.arange(len(truth)), OFFICIAL, majority)


def _calibration_rows(truth: Truth, outputs: Outputs, fitted: Fitted) -> list[Row]:
    raw, probability = calibrate.sigmoid(outputs.scores), fitted.probability(outputs.scores)
    shares = calibrate.distribution(probability[:, :CLASSES], fitted.power)
    groups = np.arange(len(truth))
    rows = []
    for name, values in (("_raw", raw), ("", probability)):
        rows.append(row(f"top_label_ece{name}", _top_label(truth, values[:, :CLASSES]), groups, OFFICIAL, None))
        rows.append(row(f"brier{name}", _picker(metrics.brier, truth, values), groups, OFFICIAL, None))
        nll = _picker(metrics.negative_log_likelihood, truth, values)
        rows.append(row(f"nll{name}", nll, groups, OFFICIAL, None))
    rows.append(row("distribution_top_label_ece", _top_label(truth, shares), groups, OFFICIAL, None))
    rows += [
        row(f"{name}_ece", _ece_of(truth[:, column], probability[:, column]), groups, OFFICIAL, None)
        for name, column in (("confusion", CONFUSION), ("frustration", FRUSTRATION))
    ]
    return rows


def _top_label(truth: Truth, probability: Floats) -> metrics.Statistic:
    best = probability.argmax(axis=1)
    return _ece_of(truth[np.arange(len(best)), best], probability.max(axis=1))


def _ece_of(truth: Truth, probability: Floats) -> metrics.Statistic:
    return lambda rows: metrics.expected_calibration_error(probability[rows], truth[rows])


def _picker(measure: Callable[[Any, Any], float], truth: Any, said: Any) -> metrics.Statistic:  # noqa: ANN401
    return lambda rows: measure(truth[rows], said[rows])


def row(
    metric: str,
    statistic: metrics.Statistic,
    groups: NDArray[np.int64],
    protocol: str,
    majority: float | None,
) -> Row:
    """One figure with its interval; `groups` says which rows are drawn together."""
    everything = np.arange(len(groups))
    low, high = metrics.interval(statistic, groups)
    return {
        "metric": metric,
        "value": round(statistic(everything), 4),
        "low": round(low, 4),
        "high": round(high, 4),
        "n": len(groups),
        "protocol": protocol,
        "majority": None if majority is None else round(majority, 4),
    }
