"""`countenance erase`: delete a person, and say so in a receipt that the person can check."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from countenance.cli.app import app
from countenance.cli.stores import Keys, Log, Of, Place, exported, opened
from countenance.cli.writing import place_for
from countenance.contracts.errors import UsageError

if TYPE_CHECKING:
    from countenance.control.opening import Tenant

WORD = re.compile(r"[a-z0-9_.:-]{1,64}")


@app.command("erase")
def erase(
    store: Place,
    person: Annotated[str, typer.Option(help="The deployment's own id of the person.")],
    call: Annotated[str | None, typer.Option(help="From this call alone: its id, or its reference in the log.")] = None,
    reason: Annotated[str, typer.Option(help="A word for the log; nothing that names anyone.")] = "art17",
    actor: Annotated[str, typer.Option(help="Who asks for it, as a word for the log.")] = "operator",
    now: Annotated[
        bool, typer.Option("--now", help="Destroy the key of all earlier backups too, at once instead of in a day.")
    ] = False,
    out: Annotated[Path | None, typer.Option(help="Where to write the receipt; to the terminal otherwise.")] = None,
    keys: Keys = None,
    of: Of = None,
    log: Log = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Erase a person for good: keys, readings, consents, names; the log keeps that it happened, and all its proofs.

    Example: countenance erase --store data --person p-17 --yes --out deletion-receipt.json
    """
    from countenance.control.erasure import Eraser

    for option, word in (("--reason", reason), ("--actor", actor)):
        if not WORD.fullmatch(word):
            raise UsageError(f"{option} {word!r} is more than a word", "The log keeps it: write art17, or the like.")
    if out is not None:
        place_for(out)  # nobody can be erased a second time for the receipt's sake
    if not yes:
        also = " Backups taken before cannot be read by anyone afterwards: take a new one." if now else ""
        typer.confirm(f"Erase this person for good? Nobody can undo it.{also}", abort=True, err=True)
    with opened(store, keys, of) as tenant:
        call_ref = None if call is None else _reference(tenant, person, call)
        eraser = Eraser(tenant.log, tenant.vault, tenant.clock)
        receipt = eraser.erase(person, reason, actor, call_ref=call_ref, at_once=now)
        exported(tenant, store, log)
    if out is None:
        typer.echo(receipt.decode(), nl=False)
        return
    out.write_bytes(receipt)
    when = "Earlier backups cannot be read any more: take a new one." if now else "Earlier backups end within a day."
    typer.echo(f"{out}: the deletion receipt, for the person. {when}", err=True)


def _reference(tenant: "Tenant", person: str, call: str) -> str:
    """The reference of a call that was named by its id; a reference stands for itself."""
    from countenance.storage.calls import calls_by_tag
    from countenance.storage.wiping import seats_of

    with tenant.store.reading() as tx:
        tag = tenant.vault.tag(tx, "call", call)
        found = [ref for ref in calls_by_tag(tx, tag) if seats_of(tenant.vault, tx, person, ref)]
    if len(found) > 1:
        raise UsageError(f"{len(found)} calls have this id", f"Name one by its reference: {', '.join(found)}.")
    return found[0] if found else call
