"""`countenance train text`: emotion, confusion and frustration of words, and their valence, arousal and dominance."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from countenance.cli.app import train
from countenance.contracts.errors import UsageError

if TYPE_CHECKING:
    from countenance.training.device import Device


@train.command("text")
def train_text(
    recipe: Annotated[str, typer.Option(help="text-emotion, or a TOML file of your own.")],
    data: Annotated[Path, typer.Option(help="The folder with text_goemotions/ and text_emobank/.")],
    base: Annotated[Path, typer.Option(help="The folder with model.safetensors and tokenizer.json of MiniLM-L6.")],
    run: Annotated[Path, typer.Option(help="Folder of the run; the same command goes on where it stopped.")],
    out: Annotated[Path | None, typer.Option(help="Folder of bundles to write into; else the run folder.")] = None,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
) -> None:
    """Train the text net and its head from one recipe: curves, checks, calibration, figures, two bundles with cards."""
    from countenance.training.recipe import load_recipe
    from countenance.training.text_emotion.make import make
    from countenance.training.text_emotion.places import Places
    from countenance.training.text_emotion.recipe import TextRecipe

    if device not in ("auto", "cpu", "cuda"):
        raise UsageError(f"unknown device {device!r}", "Use auto, cpu or cuda.")
    for bundle in make(load_recipe(TextRecipe, recipe), Places(data, base, run), cast("Device", device), out):
        typer.echo(str(bundle))
