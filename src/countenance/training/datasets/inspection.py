"""What a folder of labelled data holds, before anything is trained on it."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from countenance.contracts.errors import DatasetError
from countenance.training.datasets.mosei_repack import read_pickle
from countenance.training.datasets.store import Corpus, Reading, Row, check_splits, corpora, recognise

MOSEI = "mosei"
MOST_RATED = 400
"""Agreement is computed on at most so many rows, evenly spread: it is a description, not a test."""


@dataclass(frozen=True, slots=True)
class Inspection:
    """Counts of one corpus."""

    corpus: str
    title: str
    licence: str
    commercial: str
    splits: Mapping[str, Mapping[str, int]]
    """Per split: rows, subjects, groups."""
    classes: Mapping[str, Mapping[str, int]]
    """Per split: rows per hard label; `none` where no label wins."""
    demographics: Mapping[str, Mapping[str, int]]
    self_reported: bool
    missing: tuple[str, ...]
    notes: tuple[str, ...]
    alpha: float | None
    """Krippendorff's alpha (nominal) over the votes; None when nobody but one rater voted."""
    rated: int
    """Rows that the agreement was computed on."""


def inspect(path: Path, name: str | None = None, *, trust_pickle: bool = False) -> Inspection:
    """Recognise a corpus, or take the named one, read it and count; refuses splits that share a person or dialogue.

    `trust_pickle` reads the pickled repack of CMU-MOSEI, which is refused otherwise.
    """
    corpus = recognise(path) if name is None else named(name)
    reading = read_pickle(path, trust=True) if trust_pickle and corpus.name == MOSEI else corpus.read(path)
    check_splits(reading.rows)
    return count(corpus, reading)


def named(name: str) -> Corpus:
    """A corpus by its short name."""
    known = {corpus.name: corpus for corpus in corpora()}
    if name not in known:
        raise DatasetError(f"no reader is called {name!r}", f"Readers: {', '.join(known)}.")
    return known[name]


def count(corpus: Corpus, reading: Reading) -> Inspection:
    """Counts of what was read."""
    rows = reading.rows
    splits = sorted({row.split.value for row in rows})
    by_split = {split: [row for row in rows if row.split.value == split] for split in splits}
    told = sorted({key for row in rows for key in row.demographics})
    alpha, rated = agreement(rows)
    return Inspection(
        corpus=corpus.name,
        title=corpus.title,
        licence=corpus.licence,
        commercial=corpus.commercial,
        splits={split: _sizes(part) for split, part in by_split.items()},
        classes={split: _counted(row.label or "none" for row in part) for split, part in by_split.items()},
        demographics={key: _counted(row.demographics.get(key, "not stated") for row in rows) for key in told},
        self_reported=bool(rows) and all(row.self_reported for row in rows),
        missing=reading.missing,
        notes=reading.notes,
        alpha=alpha,
        rated=rated,
    )


def agreement(rows: Sequence[Row]) -> tuple[float | None, int]:
    """Krippendorff's alpha over rows with whole votes of at least two raters, and how many rows those were."""
    voted = [row for row in rows if row.raters > 1 and all(float(v).is_integer() for v in row.votes.values())]
    voted = [row for row in voted if sum(row.votes.values()) > 1]
    if not voted:
        return None, 0
    chosen = list(islice(voted, 0, None, max(1, len(voted) // MOST_RATED)))
    triples = [triple for row in chosen for triple in _votes(row)]
    if len({label for _, _, label in triples}) < 2:
        return None, len(chosen)
    try:
        from nltk.metrics.agreement import AnnotationTask
    except ImportError as error:
        raise DatasetError("agreement needs nltk", "Install it: pip install 'countenance[train]'.") from error
    return float(AnnotationTask(data=triples).alpha()), len(chosen)


def lines(found: Inspection) -> list[str]:
    """The inspection for a terminal."""
    told = [f"{found.title} ({found.corpus})", f"licence: {found.licence}", f"commercial use: {found.commercial}"]
    for split, sizes in found.splits.items():
        told.append(f"{split}: " + ", ".join(f"{n} {what}" for what, n in sizes.items()))
        told.append("  " + ", ".join(f"{label} {n}" for label, n in found.classes[split].items()))
    who = "self-reported" if found.self_reported else "judged by others"
    told += [f"{key} ({who}): " + ", ".join(f"{v} {n}" for v, n in t.items()) for key, t in found.demographics.items()]
    if found.alpha is not None:
        told.append(f"agreement: Krippendorff's alpha {found.alpha:.3f} on {found.rated} rows")
    told += [f"note: {note}" for note in found.notes]
    if found.missing:
        told.append(f"missing: {len(found.missing)} files, the first {found.missing[0]}")
    return told


def _sizes(rows: Sequence[Row]) -> dict[str, int]:
    subjects = {row.subject_id for row in rows if row.subject_id is not None}
    groups = {row.group_id for row in rows if row.group_id is not None}
    return {"rows": len(rows), "subjects": len(subjects), "groups": len(groups)}


def _counted(values: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(values).items(), key=lambda pair: (-pair[1], pair[0])))


def _votes(row: Row) -> Iterable[tuple[str, str, str]]:
    """(rater, row, label); raters are numbered per row, since alpha does not ask who they are."""
    given = [label for label, votes in sorted(row.votes.items()) for _ in range(int(votes))]
    return [(f"r{number}", row.uid, label) for number, label in enumerate(given)]
