"""`countenance models licences`: what the weights stand on, and who may use it for what."""

import json
from typing import Annotated

import typer

from countenance.cli.app import models
from countenance.cli.models_list import JsonOption, OwnOption, ProfileOption, shelf_of


@models.command("licences")
def models_licences(
    profile: ProfileOption = "open",
    own: OwnOption = None,
    every: Annotated[bool, typer.Option("--all", help="Also the rows that no installed model stands on.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Print the licence ledger: what the installed models stand on, what it allows, what a profile leaves out."""
    from countenance.inference.ledger import Ledger

    shelf = shelf_of(profile, own)
    behind: dict[str, list[str]] = {}
    for name, card in sorted(shelf.known.items()):
        for row_id in card.licence.rows:
            behind.setdefault(row_id, []).append(name)
    rows = {row.id: row for found in shelf.rows.values() for row in found}
    rows = {**rows, **{k: v for k, v in Ledger.shipped().rows.items() if every and k not in rows}}
    if as_json:
        told = {key: {**row.model_dump(mode="json"), "models": behind.get(key, [])} for key, row in rows.items()}
        typer.echo(json.dumps({"profile": profile, "rows": told, "left_out": shelf.left_out}))
        return
    for row in rows.values():
        typer.echo(f"{row.id} ({row.what}): {row.name}. Licence: {row.licence}. Holder: {row.holder}.")
        typer.echo(f"    allows {', '.join(row.allowed)}; terms {row.certainty}: {row.source}")
        typer.echo(f"    {row.note}" if row.note else "    no note")
        typer.echo(f"    under {', '.join(behind[row.id])}" if row.id in behind else "    under no installed model")
    for name, why in sorted(shelf.left_out.items()):
        typer.echo(f"left out under the profile {profile}: {name}: {why}")
