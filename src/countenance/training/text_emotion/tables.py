"""What the text net said, as tables of scores that the evaluation room can judge."""

import numpy as np
from numpy.typing import NDArray

from countenance.evaluation.scores import Kind, Scores
from countenance.training.datasets.call_lines import CallLines
from countenance.training.datasets.emobank import DIMENSIONS
from countenance.training.datasets.goemotions import GoEmotionsSplit
from countenance.training.datasets.maia_dqe import EMOTIONS, CustomerSentences
from countenance.training.text_emotion.fitted import CLASSES, Fitted, truth_of_scores
from countenance.training.text_emotion.labels import EKMAN, FINE
from countenance.training.text_emotion.onnx_export import SCORES
from countenance.training.text_emotion.outputs import Outputs
from countenance.training.text_emotion.vad import unit

Floats = NDArray[np.float64]
ASKED = {
    "confusion": ("confusion",),
    "frustration": ("frustration",),
    "frustration_like": ("frustration", "anger", "disappointment"),
    "negative": ("disappointment", "frustration", "anger", "anxiety"),
}
"""What is asked of the customer chats, and which of their labels make it true."""
NEGATIVE = ("sadness", "anger", "disgust", "fear")
"""The shares that are added up for `negative`."""


def scores_table(data: GoEmotionsSplit, said: Outputs, fitted: Fitted, protocol: str) -> Scores:
    """Nine labels that may hold together; macro measures run over the seven emotions."""
    return Scores(
        kind=Kind.MULTILABEL,
        ids=np.array(data.ids),
        labels=SCORES,
        probabilities=fitted.scores.probability(said.scores),
        targets=truth_of_scores(data.labels).astype(np.float64),
        protocol=protocol,
        thresholds=fitted.scores.thresholds,
        main=tuple(EKMAN),
    )


def emotions_table(data: GoEmotionsSplit, said: Outputs, fitted: Fitted, protocol: str) -> Scores:
    """The seven emotions alone, still labels that may hold together: for the error of the top label."""
    return Scores(
        kind=Kind.MULTILABEL,
        ids=np.array(data.ids),
        labels=tuple(EKMAN),
        probabilities=fitted.scores.probability(said.scores)[:, :CLASSES],
        targets=truth_of_scores(data.labels)[:, :CLASSES].astype(np.float64),
        protocol=protocol,
        thresholds=fitted.scores.thresholds[:CLASSES],
    )


def shares_table(data: GoEmotionsSplit, said: Outputs, fitted: Fitted, protocol: str) -> Scores:
    """The seven emotions as the product says them: one distribution. Several labels of a text share it evenly."""
    truth = truth_of_scores(data.labels)[:, :CLASSES].astype(np.float64)
    return Scores(
        kind=Kind.DISTRIBUTION,
        ids=np.array(data.ids),
        labels=tuple(EKMAN),
        probabilities=fitted.shares(said.scores),
        targets=truth / truth.sum(axis=1, keepdims=True),
        protocol=f"{protocol}; texts with one emotion alone count",
    )


def labels_table(data: GoEmotionsSplit, said: Outputs, fitted: Fitted, protocol: str) -> Scores:
    """The 28 labels."""
    return Scores(
        kind=Kind.MULTILABEL,
        ids=np.array(data.ids),
        labels=FINE,
        probabilities=fitted.labels.probability(said.labels),
        targets=data.labels.astype(np.float64),
        protocol=protocol,
        thresholds=fitted.labels.thresholds,
    )


def lines_table(lines: CallLines, logits: Floats, fitted: Fitted, protocol: str) -> Scores:
    """Confusion, frustration and any negative emotion in call lines; lines of one scenario are drawn together."""
    truth = truth_of_scores(lines.labels)
    negative = truth[:, [tuple(EKMAN).index(name) for name in NEGATIVE]].any(axis=1)
    alone = [SCORES.index(name) for name in ("confusion", "frustration")]
    each = fitted.scores.probability(logits)[:, alone]
    return Scores(
        kind=Kind.MULTILABEL,
        ids=np.array(lines.ids),
        labels=("confusion", "frustration", "negative"),
        probabilities=np.column_stack([each, negative_share(logits, fitted)]),
        targets=np.column_stack([truth[:, alone], negative]).astype(np.float64),
        protocol=protocol,
        clusters=np.array(lines.scenarios),
    )


def negative_share(logits: Floats, fitted: Fitted) -> Floats:
    """How much of the distribution lies on the negative emotions."""
    shares = fitted.shares(logits)
    return np.asarray(shares[:, [tuple(EKMAN).index(name) for name in NEGATIVE]].sum(axis=1))


def chats_table(chats: CustomerSentences, logits: Floats, fitted: Fitted, protocol: str) -> Scores:
    """What is asked of the customer chats; sentences of one dialogue are drawn together."""
    each, negative = fitted.scores.probability(logits), negative_share(logits, fitted)
    frustration = each[:, SCORES.index("frustration")]
    truth = [np.isin(chats.emotion, [EMOTIONS.index(name) for name in names]) for names in ASKED.values()]
    return Scores(
        kind=Kind.MULTILABEL,
        ids=np.array([f"{number:05d}" for number in range(len(chats.texts))]),
        labels=tuple(ASKED),
        probabilities=np.stack([each[:, SCORES.index("confusion")], frustration, frustration, negative], axis=1),
        targets=np.stack(truth, axis=1).astype(np.float64),
        protocol=protocol,
        clusters=np.array([str(number) for number in chats.dialogue]),
    )


def dimensions_table(ids: tuple[str, ...], vad: Floats, said: Floats, protocol: str) -> Scores:
    """Valence, arousal and dominance, -1 to 1."""
    return Scores(
        kind=Kind.DIMENSION,
        ids=np.array(ids),
        labels=DIMENSIONS,
        probabilities=said,
        targets=unit(vad),
        protocol=protocol,
    )
