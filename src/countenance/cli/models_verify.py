"""`countenance models verify`: look at weights before anything loads them."""

import json
from pathlib import Path
from typing import Annotated

import typer

from countenance.cli.app import models
from countenance.cli.models_list import JsonOption


@models.command("verify")
def models_verify(
    path: Annotated[Path, typer.Argument(help="A bundle, an adapter folder, or a .safetensors file.")],
    as_json: JsonOption = False,
) -> None:
    """Check weights in a capped process; print shapes, labels, licence and hashes, or what is wrong."""
    from countenance.inference.verification import lines, verify

    found = verify(path)
    typer.echo(json.dumps(found) if as_json else "\n".join(lines(found)))
