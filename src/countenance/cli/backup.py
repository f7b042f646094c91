"""`countenance backup`: a copy of the database, without any key."""

from pathlib import Path
from typing import Annotated

import typer

from countenance.cli.app import app
from countenance.cli.stores import Keys, Log, Of, Place, exported, log_of, opened, opened_beside
from countenance.contracts.errors import TakenError


@app.command("backup")
def backup(
    store: Place,
    out: Annotated[Path, typer.Option(help="The file to write; nothing is overwritten.")],
    keys: Keys = None,
    log: Log = None,
    of: Of = None,
) -> None:
    """Copy a store while it may be in use, and export its log; the keys are never in the copy.

    Example: countenance backup --store data/local --out monday.sqlite
    """
    from countenance.audit.export import write_files
    from countenance.control.backups import back_up

    try:
        with opened(store, keys, of) as found:
            back_up(found.vault, out)
            exported(found, store, log)
    except TakenError:
        with opened_beside(store, keys, of) as signed:
            signed.store.copy(out)
            if (folder := log_of(store, log)) is not None:
                write_files(signed, folder)
    typer.echo(f"{out}: the database. Keep the keys folder elsewhere: who has both reads everything.")
