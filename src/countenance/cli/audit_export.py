"""`countenance audit export`: the log as static files that anyone may copy and check."""

from pathlib import Path
from typing import Annotated

import typer

from countenance.cli.app import audit
from countenance.cli.stores import LOG, Keys, Place, opened
from countenance.contracts.errors import UsageError


@audit.command("export")
def audit_export(
    store: Place,
    out: Annotated[Path | None, typer.Option(help="The folder; `log` in the data folder otherwise.")] = None,
    keys: Keys = None,
) -> None:
    """Bring an export of the log up to date: tiles, entries, signed checkpoint, public key.

    Example: countenance audit export --store data --out log
    """
    from countenance.audit.export import export

    if out is None and "://" in store:
        raise UsageError("a store on a server has no folder for its log", "Name one with --out.")
    folder = out or Path(store) / LOG
    with opened(store, keys) as tenant:
        size = export(tenant.log, folder)
        typer.echo(f"{folder}: {size} entries of {tenant.log.key.name}.")
