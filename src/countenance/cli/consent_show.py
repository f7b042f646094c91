"""`countenance consent show`, `receipt` and `expire`: what people have answered, and the proof of it."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from countenance.cli.app import consent
from countenance.cli.people import consents_of, note_unknown
from countenance.cli.stores import Keys, Of, Place, opened
from countenance.cli.writing import place_for
from countenance.contracts.errors import UsageError

FORMS = ("receipt", "dpv", "kantara")


@consent.command("show", epilog="Example: countenance consent show --store data --person Ana")
def consent_show(
    store: Place,
    person: Annotated[str | None, typer.Option(help="Your id of a person; left out, only numbers are shown.")] = None,
    keys: Keys = None,
    of: Of = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Print what a person has answered so far, or how many answers there are."""
    from dataclasses import asdict

    from countenance.storage.consents import counts

    with opened(store, keys, of) as tenant:
        with tenant.store.reading() as tx:
            rows = [] if person is None else consents_of(tenant).ledger.answers(tx, person)
            found = [_shown(asdict(row)) for row in rows]
            if person is None:
                names = ("modality", "purpose", "status")
                found = [dict(zip(names, key, strict=True)) | {"answers": n} for key, n in counts(tx).items()]
        if person is not None:
            note_unknown(tenant, person)
    if as_json:
        typer.echo(json.dumps(found))
    for row in () if as_json else found:
        receipt = f", receipt {row['receipt_id']}" if "receipt_id" in row else f": {row['answers']}"
        typer.echo(f"{row['modality']} for {row['purpose']}: {row['status']}{receipt}")


def _shown(row: Mapping[str, object]) -> dict[str, object]:
    hidden = ("person_tag", "sealed_id", "leaf", "consent_id", "subject_ref", "call_ref", "carries")
    return {name: value for name, value in row.items() if name not in hidden}


@consent.command("receipt", epilog="Example: countenance consent receipt --store data --person Ana --modality face")
def consent_receipt(
    store: Place,
    receipt_id: Annotated[str | None, typer.Option("--id", help="A receipt id.")] = None,
    person: Annotated[str | None, typer.Option(help="Your id of a person, with --modality: the newest answer.")] = None,
    modality: Annotated[str | None, typer.Option(help="The modality of that answer.")] = None,
    form: Annotated[str, typer.Option(help="receipt, dpv (JSON-LD) or kantara (1.1).")] = "receipt",
    out: Annotated[Path | None, typer.Option(help="Write a file instead of printing.")] = None,
    keys: Keys = None,
    of: Of = None,
) -> None:
    """Print a receipt with its proof, for the person to keep and to check without us."""
    from countenance.consent.exports import to_dpv, to_kantara
    from countenance.consent.receipt import statement_in
    from countenance.control.receipts import Receipts
    from countenance.inference.tables import near

    if form not in FORMS:
        raise UsageError(f"unknown form {form!r}", near(form, FORMS))
    with opened(store, keys, of) as tenant:
        if receipt_id is None:
            with tenant.store.reading() as tx:
                rows = consents_of(tenant).ledger.answers(tx, person or "")
            mine = [row for row in rows if row.modality == modality]
            if not mine:
                raise UsageError("there is no such answer", "Give --id, or --person and --modality.")
            receipt_id = mine[-1].receipt_id
        receipt = dict(Receipts(tenant.log, tenant.vault).receipt(receipt_id))
    if form != "receipt":
        receipt = {"dpv": to_dpv, "kantara": to_kantara}[form](statement_in(receipt))
    text = json.dumps(receipt, indent=2, ensure_ascii=False) + "\n"
    if out is None:
        typer.echo(text, nl=False)
    else:
        place_for(out).write_text(text, encoding="utf-8")
        typer.echo(str(out))


@consent.command("expire", epilog="Example: countenance consent expire --store data")
def consent_expire(
    store: Place,
    keys: Keys = None,
    of: Of = None,
) -> None:
    """End every yes whose time is over; a running control plane does this by itself."""
    with opened(store, keys, of) as tenant:
        typer.echo(f"{len(consents_of(tenant).expire())} ended")
