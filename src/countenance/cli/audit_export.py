"""`countenance audit export`: the log as static files that anyone may copy and check."""

from pathlib import Path
from typing import Annotated

import typer

from countenance.cli.app import audit
from countenance.cli.stores import Keys, Of, Place, log_of, opened, opened_beside
from countenance.contracts.errors import TakenError, UsageError


@audit.command("export")
def audit_export(
    store: Place,
    out: Annotated[Path | None, typer.Option(help="The folder; `log` in the data folder otherwise.")] = None,
    policy: Annotated[
        Path | None, typer.Option(help="A C2SP tlog-policy: its witnesses are asked to cosign, 1 without a quorum.")
    ] = None,
    keys: Keys = None,
    of: Of = None,
) -> None:
    """Bring an export of the log up to date: tiles, entries, signed checkpoint, public key; also while it is in use.

    Example: countenance audit export --store data/local --out log --policy trust.policy
    """
    from countenance.audit.export import alone, export, write_files
    from countenance.audit.witnessing import witnesses_of

    folder = log_of(store, out)
    if folder is None:
        raise UsageError("a store on a server has no folder for its log", "Name one with --out.")
    witnesses = None if policy is None else witnesses_of(policy, folder)
    cosign = alone if witnesses is None else witnesses.cosign
    try:
        with opened(store, keys, of) as found:
            size, name = export(found.log, folder, cosign=cosign), found.log.key.name
    except TakenError:
        with opened_beside(store, keys, of) as signed:
            size, name = write_files(signed, folder, cosign=cosign), signed.verifier.name
    for refusal in () if witnesses is None else witnesses.refusals:
        typer.echo(f"countenance: {refusal}", err=True)
    if witnesses is not None:
        witnesses.check()
    typer.echo(f"{folder}: {size} entries of {name}.")
