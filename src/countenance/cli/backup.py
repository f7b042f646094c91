"""`countenance backup`: a copy of the database, without any key."""

from pathlib import Path
from typing import Annotated

import typer

from countenance.cli.app import app
from countenance.cli.stores import Keys, Log, Place, exported, opened


@app.command("backup")
def backup(
    store: Place,
    out: Annotated[Path, typer.Option(help="The file to write; nothing is overwritten.")],
    keys: Keys = None,
    log: Log = None,
) -> None:
    """Copy a store while it may be in use, and export its log; the keys are never in the copy.

    Example: countenance backup --store data --out monday.sqlite
    """
    from countenance.control.backups import back_up

    with opened(store, keys) as tenant:
        back_up(tenant.vault, out)
        exported(tenant, store, log)
    typer.echo(f"{out}: the database. Keep the keys folder elsewhere: who has both reads everything.")
