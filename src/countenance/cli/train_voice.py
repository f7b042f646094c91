"""`countenance train voice`: the voice bundle, its folds and its figures."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from countenance.cli.app import train
from countenance.contracts.errors import UsageError

if TYPE_CHECKING:
    from countenance.training.device import Device


@train.command("voice")
def train_voice(
    recipe: Annotated[str, typer.Option(help="voice-emotion, or a TOML file of your own.")],
    data: Annotated[Path, typer.Option(help="Folder with voice_ravdess_16k and, for its figure alone, voice_emodb.")],
    run: Annotated[Path, typer.Option(help="Folder of the run; the same command goes on where it stopped.")],
    out: Annotated[Path | None, typer.Option(help="Folder of bundles to write into; else the run folder.")] = None,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
) -> None:
    """Train the voice net: five folds by actor, figures, lines and noise, another language, and a bundle."""
    from countenance.training.recipe import load_recipe
    from countenance.training.voice_emotion.make import Places, make
    from countenance.training.voice_emotion.recipe import VoiceRecipe

    if device not in ("auto", "cpu", "cuda"):
        raise UsageError(f"unknown device {device!r}", "Use auto, cpu or cuda.")
    bundle = make(load_recipe(VoiceRecipe, recipe), Places(data, run, out), cast("Device", device))
    typer.echo(str(bundle))
