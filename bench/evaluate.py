"""Measure every shipped bundle as `countenance eval run` does, and write what the release gate and the docs read.

python -m bench.evaluate --cache UNPACKED --shared SHARED [--only face-finder] [--models FOLDER]
python -m bench.evaluate --page      # docs/evaluation/README.md out of the measurements
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from countenance.evaluation import wording
from countenance.evaluation.report import Leak, Report, read_report, write_leak, write_report

ROOT = Path(__file__).parents[1]
OUT = ROOT / "docs" / "evaluation"
FOUR = ("neutral", "happiness", "sadness", "anger")


@dataclass(frozen=True, slots=True)
class Run:
    """One bundle on one corpus."""

    bundle: str
    corpus: str
    folder: str
    """Below the unpacked archives, or below shared/data."""
    split: str = "test"
    labels: tuple[str, ...] = ()

    leak: bool = False
    """Only the price of shared people is measured: the bundle has met them."""

    @property
    def file(self) -> str:
        """What the measurement is called."""
        return f"{self.bundle}-{self.corpus}{'.leak' if self.leak else ''}.json"


RUNS = (
    Run("face-finder.v1", "fairface", "face_fairface_val"),
    Run("face-cues.v1", "fairface", "face_fairface_val"),
    Run("face-expression.v1", "ferplus", "face_fer2013"),
    Run("voice-emotion.v1", "emodb", "voice_emodb", "unassigned", FOUR),
    Run("voice-emotion.v1", "ravdess", "voice_ravdess_16k", "unassigned", leak=True),
    Run("text-emotion.v1", "goemotions", "text_goemotions"),
    Run("text-emotion.v1", "maia_dqe", "text_maia_dqe", "all"),
    Run("text-emotion.v1", "meld", "text_meld", "dev"),
    Run("text-vad.v1", "emobank", "text_emobank"),
)


def main() -> None:
    """Measure, or write the page."""
    parser = argparse.ArgumentParser(description="Measure the shipped bundles.")
    parser.add_argument("--cache", type=Path, help="where the archives are unpacked")
    parser.add_argument("--shared", type=Path, help="the folder with data and weights")
    parser.add_argument("--models", type=Path, help="bundles of another release, by folder name")
    parser.add_argument("--only", default="", help="runs whose file name begins so")
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--page", action="store_true", help="write docs/evaluation/README.md and stop")
    asked = parser.parse_args()
    if not asked.page:
        asked.out.mkdir(parents=True, exist_ok=True)
        for run in RUNS:
            if run.file.startswith(asked.only):
                one(run, asked.cache, asked.shared, asked.models, asked.out)
    if asked.out == OUT:
        (OUT / "README.md").write_text(page(), encoding="utf-8")


def one(run: Run, cache: Path, shared: Path, models: Path | None, out: Path) -> None:
    """Measure one bundle; figures and page are written, the table of scores stays beside them for the gate."""
    from countenance.evaluation.page import render
    from countenance.inference.shelf import Profile, Shelf
    from countenance.training.scoring.measure import Asked, leak_of, measure

    place = cache / run.folder if (cache / run.folder).is_dir() else shared / "data" / run.folder
    asked = Asked(
        bundle=str(models / run.bundle) if models else run.bundle,
        data=place,
        split=run.split,
        labels=run.labels,
        corpus=run.corpus,
        teachers=shared / "weights",
    )
    shelf = Shelf.installed(Profile.OPEN) if models is None else Shelf(sorted(models.glob("*.v*")), Profile.OPEN)
    if run.leak:
        write_leak(leak_of(asked, shelf, lambda _done, _total: None), out / run.file)
        return
    measured = measure(asked, shelf, lambda _done, _total: None)
    write_report(measured.report, out / run.file)
    measured.scores.write((out / run.file).with_suffix(".npz"))
    (out / run.file).with_suffix(".html").write_text(render(measured.report), encoding="utf-8")
    leading = {name: measured.report.metrics[name].value for name in measured.report.leading}
    print(run.file, leading, file=sys.stderr, flush=True)


def page() -> str:
    """The leading figures of every measurement that is committed, this command's first."""
    prices = [run for run in RUNS if run.leak and (OUT / run.file).is_file()]
    own = [run.file for run in RUNS if not run.leak and (OUT / run.file).is_file()]
    others = sorted(path.name for path in OUT.glob("*.json") if path.name not in {run.file for run in RUNS})
    lines = [
        "# What the shipped bundles were measured at",
        "",
        "Written by `python -m bench.evaluate --page` out of the files beside it, never by hand. Each file is the",
        "`metrics.json` of one `countenance eval run` (see [evaluation.md](../evaluation.md)); intervals are 95 %.",
        "",
        *(line for file in [*own, *others] for line in _section(file, read_report(OUT / file))),
        *(
            line
            for run in prices
            for line in _price(run, Leak.model_validate_json((OUT / run.file).read_text("utf-8")))
        ),
    ]
    return "\n".join(lines).rstrip() + "\n"


def _section(file: str, report: Report) -> Iterator[str]:
    drawn = wording.CLUSTERS[report.data.cluster]
    yield f"## {report.bundle} on {report.data.title}, {report.data.split}"
    yield ""
    yield f"[{file}]({file}): {report.n:,} rows, intervals over {report.clusters:,} {drawn}. {report.protocol}."
    yield ""
    yield "| measure | value | interval | n | knowing nothing |"
    yield "|---|---|---|---|---|"
    for name in _shown(report):
        one = report.metrics[name]
        nothing = "" if one.majority is None else f"{one.majority:.3f}"
        span = wording.span(one.low, one.high)
        yield f"| {wording.title(name)} | {wording.number(one.value)} | {span} | {one.n:,} | {nothing} |"
    yield ""
    yield from _sets(report)
    yield from _worst(report)


def _price(run: Run, leak: Leak) -> Iterator[str]:
    yield f"## The price of shared people: {run.corpus}"
    yield ""
    yield f"[{run.file}]({run.file}): {run.bundle} has met these people, so they cannot judge it. {leak.protocol}."
    yield ""
    yield "| | UAR of the probe |"
    yield "|---|---|"
    yield f"| people kept apart | {wording.number(leak.honest)} |"
    yield f"| rows dealt at random | {wording.number(leak.leaky)} |"
    yield f"| price | {wording.signed(leak.price)} ({wording.signed_span(leak.low, leak.high)}) |"
    yield ""


def _shown(report: Report) -> Sequence[str]:
    extra = ("brier", "nll", "f1_confusion", "auc_confusion", "auc_frustration", "auc_negative", "weighted_f1")
    return [*report.leading, *(name for name in extra if name in report.metrics)]


def _sets(report: Report) -> Iterator[str]:
    for name, sets in report.conformal.items():
        promised = wording.percent(1.0 - sets.alpha)
        measured = wording.percent(sets.overall.coverage)
        size = wording.number(sets.overall.size)
        yield f"{name.upper()} sets: promised {promised}, measured {measured}, {size} labels in a set on average."
        yield ""


def _worst(report: Report) -> Iterator[str]:
    seen: set[str] = set()
    for row in report.slices:
        if row.enough and row.metric not in seen:
            seen.add(row.metric)
            apart = f"{wording.signed(row.difference)} ({wording.signed_span(row.difference_low, row.difference_high)})"
            yield (
                f"- {wording.title(row.metric)}, worst group: {row.attribute} {row.value}, "
                f"{wording.number(row.figure)}, n {row.n:,}, to the whole {apart}"
            )
    if seen:
        yield ""
        yield wording.judged(report)
        yield ""


if __name__ == "__main__":
    main()
