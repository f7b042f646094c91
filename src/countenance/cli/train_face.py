"""`countenance train face`: the finder, the cues and the expression network."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from countenance.cli.app import train
from countenance.contracts.errors import UsageError

if TYPE_CHECKING:
    from countenance.training.device import Device


@train.command("face")
def train_face(
    recipe: Annotated[str, typer.Option(help="face-expression, face-cues, face-finder, or a TOML file of your own.")],
    data: Annotated[Path, typer.Option(help="The folder with the unpacked corpora.")],
    run: Annotated[Path, typer.Option(help="Folder of the run; the same command goes on where it stopped.")],
    teachers: Annotated[Path | None, typer.Option(help="Teacher weights: yunet/ and mediapipe_face/.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder of bundles to write into; else the run folder.")] = None,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
) -> None:
    """Train a face network from one recipe: curves, checks, calibration, figures, and a bundle with its card."""
    from countenance.training.face_making import Places, make_face

    if device not in ("auto", "cpu", "cuda"):
        raise UsageError(f"unknown device {device!r}", "Use auto, cpu or cuda.")
    bundle = make_face(recipe, Places(data, run, teachers, out), cast("Device", device))
    typer.echo(str(bundle))
