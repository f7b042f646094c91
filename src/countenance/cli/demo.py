"""`countenance demo`: a call that the project draws and speaks itself, analysed and checked."""

from pathlib import Path
from typing import Annotated

import typer

from countenance.cli.app import app
from countenance.cli.running import analysed, progress_of, show_outcome


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="Folder for the sample call and its report.")] = Path("demo"),
    as_json: Annotated[bool, typer.Option("--json", help="Print summary.json instead of a table.")] = False,
) -> None:
    """Draw and speak a sample call, analyse it, and check that what it scripts came out."""
    from countenance.deployment import read_deployment
    from countenance.testing.expectations import check_sample_report
    from countenance.testing.sample_call.make import make_sample_call

    typer.echo("Drawing and speaking the sample call ...", err=True)
    sample = make_sample_call(out / "call")
    with progress_of(as_json) as progress:
        outcome = analysed(read_deployment(sample.deployment), out / "report", progress)
    show_outcome(outcome, as_json)
    problems = check_sample_report(outcome.folder, sample.script)
    for problem in problems:
        typer.echo(f"did not come out: {problem}", err=True)
    if problems:
        raise typer.Exit(1)
    typer.echo(
        "Everything that the call scripts came out: turns, silences, gaps, refusals, the opt-out, the words.", err=True
    )
    typer.echo(f"Open {(outcome.folder / 'report.html').resolve().as_uri()}", err=True)
