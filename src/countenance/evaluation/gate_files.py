"""Which measurement is compared with which: reports of two files or two folders, by bundle and data."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from countenance.contracts.errors import EvaluationError, UsageError
from countenance.evaluation.metrics import measure
from countenance.evaluation.report import SCHEMA, Report, read_report
from countenance.evaluation.scores import Scores

REMEDY = "Write metrics.json with `countenance eval run`."
TOLERANCE = 2e-6
"""Reports are written to six digits."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One report, with its table of scores where it lies beside it."""

    path: Path
    report: Report
    scores: Scores | None


@dataclass(frozen=True, slots=True)
class Pair:
    """A baseline and what is compared with it; a side that is missing is None."""

    name: str
    baseline: Measured | None
    candidate: Measured | None


def collect(path: Path, *, with_scores: bool = True) -> tuple[Measured, ...]:
    """The reports of a file, or of a folder: its own `*.json` and the `metrics.json` one level below."""
    if path.is_file():
        return (_read(path, with_scores),)
    if not path.is_dir():
        raise UsageError(f"{path}: there is nothing here", REMEDY)
    files = [*sorted(path.glob("*.json")), *sorted(path.glob("*/metrics.json"))]
    found = tuple(_read(file, with_scores) for file in files if f'"{SCHEMA}"' in _head(file))
    if not found:
        raise UsageError(f"{path}: no file of the schema {SCHEMA} is here", REMEDY)
    return found


def pair_up(baseline: Path, candidate: Path, *, with_scores: bool = True) -> tuple[Pair, ...]:
    """Every report of the baseline with the candidate's of the same bundle and data; then what is new."""
    old, new = (collect(path, with_scores=with_scores) for path in (baseline, candidate))
    if baseline.is_file() and candidate.is_file():
        if _bundle(old[0]) != _bundle(new[0]):
            raise UsageError(
                f"{baseline} is about {old[0].report.bundle}, {candidate} about {new[0].report.bundle}",
                "Compare two measurements of one bundle.",
            )
        return (Pair(new[0].report.bundle, old[0], new[0]),)
    pairs = tuple(_twin(one, old, new) for one in old)
    met = {pair.candidate.path for pair in pairs if pair.candidate is not None}
    return (*pairs, *(Pair(_named(one.report.bundle, one), None, one) for one in new if one.path not in met))


def beside(path: Path) -> Path | None:
    """The table of scores that lies beside a report, if any."""
    stem = "scores" if path.name == "metrics.json" else path.stem
    names = (f"{stem}.npz", f"{stem.removesuffix('.metrics')}.scores.npz")
    return next((path.with_name(name) for name in names if path.with_name(name).is_file()), None)


def _twin(one: Measured, old: Sequence[Measured], new: Sequence[Measured]) -> Pair:
    rivals = [each for each in old if _key(each) == _key(one)]
    twins = [each for each in new if _key(each) == _key(one)]
    name = one.report.bundle
    if len(rivals) > 1 or len(twins) > 1:
        # Several protocols on one split: only the protocol tells them apart.
        name = f"{name} ({one.report.protocol})"
        twins = [each for each in twins if each.report.protocol == one.report.protocol]
    if len(twins) > 1:
        raise UsageError(f"{twins[0].path} and {twins[1].path} measure the same", "Keep one of them.")
    return Pair(_named(name, one), one, twins[0] if twins else None)


def _named(name: str, one: Measured) -> str:
    return f"{name} on {one.report.data.corpus} {one.report.data.split}"


def _key(one: Measured) -> tuple[str, str, str]:
    return _bundle(one), one.report.data.corpus, one.report.data.split


def _bundle(one: Measured) -> str:
    """The name without its version: the next version of a bundle is compared with the last."""
    return re.sub(r"\.v\d+$", "", one.report.bundle)


def _read(path: Path, with_scores: bool) -> Measured:
    report = read_report(path)
    table = beside(path) if with_scores else None
    if table is None:
        return Measured(path, report, None)
    scores = Scores.read(table)
    for name in report.leading:
        said, found = report.metrics[name].value, measure(name, scores)(scores)
        if said is not None and not abs(said - found) <= TOLERANCE:
            raise EvaluationError(
                f"{table} gives {name} {found:.6f}, but {path} says {said:.6f}", "Measure the bundle again."
            )
    return Measured(path, report, scores)


def _head(path: Path) -> str:
    with path.open(encoding="utf-8", errors="replace") as file:
        return file.read(400)
