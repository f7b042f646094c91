"""`countenance models`: the installed bundles."""

import json
from typing import Annotated

import typer

from countenance.cli.app import models
from countenance.contracts.errors import UsageError

ProfileOption = Annotated[str, typer.Option("--profile", help="open or commercial.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@models.callback(invoke_without_command=True)
def _unless_asked_more(context: typer.Context, profile: ProfileOption = "open", as_json: JsonOption = False) -> None:
    if context.invoked_subcommand is None:
        models_list(profile, as_json)


@models.command("list")
def models_list(profile: ProfileOption = "open", as_json: JsonOption = False) -> None:
    """List the installed bundles, their terms and their measured figures."""
    from countenance.inference.shelf import Profile, Shelf

    if profile not in list(Profile):
        raise UsageError(f"unknown profile {profile!r}", "Use open or commercial.")
    cards = Shelf.installed(Profile(profile)).cards
    if as_json:
        rows = {name: {"licence": c.licence.weights, "commercial": c.licence.commercial} for name, c in cards.items()}
        typer.echo(json.dumps(rows))
        return
    for name, card in sorted(cards.items()):
        typer.echo(f"{name}: {card.summary} Weights: {card.licence.weights}; data: {card.licence.data}.")
        for figure in card.figures:
            band = "" if figure.low is None else f" [{figure.low:.3f}, {figure.high:.3f}]"
            typer.echo(f"    {figure.metric} {figure.value:.3f}{band}, n {figure.n}: {figure.protocol}")
