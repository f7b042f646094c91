"""`countenance serve`: the whole product on this machine."""

import asyncio
import os
from pathlib import Path
from typing import Annotated

import typer

from countenance.cli.app import app
from countenance.cli.config_show import ConfigOption
from countenance.cli.keyring import Data

EPILOG = """
Example: countenance serve --data data --port 8080
"""


@app.command("serve", epilog=EPILOG)
def serve(
    path: ConfigOption = None,
    host: Annotated[str | None, typer.Option(help="The address to listen at; 127.0.0.1 if not configured.")] = None,
    port: Annotated[int | None, typer.Option(help="The port; 0 takes a free one.")] = None,
    data: Data = None,
    workers: Annotated[int | None, typer.Option(help="Media workers; one per spare core by default.")] = None,
    tls_certificate: Annotated[Path | None, typer.Option(help="A PEM file with the chain; needs --tls-key.")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="The PEM file of its key.")] = None,
) -> None:
    """Serve calls: API, media workers and the WHIP media server, on embedded defaults unless configured.

    It prints its address and, at the very first start, an API key. Logs go to stderr and name nobody. SIGTERM or
    Ctrl-C brings running calls to their end; a second one ends at once.
    """
    from countenance.link.logs import hand_down, set_up
    from countenance.server.configfile import load
    from countenance.server.serving import serve as run

    flags = {
        "server.host": host,
        "server.port": port,
        "server.tls_certificate": tls_certificate,
        "server.tls_key": tls_key,
        "data.folder": data,
        "workers.count": workers,
    }
    config = load(path, os.environ, flags).config
    set_up(config.log.form, config.log.level)
    hand_down(config.log.form, config.log.level, os.environ)
    if not asyncio.run(run(config, typer.echo)):
        typer.echo("countenance: ended at once; running calls were not brought to their end", err=True)
        raise typer.Exit(1)
