"""`countenance models card`: the model card and technical documentation of a bundle."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from countenance.cli.app import models
from countenance.contracts.errors import UsageError

EPILOG = """
Example: countenance models card face-finder.v1 --format html --out card.html --operator operator.toml --strict
"""


class Form(StrEnum):
    """How it is written."""

    MD = "md"
    HTML = "html"


@models.command("card", epilog=EPILOG)
def models_card(
    name: Annotated[str, typer.Argument(help="An installed bundle by name, or the folder of one.")] = "",
    form: Annotated[Form, typer.Option("--format", help="md or html.")] = Form.MD,
    out: Annotated[Path | None, typer.Option(help="The file to write; standard output when left out.")] = None,
    operator: Annotated[Path | None, typer.Option(help="A TOML file with what only you can say.")] = None,
    metrics: Annotated[Path | None, typer.Option(help="metrics.json of this bundle, or a folder of several.")] = None,
    baseline: Annotated[Path | None, typer.Option(help="The same of the release before, to say what changed.")] = None,
    strict: Annotated[bool, typer.Option(help="Fail, naming each, while operator fields are open.")] = False,
    operator_blank: Annotated[
        bool, typer.Option("--operator-blank", help="Print an operator file to fill, and nothing else.")
    ] = False,
) -> None:
    """Write the card and the technical documentation (in the order of AI Act, Annex IV) out of a bundle's own files.

    What only an operator can say is marked as open. The document describes; it proves no conformity.
    """
    from countenance.evaluation.cards.artefacts import gather
    from countenance.evaluation.cards.compose import compose, demand_complete
    from countenance.evaluation.cards.html import html
    from countenance.evaluation.cards.markdown import markdown
    from countenance.evaluation.cards.operator import blank_operator, read_operator
    from countenance.evidence.law import law_words, shipped_recipes

    if operator_blank:
        typer.echo(blank_operator(), nl=False)
        return
    if not name:
        raise UsageError("no bundle was named", "See `countenance models list` for what is installed.")
    found = gather(_folder(name), metrics, baseline, shipped_recipes())
    said = {} if operator is None else read_operator(operator)
    document = compose(found, law_words(found.card.modality), said)
    if strict:
        demand_complete(document)
    text = html(document) if form is Form.HTML else markdown(document)
    if out is None:
        typer.echo(text, nl=False)
        return
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(text, encoding="utf-8")
    left = f"; {len(document.missing)} fields wait for the operator" if document.missing else ""
    typer.echo(f"{out}: written{left}", err=True)


def _folder(name: str) -> Path:
    from countenance.inference.shelf import Profile, Shelf
    from countenance.inference.tables import near

    if Path(name).is_dir():
        return Path(name)
    shelf = Shelf.installed(Profile.OPEN)
    if name not in shelf.cards:
        raise UsageError(f"the bundle {name!r} is not installed", near(name, shelf.cards))
    if name in shelf.adapters:
        raise UsageError(f"{name} is other people's weights", "Its card is its publisher's; see `models licences`.")
    return shelf.places(shelf.cards[name].task)[name]
