"""`countenance train face`: the finder, the cues and the expression network."""

from pathlib import Path
from typing import Annotated

import typer

from countenance.cli.app import train
from countenance.cli.training import DeviceOption, OutOption, RunOption, Where


@train.command("face")
def train_face(
    recipe: Annotated[str, typer.Option(help="face-expression, face-cues, face-finder, or a TOML file of your own.")],
    data: Annotated[Path, typer.Option(help="The folder with the unpacked corpora.")],
    run: RunOption,
    teachers: Annotated[Path | None, typer.Option(help="Teacher weights: yunet/ and mediapipe_face/.")] = None,
    out: OutOption = None,
    device: DeviceOption = Where.AUTO,
) -> None:
    """Train a face network from one recipe: curves, checks, calibration, figures, and a bundle with its card."""
    from countenance.training.face_making import Places, make_face

    bundle = make_face(recipe, Places(data, run, teachers, out), device.ready())
    typer.echo(str(bundle))
