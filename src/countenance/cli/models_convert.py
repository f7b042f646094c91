"""`countenance models convert`: safetensors of a known architecture into a network that runs here."""

from pathlib import Path
from typing import Annotated

import typer

from countenance.cli.app import models
from countenance.contracts.errors import UsageError


@models.command("convert")
def models_convert(
    folder: Annotated[Path, typer.Argument(help="Folder with config.json and model.safetensors.")],
    card: Annotated[str, typer.Option(help="A name of the catalogue, or a TOML file with an adapter card.")],
    to: Annotated[Path | None, typer.Option(help="New folder; beside the old one when left out.")] = None,
) -> None:
    """Export weights of the hub to ONNX, check them against PyTorch, and write the adapter card (extra `train`)."""
    from countenance.inference.catalogue import find, names, read_card

    asked = find(card).card if card in names() else read_card(Path(card))
    try:
        from countenance.training.foreign import convert
    except ImportError as error:
        raise UsageError(
            f"converting needs the training extra ({error})", "pip install 'countenance[train]'"
        ) from error
    out = to or folder.with_name(f"{folder.name.removesuffix('.source')}")
    if out == folder:
        raise UsageError(f"{folder}: the new folder would be the old one", "Name another with --to.")
    convert(folder, asked, out)
    typer.echo(out)
