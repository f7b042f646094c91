"""Running an analysis from the command line: progress to stderr, the outcome to stdout."""

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from countenance.analysis.run import Outcome
    from countenance.deployment import Deployment


def analysed(asked: "Deployment", out: Path, progress: Callable[[int, int], None]) -> "Outcome":
    """Analyse into a folder; Ctrl-C ends with 130 and loses nothing."""
    from countenance.analysis.run import analyse
    from countenance.assembly import assemble

    job = assemble(asked, datetime.now(UTC).date())
    try:
        return analyse(job, out, progress)
    except KeyboardInterrupt:
        typer.echo("countenance: interrupted; run the same command again to go on", err=True)
        raise typer.Exit(130) from None


def progress_of(quiet: bool) -> AbstractContextManager[Callable[[int, int], None]]:
    """A progress bar where there is a terminal to draw it on."""
    if quiet or not sys.stderr.isatty():
        return nullcontext(_silent)
    from countenance.terminal import progress_bar

    return progress_bar()


def _silent(done_us: int, total_us: int) -> None:
    """No terminal, no bar."""


def show_outcome(outcome: "Outcome", as_json: bool) -> None:
    """Print the outcome as a table, or its summary as JSON."""
    if as_json:
        typer.echo((outcome.folder / "summary.json").read_text(encoding="utf-8"))
        return
    from countenance.terminal import show

    show(outcome.record, outcome.folder)
