"""`countenance restore`: bring a backup up to its log, before it serves anyone."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from countenance.cli.app import app
from countenance.cli.stores import Keys, Of, Place, check_there, exported, keys_of, place_of


@app.command("restore")
def restore(
    store: Place,
    log: Annotated[Path, typer.Option(help="The folder of the exported log, newer than the backup.")],
    keys: Keys = None,
    of: Of = None,
) -> None:
    """Erase again who was erased since the backup, end what was ended since, and let the log go on where it was.

    Put the backup into an empty data folder as `store.sqlite`, beside the keys folder as it is now.
    Example: countenance restore --store data/local --log data/local/log
    """
    from countenance.audit.folder import LogFolder
    from countenance.control import backups
    from countenance.control.opening import log_key, open_tenant, tenant_in
    from countenance.storage.clocks import SystemClock
    from countenance.storage.keys import KeyFolder
    from countenance.storage.store import Store

    check_there(store)
    place, folder, source = place_of(store), KeyFolder(keys_of(store, keys)), LogFolder(log)
    source.checkpoint()  # that it is there is known before anything is opened
    name = of or tenant_in(place)
    with Store.open(place, name) as opened:
        verifier = log_key(opened, folder).verifier
        done = backups.restore(opened, folder, verifier, source, SystemClock())
    with open_tenant(place, name, folder.folder) as found:
        found.log.append("RECOVERY", {"reason": "restored", "counts": asdict(done)})
        exported(found, store, log)
    typer.echo(
        f"{store}: {done.entries} entries taken in, {done.erased} subjects erased again, "
        f"{done.unreadable} that no key opens any more removed, {done.doubted} answers to be asked for again."
    )
