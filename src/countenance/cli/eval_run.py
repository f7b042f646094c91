"""`countenance eval run`: one bundle on labelled data, as numbers and as a page."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from countenance.cli.app import evaluate
from countenance.contracts.errors import RefusedError, UsageError

if TYPE_CHECKING:
    from countenance.evaluation.report import Leak, Report


@evaluate.command("run")
def eval_run(
    bundle: Annotated[str, typer.Argument(help="A bundle by name, or the folder of a bundle or an adapter.")],
    data: Annotated[Path, typer.Option(help="The folder or file of a corpus, a store, or your own labelled calls.")],
    out: Annotated[Path, typer.Option(help="The folder to write metrics.json, scores.npz and index.html to.")],
    split: Annotated[str, typer.Option(help="Which rows to judge: test, dev, unassigned, or all.")] = "test",
    corpus: Annotated[str | None, typer.Option("--as", help="Which corpus it is, when it is not recognised.")] = None,
    profile: Annotated[str, typer.Option(help="open or commercial.")] = "open",
    labels: Annotated[str, typer.Option(help="Only these labels, separated by commas.")] = "",
    against: Annotated[Path | None, typer.Option(help="Training data that must not share anybody with it.")] = None,
    show_leak: Annotated[bool, typer.Option("--show-leak", help="Say what shared people would be worth.")] = False,
    limit: Annotated[int | None, typer.Option(help="Judge at most so many rows, for a look.")] = None,
    teachers: Annotated[Path | None, typer.Option(help="Weights of the face teachers, for FairFace; once.")] = None,
) -> None:
    """Measure a bundle: figures with intervals, calibration, abstention, groups, worst first. Refuses shared people."""
    from countenance.evaluation.page import render
    from countenance.evaluation.report import write_leak, write_report
    from countenance.inference.shelf import Profile, Shelf
    from countenance.training.scoring.measure import Asked, leak_of, measure

    if profile not in list(Profile):
        raise UsageError(f"unknown profile {profile!r}", "Use open or commercial.")
    chosen = tuple(name.strip() for name in labels.split(",") if name.strip())
    asked = Asked(bundle, data, split, corpus, chosen, against, show_leak, limit, teachers)
    shelf = Shelf.installed(Profile(profile))
    try:
        with _bar() as progress:
            measured = measure(asked, shelf, progress)
    except RefusedError as refusal:
        if not show_leak:
            raise
        typer.echo(f"countenance: {refusal.diagnosis}", err=True)
        with _bar() as progress:
            leak = leak_of(asked, shelf, progress)
        out.mkdir(parents=True, exist_ok=True)
        write_leak(leak, out / "leak.json")
        _show_leak(leak)
        return
    out.mkdir(parents=True, exist_ok=True)
    write_report(measured.report, out / "metrics.json")
    measured.scores.write(out / "scores.npz")
    (out / "index.html").write_text(render(measured.report), encoding="utf-8")
    _show(measured.report, out)


def _show(report: "Report", out: Path) -> None:
    typer.echo(f"{report.bundle} on {report.data.title}, split {report.data.split}: {report.n} rows")
    for name in report.leading:
        one = report.metrics[name]
        band = "" if one.low is None or one.high is None else f"  {one.low:.3f} to {one.high:.3f}"
        nothing = "" if one.majority is None else f"  knowing nothing {one.majority:.3f}"
        typer.echo(f"  {name:<16} {_number(one.value)}{band}{nothing}")
    for reason, count in report.data.abstained.items():
        typer.echo(f"  not judged: {count} rows, {reason.replace('_', ' ')}")
    if worst := next((row for row in report.slices if row.enough), None):
        typer.echo(
            f"  worst group: {worst.attribute} {worst.value}, {worst.metric} {_number(worst.figure)}, n {worst.n}"
        )
    if report.leak is not None:
        _show_leak(report.leak)
    typer.echo(f"Page: {out / 'index.html'}")


def _show_leak(leak: "Leak") -> None:
    band = "" if leak.low is None or leak.high is None else f", 95 % {leak.low:.3f} to {leak.high:.3f}"
    typer.echo(f"Price of the leak: {leak.price:+.3f} {leak.metric}{band} ({leak.protocol})")


def _number(value: float | None) -> str:
    return "not defined" if value is None else f"{value:.3f}"


@contextmanager
def _bar() -> Iterator[Callable[[int, int], None]]:
    """A bar on stderr where there is a terminal to draw it on."""
    if not sys.stderr.isatty():
        yield lambda _done, _total: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Reading rows", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
