"""`countenance audit verify`: is the log whole."""

from pathlib import Path
from typing import Annotated

import typer

from countenance.cli.app import audit
from countenance.contracts.errors import AuditError


@audit.command("verify")
def audit_verify(log: Annotated[Path, typer.Argument(help="An audit.jsonl.")]) -> None:
    """Check that nothing in a log was changed and that every result has its lease; names the first bad entry."""
    from countenance.audit.chain_verify import read_entries, verify

    entries = read_entries(log)
    findings = verify(entries)
    for finding in findings:
        typer.echo(f"entry {finding.seq}: {finding.problem}", err=True)
    if findings:
        raise AuditError(f"{log}: {len(findings)} findings", "Keep the file as evidence.")
    typer.echo(f"{log}: {len(entries)} entries, chain intact, every result has its lease.")
