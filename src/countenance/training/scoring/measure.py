"""One bundle on one corpus: rows, identities, scores, and everything that is measured of them."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from countenance.contracts.card import Card
from countenance.contracts.errors import EvaluationError, UsageError
from countenance.evaluation.assess import About, assess
from countenance.evaluation.leak import price
from countenance.evaluation.report import Identities, Leak, Report
from countenance.evaluation.scores import Kind, Scores
from countenance.inference.bundle import Bundle
from countenance.inference.shelf import Shelf
from countenance.training.datasets.store import Corpus, Row
from countenance.training.scoring.fairface import OUTCOMES, Place
from countenance.training.scoring.opening import opened
from countenance.training.scoring.readers import Reader, loaded, reader_of
from countenance.training.scoring.said import Said, cluster_kind, cluster_of, features_of, tabulate
from countenance.training.scoring.split import Parts, check, parts_of, trained_on
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
    teachers: Path | None = None
    """Weights of the teachers that place faces and points in FairFace; needed once."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What came of it."""

    report: Report
    scores: Scores


def measure(asked: Asked, shelf: Shelf, progress: Progress) -> Measured:
    """Read, check, score and assess; refused when somebody who is judged was trained on."""
    corpus, reading = opened(asked.data, asked.corpus)
    parts = parts_of(reading, asked.split)
    bundle = loaded(asked.bundle, shelf)
    outcome = OUTCOMES.get((bundle.card.modality, bundle.card.task))
    if outcome and isinstance(bundle, Bundle):
        identities = check(bundle.card, corpus.name, parts, _rows_of(asked.against))
        scores = outcome(bundle, Place(asked.data, asked.teachers, asked.limit))
        about = _about(corpus, asked, bundle.card, identities)
        return Measured(assess(replace(about, profile=shelf.profile.value, rows=len(scores)), scores), scores)
    reader = reader_of(bundle, shelf)
    identities = check(reader.card, corpus.name, parts, _rows_of(asked.against))
    wanted = _wanted(asked, corpus, reader, parts)
    judged = _thinned([row for row in parts.judged if wanted.asks(row)], asked.limit)
    chooses = wanted.kind is not Kind.DIMENSION and not wanted.evaluate_only
    dev = [row for row in parts.dev if chooses and wanted.asks(row)]
    dev = _thinned(dev, asked.limit)
    said = list(_watched(reader.read([*judged, *dev]), len(judged) + len(dev), progress))
    protocol = _protocol(asked, corpus, reader, wanted, len(dev))
    scores = tabulate(judged, said[: len(judged)], wanted, protocol, reader.thresholds)
    on_dev = tabulate(dev, said[len(judged) :], wanted, f"{protocol}; dev", reader.thresholds) if dev else None
    met = trained_on(reader.card, corpus.name)
    leak = _priced(judged, said[: len(judged)], wanted, met=met) if asked.show_leak else None
    about = _about(corpus, asked, reader.card, identities)
    about = replace(about, profile=reader.profile, rows=len(judged), cluster=cluster_kind(judged), leak=leak)
    return Measured(assess(about, scores, on_dev), scores)


def leak_of(asked: Asked, shelf: Shelf, progress: Progress) -> Leak:
    """The price alone, for a split that is refused."""
    corpus, reading = opened(asked.data, asked.corpus)
    reader = reader_of(loaded(asked.bundle, shelf), shelf)
    parts = parts_of(reading, asked.split)
    wanted = _wanted(asked, corpus, reader, parts)
    rows = _thinned([row for row in parts.judged if wanted.asks(row)], asked.limit)
    said = list(_watched(reader.read(rows), len(rows), progress))
    return _priced(rows, said, wanted, met=trained_on(reader.card, corpus.name))


def _rows_of(against: Path | None) -> tuple[Row, ...]:
    return () if against is None else opened(against)[1].rows


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


def _priced(rows: Sequence[Row], said: Sequence[Said], wanted: Wanted, *, met: bool) -> Leak:
    kept = [(row, one) for row, one in zip(rows, said, strict=True) if not one.abstained and wanted.hard(row) >= 0]
    features = features_of([one for _, one in kept], met=met) if kept else None
    if features is None or not any(row.subject_id or row.group_id for row, _ in kept):
        raise EvaluationError(
            "a leak can be priced only where rows name their people and carry one label each",
            "Choose a corpus with subjects or dialogues.",
        )
    clusters = np.array([cluster_of(row) for row, _ in kept])
    return price(*features, np.array([wanted.hard(row) for row, _ in kept]), wanted.labels, clusters)


def _protocol(asked: Asked, corpus: Corpus, reader: Reader, wanted: Wanted, dev: int) -> str:
    parts = [f"{corpus.title}, split {asked.split}", reader.protocol, wanted.note]
    if dev:
        parts.append(f"conformal quantiles and abstention thresholds from {dev} dev rows")
    if asked.limit is not None:
        parts.append(f"at most {asked.limit} rows, evenly spread")
    return "; ".join(part for part in parts if part)


def _about(corpus: Corpus, asked: Asked, card: Card, identities: Identities) -> About:
    return About(
        bundle=card.name,
        sha256=card.files["model.onnx"],
        profile="",
        corpus=corpus.name,
        title=corpus.title,
        licence=corpus.licence,
        split=asked.split,
        rows=0,
        cluster="row",
        identities=identities,
    )
