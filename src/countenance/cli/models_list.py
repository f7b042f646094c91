"""`countenance models`: the installed bundles."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from countenance.cli.app import models
from countenance.contracts.errors import UsageError

if TYPE_CHECKING:
    from countenance.inference.shelf import Shelf

ProfileOption = Annotated[str, typer.Option("--profile", help="open or commercial.")]
OwnOption = Annotated[list[Path] | None, typer.Option("--models", help="Folder of models of your own; repeat it.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@models.callback(invoke_without_command=True)
def _unless_asked_more(
    context: typer.Context, profile: ProfileOption = "open", own: OwnOption = None, as_json: JsonOption = False
) -> None:
    if context.invoked_subcommand is None:
        models_list(profile, own, as_json)


@models.command("list")
def models_list(profile: ProfileOption = "open", own: OwnOption = None, as_json: JsonOption = False) -> None:
    """List the models a profile uses, their terms and measured figures, and what it leaves out and why."""
    shelf = shelf_of(profile, own)
    if as_json:
        rows = {
            name: {"licence": c.licence.weights, "commercial": c.licence.commercial} for name, c in shelf.known.items()
        }
        typer.echo(json.dumps({name: {**row, "left_out": shelf.left_out.get(name)} for name, row in rows.items()}))
        return
    for name, card in sorted(shelf.cards.items()):
        typer.echo(f"{name}: {card.summary} Weights: {card.licence.weights}; data: {card.licence.data}.")
        for figure in card.figures:
            band = "" if figure.low is None else f" [{figure.low:.3f}, {figure.high:.3f}]"
            typer.echo(f"    {figure.metric} {figure.value:.3f}{band}, n {figure.n}: {figure.protocol}")
    for name, why in sorted(shelf.left_out.items()):
        typer.echo(f"left out under the profile {profile}: {name}: {why}")


def shelf_of(profile: str, own: list[Path] | None) -> "Shelf":
    """The shelf of a profile by its name, with an operator's folders on it."""
    from countenance.inference.shelf import Profile, Shelf

    if profile not in list(Profile):
        raise UsageError(f"unknown profile {profile!r}", "Use open or commercial.")
    return Shelf.installed(Profile(profile), own or ())
