"""`countenance subject`: what people may ask of their own data, and the receipt of a deletion as things stand."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from countenance.cli.app import subject
from countenance.cli.people import consents_of, knows, note_unknown
from countenance.cli.stores import Keys, Log, Of, Place, exported, opened
from countenance.cli.writing import place_for
from countenance.contracts.errors import NotFoundError

if TYPE_CHECKING:
    from countenance.control.opening import Tenant
    from countenance.control.subject import Subject

PersonOption = Annotated[str, typer.Option(help="Your id of the person. Check who asks before you run this.")]


def _requests(tenant: "Tenant") -> "Subject":
    from countenance.control.erasure import Eraser
    from countenance.control.subject import Subject

    return Subject(tenant.log, tenant.vault, consents_of(tenant), Eraser(tenant.log, tenant.vault, tenant.clock))


@subject.command("see", epilog="Example: countenance subject see --store data --person Ana")
def subject_see(store: Place, person: PersonOption, keys: Keys = None, of: Of = None) -> None:
    """Print, as JSON, what a person has answered, what was read of them, and what they dispute; the log notes it."""
    from dataclasses import asdict

    with opened(store, keys, of) as tenant:
        typer.echo(json.dumps(asdict(_requests(tenant).see(person)), indent=2, ensure_ascii=False))
        note_unknown(tenant, person)


@subject.command("export", epilog="Example: countenance subject export --store data --person Ana --out ana")
def subject_export(
    store: Place,
    person: PersonOption,
    out: Annotated[Path, typer.Option(help="The folder to write: export.json and index.html.")],
    keys: Keys = None,
    of: Of = None,
) -> None:
    """Write everything that is kept of a person, complete: a file for programs and a page to read."""
    from countenance.control.export import to_page

    place_for(out / "export.json")
    with opened(store, keys, of) as tenant:
        exported = _requests(tenant).export(person)
        note_unknown(tenant, person)
    out.mkdir(mode=0o700, parents=True, exist_ok=True)
    (out / "export.json").write_text(json.dumps(exported, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    (out / "index.html").write_text(to_page(exported), encoding="utf-8")
    typer.echo(str(out / "index.html"))


@subject.command("dispute")
def subject_dispute(
    store: Place,
    person: PersonOption,
    reading: Annotated[str, typer.Option(help="The payload_id of a reading, as `subject see` prints it.")],
    words: Annotated[str, typer.Option(help="What the person says is wrong, in their own words.")],
    keys: Keys = None,
    of: Of = None,
) -> None:
    """Keep with a reading that the person says it is wrong; the reading itself stays as it is."""
    with opened(store, keys, of) as tenant:
        typer.echo(_requests(tenant).dispute(person, reading, words))


@subject.command("stop", epilog="Example: countenance subject stop --store data --person Ana --modality face")
def subject_stop(
    store: Place,
    person: PersonOption,
    modality: Annotated[list[str] | None, typer.Option(help="Once per modality; all when left out.")] = None,
    keys: Keys = None,
    of: Of = None,
) -> None:
    """Withdraw every yes of a person, or those to some modalities, and print the receipts."""
    with opened(store, keys, of) as tenant:
        ended = _requests(tenant).stop(person, modality)
        if not knows(tenant, person):
            raise NotFoundError(f"nothing is kept here about {person!r}, so nothing was stopped", "Check the id.")
        for row in ended:
            typer.echo(f"{row.modality} for {row.purpose}: {row.status}, receipt {row.receipt_id}")
        if not ended:
            typer.echo("countenance: no yes stood, so there was none to withdraw", err=True)


@subject.command("delete", epilog="Example: countenance subject delete --store data --person Ana --out deletion.json")
def subject_delete(
    store: Place,
    person: PersonOption,
    out: Annotated[Path, typer.Option(help="Where to write the signed deletion receipt.")],
    at_once: Annotated[bool, typer.Option(help="Destroy the keys of earlier backups now, not within a day.")] = False,
    keys: Keys = None,
    of: Of = None,
    log: Log = None,
) -> None:
    """Withdraw everything and erase the person; the receipt is theirs and can be checked without us."""
    place_for(out)
    with opened(store, keys, of) as tenant:
        out.write_bytes(_requests(tenant).stop_and_delete(person, at_once=at_once))
        exported(tenant, store, log)
    typer.echo(str(out))


@subject.command(
    "receipt", epilog="Example: countenance subject receipt --store data --erasure 4f0c... --out final.json"
)
def subject_receipt(
    store: Place,
    erasure: Annotated[str, typer.Option(help="The erasure_id of a deletion receipt.")],
    out: Annotated[Path | None, typer.Option(help="Where to write it; to the terminal otherwise.")] = None,
    keys: Keys = None,
    of: Of = None,
) -> None:
    """Print a deletion receipt as things stand now: the old key's end and the answers of receivers come into it."""
    from countenance.control.erasure import Eraser

    with opened(store, keys, of) as tenant:
        receipt = Eraser(tenant.log, tenant.vault, tenant.clock).receipt(erasure)
    if out is None:
        typer.echo(receipt.decode(), nl=False)
    else:
        place_for(out).write_bytes(receipt)
        typer.echo(str(out))
