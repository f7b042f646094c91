"""`countenance data sample`: a few small labelled calls of drawn people."""

from pathlib import Path
from typing import Annotated

import typer

from countenance.cli.app import data


@data.command("sample")
def data_sample(
    out: Annotated[Path, typer.Argument(help="Folder for the calls, their table and a taxonomy.")],
) -> None:
    """Draw and speak a few small labelled calls, to try `train head` on; the people are drawn, nobody real."""
    from countenance.testing.labelled_sample import make_labelled_sample

    typer.echo("Drawing and speaking six short calls ...", err=True)
    sample = make_labelled_sample(out)
    typer.echo(f"{sample.folder}: five labelled calls, the taxonomy {sample.taxonomy.name} for them,")
    typer.echo(f"and {sample.newcomer.name} of somebody who is in no row of the table.")
