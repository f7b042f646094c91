"""The canonical store: one row per labelled stretch, whatever the corpus it came from.

A reader is one module of this package with a module-level `CORPUS`; `corpora()` finds it there, and nothing else has to
be told.
"""

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

import countenance.training.datasets
from countenance.contracts.errors import DatasetError


class Split(StrEnum):
    """What a row may be used for."""

    TRAIN = "train"
    DEV = "dev"
    TEST = "test"
    UNASSIGNED = "unassigned"
    """The corpus leaves the split to its user, by subject."""
    WITHHELD = "withheld"
    """Its labels are kept back by the publisher."""


@dataclass(frozen=True, slots=True)
class Row:
    """One labelled stretch of one person."""

    uid: str
    """Unique within the corpus."""
    dataset: str
    split: Split
    source: str
    """Where it is stated: `labels.csv row 12`."""
    label: str | None = None
    """The hard label, derived from the votes by the corpus's own rule; None when no label wins."""
    votes: Mapping[str, float] = field(default_factory=dict)
    """Votes per label: annotators are kept as soft labels."""
    raters: int = 0
    """How many people labelled it; 0 when the corpus does not say."""
    dimensions: Mapping[str, float] = field(default_factory=dict)
    """`valence`, `arousal`, `dominance` brought to -1..1 from the corpus's own scale."""
    subject_id: str | None = None
    """The person; None when the corpus does not say."""
    group_id: str | None = None
    """The dialogue, call or session; rows of one group never stand in two splits."""
    face_path: Path | None = None
    """A picture, a folder of frames or a video."""
    audio_path: Path | None = None
    text: str | None = None
    start_us: int | None = None
    end_us: int | None = None
    fps: float | None = None
    demographics: Mapping[str, str] = field(default_factory=dict)
    self_reported: bool = False
    """False: others judged the demographics, which every report must say."""
    side_votes: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """What was voted beside the observers' label, by kind: `self` (the person's own), `secondary`, `voice`."""
    consent_ref: str | None = None
    """The consent that an own recording was labelled under, as its owner files it."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What was found in a folder."""

    rows: tuple[Row, ...]
    missing: tuple[str, ...] = ()
    """Media that the labels name and the folder does not hold."""
    notes: tuple[str, ...] = ()
    """What was left out or repaired, with counts: `7 lines marked unusable by the corpus`."""


@dataclass(frozen=True, slots=True)
class Corpus:
    """One data set: how to recognise it, how to read it, on which terms."""

    name: str
    """Short and lower-case: `rafdb`."""
    title: str
    licence: str
    """One sentence, as the publisher states it."""
    commercial: str
    """`yes`, `no` or `unclear`: what weights trained on it may be used for."""
    requested_at: str
    """Where it is asked for, named in every error about missing files."""
    labels: tuple[str, ...]
    """The corpus's own label names in the order of its codes; empty for dimensions only."""
    detect: Callable[[Path], bool]
    """Whether a folder (or file) looks like this corpus; cheap, and never an error."""
    read: Callable[[Path], Reading]
    """Everything labelled in it; raises DatasetError naming the file that is missing or wrong."""

    def lacking(self, path: Path) -> DatasetError:
        """The error for a file that the corpus must have."""
        return DatasetError(f"{self.title}: {path} is missing", f"The corpus is requested at {self.requested_at}.")


def corpora() -> tuple[Corpus, ...]:
    """Every corpus this package can read, by name."""
    found = []
    for module in pkgutil.iter_modules(countenance.training.datasets.__path__):
        corpus = getattr(importlib.import_module(f"countenance.training.datasets.{module.name}"), "CORPUS", None)
        if isinstance(corpus, Corpus):
            found.append(corpus)
    return tuple(sorted(found, key=lambda corpus: corpus.name))


def recognise(path: Path) -> Corpus:
    """The corpus in a folder; an error when it is none or more than one."""
    if not path.exists():
        raise DatasetError(f"{path} does not exist", "Give the folder of a corpus.")
    known = corpora()
    found = [corpus for corpus in known if corpus.detect(path)]
    if not found:
        raise DatasetError(
            f"{path} is no corpus that can be read",
            f"Readable: {', '.join(c.name for c in known)}; or name it with --as.",
        )
    if len(found) > 1:
        names = ", ".join(corpus.name for corpus in found)
        raise DatasetError(f"{path} could be {names}", "Say which with --as.")
    return found[0]


def check_splits(rows: Iterable[Row]) -> None:
    """No subject and no group stands in two splits; raises DatasetError naming the first that does."""
    seen: dict[tuple[str, str], Split] = {}
    for row in rows:
        for kind, name in (("subject", row.subject_id), ("group", row.group_id)):
            if name is not None and seen.setdefault((kind, name), row.split) is not row.split:
                raise DatasetError(
                    f"{row.dataset}: the {kind} {name} stands in {seen[kind, name]} and in {row.split} ({row.source})",
                    f"Split by {kind}; a score on such a split measures memory.",
                )


def unique(rows: Sequence[Row]) -> None:
    """No uid occurs twice; raises DatasetError naming it."""
    seen: set[str] = set()
    for row in rows:
        if row.uid in seen:
            raise DatasetError(f"{row.dataset}: {row.uid} occurs twice ({row.source})", "Remove the doubled entry.")
        seen.add(row.uid)
