"""`countenance doctor`: whether this machine is ready, and what to do where it is not."""

import json
import os
from dataclasses import asdict
from typing import Annotated

import typer

from countenance.cli.app import app
from countenance.cli.config_show import ConfigOption
from countenance.cli.keyring import Data


@app.command("doctor", epilog="Example: countenance doctor --data data")
def doctor(
    path: ConfigOption = None,
    host: Annotated[str | None, typer.Option(help="The address to listen at, as for `serve`.")] = None,
    port: Annotated[int | None, typer.Option(help="The port, as for `serve`.")] = None,
    data: Data = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Check Python, packages, weights, laws, data folder, disk, clock, port and configuration; exit 1 on a fault."""
    from countenance.server.checks import findings
    from countenance.server.configfile import load

    flags = {"server.host": host, "server.port": port, "data.folder": data}
    found = tuple(findings(lambda: load(path, os.environ, flags)))
    if as_json:
        typer.echo(json.dumps([asdict(one) for one in found], indent=2))
    else:
        for one in found:
            typer.echo(f"{one.state:5}  {one.name}: {one.detail}" + (f". {one.fix}" if one.fix else ""))
    if any(one.state == "fault" for one in found):
        raise typer.Exit(1)
