"""Which labels of a corpus stand for which labels of a bundle, and what kind of question that makes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import numpy as np

from countenance.contracts.errors import EvaluationError
from countenance.contracts.readings import EMOTIONS
from countenance.evaluation.scores import Floats, Kind
from countenance.training.datasets.store import Row
from countenance.training.text_emotion.labels import EKMAN, FRUSTRATION


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked of a corpus."""

    kind: Kind
    truth: Mapping[str, tuple[str, ...]]
    """Label of the bundle -> labels of the corpus that make it true; a label alone stands for itself."""
    main: tuple[str, ...] = ()
    evaluate_only: bool = False
    """Its publisher or our own rule allows measuring and nothing else: no threshold is chosen on its dev split."""
    note: str = ""
    _of: Mapping[str, str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_of", {theirs: ours for ours, all_ in self.truth.items() for theirs in all_})

    @property
    def labels(self) -> tuple[str, ...]:
        """In the order of the columns."""
        return tuple(self.truth)

    def asks(self, row: Row) -> bool:
        """Whether people said something of this row that is asked for."""
        if self.kind is Kind.OUTCOME:
            return True
        if self.kind is Kind.DIMENSION:
            return all(name in row.dimensions for name in self.labels)
        if self.kind is Kind.MULTILABEL:
            return bool(row.votes) or row.label is not None
        return row.label in self._of or any(name in self._of for name, count in row.votes.items() if count)

    def target(self, row: Row) -> Floats:
        """Shares of the votes, 0 or 1 per label, or values; one per label."""
        if self.kind is Kind.OUTCOME:
            return np.full(len(self.labels), np.nan)
        if self.kind is Kind.DIMENSION:
            return np.array([row.dimensions[name] for name in self.labels])
        votes = row.votes or ({row.label: 1.0} if row.label else {})
        counts = np.array([sum(votes.get(name, 0.0) for name in theirs) for theirs in self.truth.values()])
        if self.kind is Kind.MULTILABEL:
            return (counts > 0).astype(np.float64)
        return np.asarray(counts / counts.sum() if counts.sum() else np.full(len(counts), np.nan))

    def hard(self, row: Row) -> int:
        """Index of the label that the corpus's own rule gives; -1 for none, or where labels may hold together."""
        if self.kind is not Kind.DISTRIBUTION or row.label is None or row.label not in self._of:
            return -1
        return self.labels.index(self._of[row.label])

    def only(self, labels: Sequence[str]) -> "Wanted":
        """The same question with fewer labels."""
        if unknown := [label for label in labels if label not in self.truth]:
            raise EvaluationError(f"{', '.join(unknown)} cannot be asked here", f"Labels: {', '.join(self.labels)}.")
        return replace(self, truth={label: self.truth[label] for label in labels}, main=())


def _same(labels: Iterable[str]) -> dict[str, tuple[str, ...]]:
    return {label: (label,) for label in labels}


SPELT: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "neutral": ("neutral", "neu"),
        "happiness": ("happiness", "happy", "hap", "joy"),
        "surprise": ("surprise", "surprised", "sur"),
        "sadness": ("sadness", "sad"),
        "anger": ("anger", "angry", "ang"),
        "disgust": ("disgust", "disgusted", "dis"),
        "fear": ("fear", "fearful", "fea"),
        "frustration": ("frustration", "frustrated", "fru"),
        "confusion": ("confusion", "confused"),
    }
)
"""How corpora spell a label, in any case of letters; whatever is not here is spelt in one way."""

TARGETS: Mapping[tuple[str, str], Wanted] = MappingProxyType(
    {
        ("text", "goemotions"): Wanted(
            Kind.MULTILABEL,
            {**EKMAN, "confusion": ("confusion",), "frustration": FRUSTRATION},
            main=EMOTIONS,
            note="macro measures over the seven Ekman labels",
        ),
        ("text", "maia_dqe"): Wanted(
            Kind.MULTILABEL,
            {
                "confusion": ("confusion",),
                "frustration": ("frustration",),
                "negative": ("disappointment", "frustration", "anger", "anxiety"),
            },
            evaluate_only=True,
            note="negative: the shares of anger, disgust, fear and sadness together, against sentences rated "
            "disappointment, frustration, anger or anxiety",
        ),
        ("text", "meld"): Wanted(Kind.DISTRIBUTION, {**_same(EMOTIONS), "happiness": ("joy",)}, evaluate_only=True),
        ("dimensions", "emobank"): Wanted(Kind.DIMENSION, _same(("valence", "arousal"))),
    }
)
"""By what is read and by corpus; whatever stands nowhere here is matched by how its labels are spelt."""


def wanted_for(reads: str, corpus: str, rows: Sequence[Row], says: Sequence[str]) -> Wanted:
    """What to ask: the table above, or every label that corpus and bundle both name."""
    if known := TARGETS.get((reads, corpus)):
        return known
    if reads == "dimensions":
        told = [name for name in says if any(name in row.dimensions for row in rows)]
        return _some(Wanted(Kind.DIMENSION, _same(told)), corpus, says)
    named = sorted({name for row in rows for name in (*row.votes, row.label) if name})
    spelt = {ours: tuple(name for name in named if name.lower() in SPELT.get(ours, (ours,))) for ours in says}
    shared = {ours: theirs for ours, theirs in spelt.items() if theirs}
    kind = Kind.DISTRIBUTION if set(shared) <= {*EMOTIONS, "contempt", "calm"} else Kind.MULTILABEL
    return _some(Wanted(kind, shared), corpus, says)


def _some(wanted: Wanted, corpus: str, says: Sequence[str]) -> Wanted:
    if not wanted.truth or (wanted.kind is Kind.DISTRIBUTION and len(wanted.truth) < 2):
        raise EvaluationError(
            f"{corpus} and the bundle have no labels in common", f"The bundle says: {', '.join(says)}."
        )
    return wanted
