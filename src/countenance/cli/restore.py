"""`countenance restore`: bring a backup up to its log, before it serves anyone."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from countenance.cli.app import app
from countenance.cli.stores import Keys, Place, exported, keys_of, place_of


@app.command("restore")
def restore(
    store: Place,
    log: Annotated[Path, typer.Option(help="The folder of the exported log, newer than the backup.")],
    keys: Keys = None,
) -> None:
    """Erase again who was erased since the backup, end what was ended since, and let the log go on where it was.

    Put the backup into an empty data folder as `store.sqlite`, beside the keys folder as it is now.
    Example: countenance restore --store data --log data/log
    """
    from countenance.audit.folder import LogFolder
    from countenance.control import backups
    from countenance.control.opening import log_key, open_tenant
    from countenance.storage.clocks import SystemClock
    from countenance.storage.keys import KeyFolder
    from countenance.storage.store import Store

    place, folder = place_of(store), KeyFolder(keys_of(store, keys))
    with Store.open(place) as opened:
        verifier = log_key(opened, folder).verifier
        done = backups.restore(opened, folder, verifier, LogFolder(log), SystemClock())
    with open_tenant(place, keys=folder.folder) as tenant:
        tenant.log.append("RECOVERY", {"reason": "restored", "counts": asdict(done)})
        exported(tenant, store, log)
    typer.echo(
        f"{store}: {done.entries} entries taken in, {done.erased} subjects erased again, "
        f"{done.unreadable} that no key opens any more removed, {done.doubted} answers to be asked for again."
    )
