"""One bundle on one corpus: rows, identities, scores, and everything that is measured of them."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from countenance.contracts.card import Card
from countenance.contracts.errors import EvaluationError, UsageError
from countenance.evaluation.assess import About, assess
from countenance.evaluation.leak import price
from countenance.evaluation.report import Identities, Leak, Report
from countenance.evaluation.scores import Scores
from countenance.inference.bundle import read_card
from countenance.inference.shelf import Shelf
from countenance.training.datasets.inspection import named
from countenance.training.datasets.store import Corpus, Row, check_splits, recognise
from countenance.training.scoring.readers import Reader, reader_of
from countenance.training.scoring.said import Said, cluster_kind, embeddings_of, tabulate
from countenance.training.scoring.split import Parts, check, parts_of
from countenance.training.scoring.targets import Wanted, wanted_for

Progress = Callable[[int, int], None]
"""Called with the rows read and the rows there are."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What to measure."""

    bundle: str
    """Its name, or its folder."""
    data: Path
    split: str = "test"
    corpus: str | None = None
    """Its reader, where it is not recognised."""
    labels: tuple[str, ...] = ()
    """Only these; all when left out."""
    against: Path | None = None
    """A corpus whose rows must not share anybody with those judged."""
    show_leak: bool = False
    limit: int | None = None
    """At most so many rows, evenly spread: for a look, not for a report."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What came of it."""

    report: Report
    scores: Scores


def measure(asked: Asked, shelf: Shelf, progress: Progress) -> Measured:
    """Read, check, score and assess; refused when somebody who is judged was trained on."""
    corpus = recognise(asked.data) if asked.corpus is None else named(asked.corpus)
    reading = corpus.read(asked.data)
    check_splits(reading.rows)
    reader = reader_of(asked.bundle, shelf)
    parts = parts_of(reading, asked.split)
    identities = check(reader.card, corpus.name, parts, _rows_of(asked.against))
    wanted = _wanted(asked, corpus, reader, parts)
    judged = _thinned([row for row in parts.judged if wanted.asks(row)], asked.limit)
    dev = [row for row in parts.dev if wanted.asks(row)] if not wanted.evaluate_only else []
    dev = _thinned(dev, asked.limit)
    said = list(_watched(reader.read([*judged, *dev]), len(judged) + len(dev), progress))
    protocol = _protocol(asked, corpus, reader, wanted, len(dev))
    scores = tabulate(judged, said[: len(judged)], wanted, protocol, reader.thresholds)
    on_dev = tabulate(dev, said[len(judged) :], wanted, f"{protocol}; dev", reader.thresholds) if dev else None
    leak = _priced(judged, said[: len(judged)], wanted) if asked.show_leak else None
    return Measured(assess(_about(corpus, asked, reader, judged, identities, leak), scores, on_dev), scores)


def leak_of(asked: Asked, shelf: Shelf, progress: Progress) -> Leak:
    """The price alone, for a split that is refused."""
    corpus = recognise(asked.data) if asked.corpus is None else named(asked.corpus)
    reader = reader_of(asked.bundle, shelf)
    parts = parts_of(corpus.read(asked.data), asked.split)
    wanted = _wanted(asked, corpus, reader, parts)
    rows = _thinned([row for row in parts.judged if wanted.asks(row)], asked.limit)
    return _priced(rows, list(_watched(reader.read(rows), len(rows), progress)), wanted)


def card_of(bundle: str, shelf: Shelf) -> Card:
    """The card of a bundle by name or folder."""
    return read_card(Path(bundle)) if Path(bundle).is_dir() else shelf.load(bundle).card


def _rows_of(against: Path | None) -> tuple[Row, ...]:
    return () if against is None else recognise(against).read(against).rows


def _wanted(asked: Asked, corpus: Corpus, reader: Reader, parts: Parts) -> Wanted:
    wanted = reader.wanted or wanted_for(reader.reads, corpus.name, parts.judged, reader.says)
    return wanted.only(asked.labels) if asked.labels else wanted


def _thinned(rows: Sequence[Row], limit: int | None) -> list[Row]:
    if limit is None or len(rows) <= limit:
        return list(rows)
    if limit < 1:
        raise UsageError(f"--limit is {limit}", "Give how many rows to judge at most.")
    return [rows[at] for at in np.linspace(0, len(rows) - 1, limit).astype(int)]


def _watched(said: Iterable[Said], total: int, progress: Progress) -> Iterable[Said]:
    for at, one in enumerate(said, start=1):
        progress(at, total)
        yield one


def _priced(rows: Sequence[Row], said: Sequence[Said], wanted: Wanted) -> Leak:
    kept = [(row, one) for row, one in zip(rows, said, strict=True) if not one.abstained and wanted.hard(row) >= 0]
    inner = embeddings_of([one for _, one in kept]) if kept else None
    if inner is None or not any(row.subject_id or row.group_id for row, _ in kept):
        raise EvaluationError(
            "a leak can be priced only where rows name their people and carry one label each",
            "Choose a corpus with subjects or dialogues.",
        )
    clusters = np.array([row.subject_id or row.group_id or row.uid for row, _ in kept])
    return price(inner, np.array([wanted.hard(row) for row, _ in kept]), wanted.labels, clusters)


def _protocol(asked: Asked, corpus: Corpus, reader: Reader, wanted: Wanted, dev: int) -> str:
    parts = [f"{corpus.title}, split {asked.split}", reader.protocol, wanted.note]
    if dev:
        parts.append(f"conformal quantiles and abstention thresholds from {dev} dev rows")
    if asked.limit is not None:
        parts.append(f"at most {asked.limit} rows, evenly spread")
    return "; ".join(part for part in parts if part)


def _about(
    corpus: Corpus, asked: Asked, reader: Reader, rows: Sequence[Row], identities: Identities, leak: Leak | None
) -> About:
    return About(
        bundle=reader.card.name,
        sha256=reader.card.files["model.onnx"],
        profile=reader.profile,
        corpus=corpus.name,
        title=corpus.title,
        licence=corpus.licence,
        split=asked.split,
        rows=len(rows),
        cluster=cluster_kind(rows),
        identities=identities,
        leak=leak,
    )
