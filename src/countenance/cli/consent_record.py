"""`countenance consent record`: what a person answered to a notice."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from countenance.cli.app import consent
from countenance.cli.people import asked_of, consents_of
from countenance.cli.stores import Keys, Of, Place, opened
from countenance.contracts.errors import UsageError

if TYPE_CHECKING:
    from countenance.consent.evidence import Guardian

EPILOG = (
    "Example: countenance consent record --deployment call.toml --store data "
    "--person Ana --modality face --answer given"
)


@consent.command("record", epilog=EPILOG)
def consent_record(
    deployment: Annotated[Path, typer.Option(help="A deployment TOML with [terms].")],
    store: Place,
    person: Annotated[str, typer.Option(help="A participant of the deployment, by name.")],
    modality: Annotated[list[str], typer.Option(help="Once per modality: each is an answer of its own.")],
    answer: Annotated[str, typer.Option(help="given, refused or withdrawn.")],
    language: Annotated[str, typer.Option(help="The language of the notice that was shown.")] = "en",
    act: Annotated[str, typer.Option(help="toggle, spoken, typed_name, electronic_signature or paper.")] = "toggle",
    name: Annotated[str | None, typer.Option(help="The full name, as typed or signed; kept sealed.")] = None,
    document_sha256: Annotated[str | None, typer.Option(help="Of a signed paper.")] = None,
    screenshot_sha256: Annotated[str | None, typer.Option(help="Of the screen as it stood.")] = None,
    guardian: Annotated[
        str | None, typer.Option(help="NAME:RELATION:CHECK:CHECKED_BY of a parent or guardian.")
    ] = None,
    own_wish: Annotated[bool, typer.Option(help="The person opened the choice themselves; nobody asked.")] = False,
    keys: Keys = None,
    of: Of = None,
) -> None:
    """Show the notice, record the answer, and print one receipt id per modality; 3 when the law refuses it."""
    from countenance.consent.answers import Said
    from countenance.consent.evidence import Evidence
    from countenance.consent.notice import write_notice
    from countenance.consent.wording import load
    from countenance.contracts.trust import ConsentStatus
    from countenance.deployment import read_deployment
    from countenance.inference.tables import near

    answers = ("given", "refused", "withdrawn")
    if answer not in answers:
        raise UsageError(f"unknown answer {answer!r}", near(answer, answers))
    asked = read_deployment(deployment)
    who, terms, rulings = asked_of(asked, person, modality)
    notice = write_notice(load(language), rulings, terms)
    evidence = Evidence(act, name, document_sha256, screenshot_sha256, _guardian(guardian))
    with opened(store, keys, of, begin=True) as tenant:
        consents = consents_of(tenant)
        # A no is heard whenever it comes; only a yes may not be asked for too soon.
        unasked = own_wish or answer != "given"
        shown = consents.show(who.known_as, notice, asked.purpose, own_wish=unasked)
        for one, ruling in rulings.items():
            kind = ruling.duties.consent if ruling.duties.consent != "none" else "explicit"
            said = Said(one, asked.purpose, ConsentStatus(answer), kind, shown[one], evidence, own_wish)
            row = consents.answer(who.known_as, said, ruling, terms)
            typer.echo(f"{one}: {row.status}, receipt {row.receipt_id}")


def _guardian(spec: str | None) -> "Guardian | None":
    from datetime import UTC, datetime

    from countenance.consent.evidence import Guardian

    if spec is None:
        return None
    parts = spec.split(":")
    if len(parts) != 4:
        raise UsageError(
            f"--guardian {spec!r} is not NAME:RELATION:CHECK:CHECKED_BY",
            "For example: 'G. Doe:mother:video_call:agent-7'",
        )
    name, relation, check, checked_by = parts
    return Guardian(name, relation, check, checked_by, datetime.now(UTC))
