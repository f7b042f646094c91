"""`countenance train voice`: the voice bundle, its folds and its figures."""

from pathlib import Path
from typing import Annotated

import typer

from countenance.cli.app import train
from countenance.cli.training import DeviceOption, OutOption, RunOption, Where


@train.command("voice")
def train_voice(
    recipe: Annotated[str, typer.Option(help="voice-emotion, or a TOML file of your own.")],
    data: Annotated[Path, typer.Option(help="Folder with voice_ravdess_16k and, for its figure alone, voice_emodb.")],
    run: RunOption,
    out: OutOption = None,
    device: DeviceOption = Where.AUTO,
) -> None:
    """Train the voice net: five folds by actor, figures, lines and noise, another language, and a bundle."""
    from countenance.training.recipe import load_recipe
    from countenance.training.voice_emotion.make import Places, make
    from countenance.training.voice_emotion.recipe import VoiceRecipe

    bundle = make(load_recipe(VoiceRecipe, recipe), Places(data, run, out), device.ready())
    typer.echo(str(bundle))
