"""`countenance audit deletion`: does a deletion receipt hold."""

from pathlib import Path
from typing import Annotated

import typer

from countenance.cli.app import audit
from countenance.contracts.errors import AuditError


@audit.command("deletion")
def audit_deletion(
    receipt: Annotated[Path, typer.Argument(help="A deletion-receipt.json.")],
    key: Annotated[
        str | None, typer.Option(help="The log's key as the deployment publishes it; the receipt's own otherwise.")
    ] = None,
) -> None:
    """Check a deletion receipt with nothing but itself: signature, words, and proof that the log says so.

    Example: countenance audit deletion deletion-receipt.json
    """
    from countenance.audit.deletion import verify_deletion
    from countenance.audit.note import VerifierKey
    from countenance.audit.quorum import Policy

    policy = None if key is None else Policy.trusting(VerifierKey.parse(key))
    try:
        data = receipt.read_bytes()
    except OSError as fault:
        raise AuditError(f"{receipt} cannot be read: {fault.strerror}", "Name a deletion-receipt.json.") from fault
    found = verify_deletion(data, policy)
    said, keys = found.statement, found.statement["keys"]
    typer.echo(f"{receipt}: holds. Erased {said['erased_at']}, entries {said['entries']} of {said['log']}.")
    ended = (
        f"destroyed {keys['destroyed_at']}" if keys["destroyed_at"] else f"to be destroyed by {keys['destroyed_by']}"
    )
    typer.echo(f"The key of earlier backups: {ended}.")
    if found.own_key:
        typer.echo("The log's key came with the receipt: compare it with the one the deployment publishes (--key).")
