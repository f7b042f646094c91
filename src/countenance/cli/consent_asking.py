"""`countenance consent asking`: may this person be asked now."""

import json
from pathlib import Path
from typing import Annotated

import typer

from countenance.cli.app import consent
from countenance.cli.people import asked_of, consents_of
from countenance.cli.stores import Keys, Of, Place, opened


@consent.command(
    "asking", epilog="Example: countenance consent asking --deployment call.toml --store data --person Ana"
)
def consent_asking(
    deployment: Annotated[Path, typer.Option(help="A deployment TOML with [terms].")],
    store: Place,
    person: Annotated[str, typer.Option(help="A participant of the deployment, by name.")],
    keys: Keys = None,
    of: Of = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say for each modality whether to ask, whether a yes holds, or until when a no leaves the person in peace."""
    from countenance.consent.statement import stamp
    from countenance.deployment import read_deployment

    who, terms, rulings = asked_of(read_deployment(deployment), person, None)
    with opened(store, keys, of) as tenant:
        consents = consents_of(tenant)
        found = {modality: consents.asking(who.known_as, ruling, terms) for modality, ruling in rulings.items()}
    told = {m: {"ask": str(one.ask), "until": one.until and stamp(one.until)} for m, one in found.items()}
    if as_json:
        typer.echo(json.dumps(told))
    for modality, one in () if as_json else told.items():
        typer.echo(f"{modality}: {one['ask']}" + (f" until {one['until']}" if one["until"] else ""))
