"""`countenance audit fsck`: the operator's check of the store itself."""

from typing import Annotated

import typer

from countenance.cli.app import audit
from countenance.cli.stores import LOG, Keys, Log, Of, Place, opened
from countenance.contracts.errors import AuditError


@audit.command("fsck")
def audit_fsck(
    store: Place,
    completeness: Annotated[
        bool, typer.Option("--completeness", help="Also: does every result have its lease, ruling, consent and model.")
    ] = False,
    keys: Keys = None,
    log: Log = None,
    of: Of = None,
) -> None:
    """Rebuild the log from the store's rows: entries, tiles, signed root, and that it continues its own export.

    Also checked: that each entry is found under its own kind and call.

    Example: countenance audit fsck --store data --completeness
    """
    from pathlib import Path

    from countenance.audit.export import StoredLog
    from countenance.audit.filing import misfiled
    from countenance.audit.folder import CHECKPOINT, LogFolder
    from countenance.audit.quorum import Policy
    from countenance.audit.verify import Memory, verify

    exported = LogFolder(log or Path(store) / LOG)
    mirror = exported if (exported.root / CHECKPOINT).exists() else None
    with opened(store, keys, of) as found:
        policy = Policy.trusting(found.log.key.verifier)
        report = verify(StoredLog(found.log), policy, Memory(mirror=mirror), completeness=completeness)
        findings = sorted([*report.findings, *misfiled(found.store)], key=lambda one: one.seq)
    for finding in findings[:20]:
        typer.echo(f"entry {finding.seq}: {finding.problem}", err=True)
    if findings:
        raise AuditError(
            f"{store}: {len(findings)} findings, the first at entry {findings[0].seq}",
            "Stop the service, keep the store as evidence, restore a backup; never delete what is wrong.",
        )
    beside = "" if mirror is None else f", and it continues the export in {mirror.root}"
    typer.echo(f"{store}: {report.entries} entries, tiles and root agree{beside}.")
