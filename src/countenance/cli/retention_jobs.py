"""`countenance retention run` and `end`: keep the store to the days that the rulings allow."""

import json
from typing import Annotated

import typer

from countenance.cli.app import retention
from countenance.cli.stores import Keys, Of, Place, opened
from countenance.contracts.errors import UsageError


@retention.command("run", epilog="Example: countenance retention run --store data --dry-run")
def retention_run(
    store: Place,
    dry_run: Annotated[bool, typer.Option(help="Only say what would be deleted.")] = False,
    log_days: Annotated[int, typer.Option(help="Keep the log at least so long; duties may ask for more.")] = 183,
    keys: Keys = None,
    of: Of = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Delete every reading, answer and log entry whose time is over, and say so in the log. To be run daily."""
    from dataclasses import asdict

    from countenance.control.retention import Retention

    with opened(store, keys, of) as tenant:
        done = Retention(tenant.log, tenant.vault, tenant.clock, log_days).run(dry_run=dry_run)
    if as_json:
        typer.echo(json.dumps(asdict(done)))
        return
    verb = "would go" if dry_run else "deleted"
    typer.echo(
        f"{verb}: {sum(done.payloads.values())} readings and events, {done.answers} answers, "
        f"{done.seats} seats, {done.entries} log entries"
    )
    for context, number in done.undated.items():
        typer.echo(f"{number} payloads of kind {context} have no day on which they are due: decide", err=True)


@retention.command("end", epilog="Example: countenance retention end --store data --purpose support_qa")
def retention_end(
    store: Place,
    purpose: Annotated[str, typer.Option(help="The purpose that has been met, such as support_qa.")],
    keys: Keys = None,
    of: Of = None,
) -> None:
    """Say that a purpose has been met: everything read for it so far is due at the next run."""
    from countenance.contracts.call import Purpose
    from countenance.control.retention import Retention
    from countenance.inference.tables import near

    if purpose not in list(Purpose):
        raise UsageError(f"unknown purpose {purpose!r}", near(purpose, list(Purpose)))
    with opened(store, keys, of) as tenant:
        Retention(tenant.log, tenant.vault, tenant.clock).end_purpose(Purpose(purpose))
    typer.echo(f"{purpose} has ended; run `countenance retention run`")
