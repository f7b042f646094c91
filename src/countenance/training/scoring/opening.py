"""The rows to judge: a corpus as its publisher gives it, own labelled calls, or a store written from either."""

from pathlib import Path

from countenance.contracts.errors import DatasetError
from countenance.training.datasets.canonical import read_store
from countenance.training.datasets.inspection import named
from countenance.training.datasets.plain_lines import first_line
from countenance.training.datasets.store import Corpus, Reading, check_splits, recognise


def opened(path: Path, corpus: str | None = None) -> tuple[Corpus, Reading]:
    """What is there and its rows; refused when a person or dialogue of it stands in two splits."""
    found, reading = _store(path, corpus) if _is_store(path) else _corpus(path, corpus)
    check_splits(reading.rows)
    return found, reading


def _corpus(path: Path, corpus: str | None) -> tuple[Corpus, Reading]:
    found = recognise(path) if corpus is None else named(corpus)
    return found, found.read(path)


def _store(path: Path, corpus: str | None) -> tuple[Corpus, Reading]:
    rows = read_store(path)
    there = sorted({row.dataset for row in rows})
    if corpus is None and len(there) != 1:
        raise DatasetError(f"{path} holds rows of {', '.join(there) or 'nothing'}", "Say which with --as.")
    name = corpus or there[0]
    return named(name), Reading(tuple(row for row in rows if row.dataset == name))


def _is_store(path: Path) -> bool:
    return path.is_file() and path.suffix == ".jsonl" and '"uid"' in first_line(path)
