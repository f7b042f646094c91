"""`countenance data tuples`: label-matched tuples, to prove a fusion's machinery."""

from pathlib import Path
from typing import Annotated

import typer

from countenance.cli.app import data


@data.command("tuples")
def data_tuples(
    faces: Annotated[Path, typer.Option(help="The unpacked FER2013 folder with FER+ votes.")],
    voices: Annotated[Path, typer.Option(help="The unpacked RAVDESS folder.")],
    voice_run: Annotated[Path, typer.Option(help="The run folder of `countenance train voice`, with its folds.")],
    texts: Annotated[Path, typer.Option(help="The GoEmotions folder.")],
    out: Annotated[Path, typer.Option(help="The folder to write to; an interrupted run goes on.")],
) -> None:
    """Read real media, clean and drawn worse, with the product's encoders, to be matched by label."""
    from countenance.training.fusion.match import EXPLAINED
    from countenance.training.fusion.tuples import Sources, make

    typer.echo(EXPLAINED, err=True)
    for part in make(Sources(faces, voices, voice_run, texts), out):
        heard = sum(bool(item.observations) for item in part.items)
        typer.echo(f"{part.name}: {len(part.items)} items, {heard} of which something is said")
