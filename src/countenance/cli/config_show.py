"""`countenance config show`: every setting, and where it comes from."""

import json
import os
from pathlib import Path
from typing import Annotated

import typer

from countenance.cli.app import config

ConfigOption = Annotated[
    Path | None, typer.Option("--config", help="The TOML file; countenance.toml here when left out.")
]


@config.command("show", epilog="Example: countenance config show --origin")
def config_show(
    path: ConfigOption = None,
    origin: Annotated[bool, typer.Option("--origin", help="Say for each key: file, variable or default.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Print every setting as this process would use it; secrets are masked."""
    from countenance.server.configfile import load

    rows = [(key, _plain(value), source) for key, value, source in load(path, os.environ).shown()]
    if as_json:
        stated = {key: {"value": value, "origin": source} if origin else value for key, value, source in rows}
        typer.echo(json.dumps(stated, indent=2))
        return
    for key, value, source in rows:
        line = f"{key} = {json.dumps(value)}"
        typer.echo(f"{line}    # {source}" if origin else line)


def _plain(value: object) -> object:
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    return value if value is None or isinstance(value, bool | int | float | str | dict) else str(value)
