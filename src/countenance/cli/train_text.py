"""`countenance train text`: emotion, confusion and frustration of words, and their valence, arousal and dominance."""

from pathlib import Path
from typing import Annotated

import typer

from countenance.cli.app import train
from countenance.cli.training import DeviceOption, OutOption, RunOption, Where


@train.command("text")
def train_text(
    recipe: Annotated[str, typer.Option(help="text-emotion, or a TOML file of your own.")],
    data: Annotated[Path, typer.Option(help="The folder with text_goemotions/ and text_emobank/.")],
    base: Annotated[Path, typer.Option(help="The folder with model.safetensors and tokenizer.json of MiniLM-L6.")],
    run: RunOption,
    out: OutOption = None,
    device: DeviceOption = Where.AUTO,
) -> None:
    """Train the text net and its head from one recipe: curves, checks, calibration, figures, two bundles with cards."""
    from countenance.training.recipe import load_recipe
    from countenance.training.text_emotion.make import make
    from countenance.training.text_emotion.places import Places
    from countenance.training.text_emotion.recipe import TextRecipe

    for bundle in make(load_recipe(TextRecipe, recipe), Places(data, base, run), device.ready(), out):
        typer.echo(str(bundle))
